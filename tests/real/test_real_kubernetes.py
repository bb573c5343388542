"""The lab's stand-in for Kubernetes' API: a real promtail finds pods there, and kubectl lists them."""

import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from obs_check.client.executors.kubectl import list_pods
from obs_check.client.shipper.promtail_targets import parse_discovery
from obs_check.errors import NotAllowed
from obs_check.lab.kubernetes import CODERD, on_kubernetes, pod
from obs_check.lab.kubernetes_api import LabKubernetes
from obs_check.lab.loki import LabLoki
from obs_check.lab.settings import healthy, write
from obs_check.model.entry import Labels
from obs_check.model.times import rfc3339_nano
from obs_check.shipper.pod_objects import discovered_targets, read_pods
from obs_check.shipper.pods import META
from tests.real.promtail_process import RealPromtail

pytestmark = [pytest.mark.real, pytest.mark.slow]
NEW = "1c2d3e4f-1111-4222-8333-444455556666"


@pytest.fixture
def api() -> Iterator[LabKubernetes]:
    settings = healthy(Path("/lab"))
    on_kubernetes(settings)
    one = LabKubernetes(settings.pods)
    one.start()
    yield one
    one.stop()


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH")
def test_kubectl_lists_the_pods_with_the_token_and_not_without(tmp_path: Path, api: LabKubernetes) -> None:
    config = tmp_path / "kubeconfig"
    api.write_kubeconfig(config)
    listed = read_pods(json.loads(list_pods("lab", config, os.environ)), "kubectl")
    assert listed == read_pods(api.listed(), "the lab")
    assert len(listed) == 3
    config.write_text(config.read_text().replace("token: ", "token: x"))
    with pytest.raises(NotAllowed):
        list_pods("lab", config, os.environ)


@pytest.mark.skipif(shutil.which("promtail") is None, reason="promtail is not on PATH")
def test_promtail_discovers_reads_and_ships_what_is_told_of_the_pods(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By that name it asks for the pods of its node.
    monkeypatch.setenv("HOSTNAME", socket.gethostname())
    settings = healthy(tmp_path)
    on_kubernetes(settings)
    loki, api = LabLoki(None), LabKubernetes(settings.pods)
    loki.start()
    api.start()
    try:
        api.write_kubeconfig(tmp_path / "kubeconfig")
        write(settings, tmp_path, loki.url)
        config = {name: value for name, value in settings.promtail.items() if name != "positions"}
        config["clients"] = [{"url": f"{loki.url}/loki/api/v1/push", "batchwait": "100ms"}]
        config["target_config"] = {"sync_period": "500ms"}
        added(tmp_path, "coder", "coder-0", CODERD, "coder")
        with RealPromtail(tmp_path / "promtail", config) as promtail:
            promtail.until(lambda: shipped(loki) >= {"coder-0", "promtail-4kq9z"}, "the pods' lines are not in Loki")
            # Another pod comes while it watches.
            added(tmp_path, "coder", "coder-1", NEW, "coder")
            api.put(pod("coder", "coder-1", NEW, "coder", "StatefulSet"))
            promtail.until(lambda: "coder-1" in shipped(loki), "the lines of a new pod are not in Loki")
            page = httpx.get(f"{promtail.url}/service-discovery", trust_env=False).text
            everyone = read_pods(api.listed(), "the lab")
            told = {labels[f"{META}pod_name"]: labels for labels in discovered_targets(everyone)}
            assert found(page) == told
    finally:
        api.stop()
        loki.stop()


def added(root: Path, namespace: str, name: str, uid: str, container: str) -> None:
    log = root / f"var/log/pods/{namespace}_{name}_{uid}/{container}/0.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(f"{rfc3339_nano(time.time_ns())} stderr F a line of {name}\n")


def shipped(loki: LabLoki) -> set[str]:
    """The pods of which Loki has streams."""
    asked = {"match[]": '{pod=~".+"}'}
    answer = httpx.get(f"{loki.url}/loki/api/v1/series", params=asked, trust_env=False).json()
    return {labels["pod"] for labels in answer["data"]}


def found(page: str) -> dict[str, Labels]:
    """What promtail discovered, by the pod's name, without what it puts in front of it."""
    rows = [one.discovered for one in parse_discovery(page) if f"{META}pod_name" in one.discovered]
    return {
        row[f"{META}pod_name"]: {n: v for n, v in row.items() if n.startswith("__meta") or n == "__address__"}
        for row in rows
    }
