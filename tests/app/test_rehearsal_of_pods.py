"""Behind a cause that keeps every line away, a pod's lines are rehearsed under the pod's own path."""

from pathlib import Path

import pytest
import yaml

from obs_check.app.diagnose.rehearsal.arriving import made_up_file
from obs_check.lab.coderd import pod_log_path
from obs_check.lab.stack import Lab
from obs_check.shipper.pods import META, log_of
from tests.app.test_paths_of_a_run import verified

UID = "0f3b1c52-6a6e-4f0f-9f60-2f7d2f6a9c44"


def of_pods(root: Path) -> dict[str, object]:
    """A job that finds pods, with the rules of a usual deployment."""
    names = {"namespace": "namespace", "pod": "pod_name", "container": "pod_container_name"}
    rules: list[dict[str, object]] = [
        {"source_labels": [META + source], "target_label": name} for name, source in names.items()
    ]
    path = {
        "source_labels": [f"{META}pod_uid", f"{META}pod_container_name"],
        "separator": "/",
        "target_label": "__path__",
        "replacement": f"{root}/var/log/pods/*$1/*.log",
    }
    return {
        "job_name": "kubernetes-pods",
        "kubernetes_sd_configs": [{"role": "pod"}],
        "pipeline_stages": [{"cri": {}}],
        "relabel_configs": [*rules, path],
    }


@pytest.mark.slow
def test_behind_a_fault_of_the_egress_the_pods_job_takes_the_log(tmp_path: Path) -> None:
    with Lab(tmp_path, ("proxy-ignored",)) as lab:
        config = tmp_path / "promtail.yaml"
        document = yaml.safe_load(config.read_text())
        document["scrape_configs"][0] = of_pods(tmp_path)
        config.write_text(yaml.safe_dump(document))
        # coderd has written something else before.
        log = pod_log_path(tmp_path)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as file:
            file.write("2026-11-25T01:00:00Z stderr F started\n")
        causes = [found["cause"] for found in verified(lab.config_path)["findings"]]
    assert causes == ["egress.proxy-ignored"]


def test_no_pod_is_made_up() -> None:
    glob = "/var/log/pods/coder_coder-*_*/coder/*.log"
    assert made_up_file("/tmp/boundary_logs/*.log", True) == "/tmp/boundary_logs/rehearsal.log"
    assert made_up_file(glob, True) is None
    assert made_up_file(glob, False) is not None
    assert made_up_file(f"/var/log/pods/coder_coder-0_{UID}/coder/0.log", True) is not None


def test_the_log_of_a_pod_that_was_discovered() -> None:
    labels = {"namespace": "coder", "pod_name": "coder-0", "pod_uid": UID, "pod_container_name": "coder"}
    discovered = {META + name: value for name, value in labels.items()}
    log = f"/data/pods/coder_coder-0_{UID}/coder/0.log"
    assert log_of(discovered, "/data/pods/*/*/*.log") == log
    assert log_of(discovered, "/data/logs/*.log") is None
    assert log_of({f"{META}namespace": "coder"}, "/data/pods/*/*/*.log") is None
