"""`obs-check init --context` on recorded clusters, by a kubectl that stands in, and the file that it writes."""

import base64
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from obs_check.cli.main import main
from obs_check.config import STATE_VARIABLE
from obs_check.lab.parts import TOKEN_FILE
from obs_check.lab.stack import Lab

CLUSTERS = Path(__file__).parents[1] / "fixtures/cluster"
STAND_IN = Path(__file__).with_name("stand_in_kubectl.py")
Use = Callable[..., None]


@pytest.fixture
def use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Use:
    """Puts a cluster behind the only kubectl on PATH, with texts filled in; calls are noted in ./asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "kubectl"
    program.write_text(f"#!{sys.executable}\n{STAND_IN.read_text('utf-8')}", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    monkeypatch.setenv("CLUSTER", str(tmp_path / "cluster.yaml"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def used(name: str, **texts: str) -> None:
        text = (CLUSTERS / f"{name}.yaml").read_text("utf-8")
        for key, value in texts.items():
            text = text.replace(f'"%{key}%"', json.dumps(value))
        (tmp_path / "cluster.yaml").write_text(text, "utf-8")

    return used


def asked(tmp_path: Path) -> list[list[str]]:
    return [json.loads(line) for line in (tmp_path / "asked").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab")) as found:
        yield found


@pytest.mark.slow
def test_a_cluster_becomes_a_file_that_works(
    lab: Lab, use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own: dict[str, Any] = yaml.safe_load(lab.config_path.read_text("utf-8"))
    promtail = (lab.directory / "promtail.yaml").read_text("utf-8")
    dashboard = Path(own["source"] if Path(own["source"]).is_absolute() else lab.directory / own["source"])
    use("monitoring", PROMTAIL=base64.b64encode(promtail.encode()).decode(), DASHBOARD=dashboard.read_text("utf-8"))
    home = tmp_path / "home/.config/coder_boundary"
    home.mkdir(parents=True)
    rules = (lab.directory / "boundary.yaml").read_text("utf-8")
    (home / "config.yaml").write_text(rules, "utf-8")
    for name, value in {
        "HOME": str(tmp_path / "home"),
        "GRAFANA": urlsplit(own["grafana"]["url"]).netloc,
        "SHIPPER": urlsplit(own["shipper"]["url"]).netloc,
        "LOKI": urlsplit(str(lab.addresses["loki"])).netloc,
        "GRAFANA_TOKEN": (lab.directory / TOKEN_FILE).read_text("utf-8").strip(),
        "http_proxy": own["boundary"]["proxy"],
        "no_proxy": "",
        STATE_VARIABLE: str(tmp_path / "state"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    urls = ["--allow-url", own["inject"]["allow_url"], "--deny-url", own["inject"]["deny_url"]]

    code = main(["init", "--context", "staging", "--yes", *urls])
    shown = capsys.readouterr()
    assert code == 0, shown
    text = Path("obs-check.yaml").read_text("utf-8")
    written = yaml.safe_load(text)
    kubectl = {"context": "staging", "namespace": "coder", "pod": "coder-joe-dev-6b9f"}
    assert written["cluster"] == {"context": "staging"}
    assert written["grafana"] == {"url": "http://grafana.monitoring.svc:80", "token": {"env": "GRAFANA_TOKEN"}}
    assert written["loki"]["datasource"] == "loki"
    assert written["boundary"] == {"config": "boundary.yaml"}
    url = "http://promtail-metrics.monitoring.svc:3101"
    assert written["shipper"] == {"kind": "promtail", "config": "promtail.yaml", "url": url}
    assert f"  url: {url}   # the service of the only promtail that runs, which answers\n" in text
    assert written["executors"] == {"kubectl": kubectl}
    assert written["source"] == "agent-firewall.json"
    assert (written["dashboard"], written["inject"]["via"]) == ("agent-firewall", "kubectl")
    assert Path("boundary.yaml").read_text("utf-8").strip() == rules.strip()
    assert yaml.safe_load(Path("promtail.yaml").read_text("utf-8"))["scrape_configs"]

    assert main(["doctor"]) == 0, capsys.readouterr()
    capsys.readouterr()
    assert main(["verify", "--allow", "2", "--deny", "2", "-o", "json"]) == 0, capsys.readouterr().err
    document = json.loads(capsys.readouterr().out)
    assert document["through"]["via"] == "kubectl"
    assert {panel["verdict"] for panel in document["panels"]} == {"ok"}
    # A second one writes over nothing.
    assert main(["init", "--context", "staging", "--yes"]) == 2
    assert "--force" in capsys.readouterr().err
    assert all("=".join(call[:2]).startswith("--context=staging") for call in asked(tmp_path))


def test_a_role_that_may_read_nothing_is_told_each_verb_and_resource(
    use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    use("forbidden")
    assert main(["init", "--context", "staging", "--yes"]) == 4
    told = capsys.readouterr().err
    for kind in ("services", "pods", "configmaps"):
        assert f"not allowed: list on {kind} at the cluster scope" in told
    assert "staging: its services are not known, so that no Grafana was looked for: " in told
    assert "give its address: obs-check init URL --context staging" in told
    assert main(["init", "--context", "staging", "--namespace", "coder", "--yes"]) == 4
    assert 'not allowed: list on pods in the namespace "coder"' in capsys.readouterr().err
    assert not list(Path.cwd().iterdir())


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("echo '<html>'", "kubectl's answer is not a JSON object"),
        ("echo '{}'", "kubectl's answer is not a list of services"),
        ("echo no >&2; exit 1", "kubectl ended with 1: no"),
    ],
    ids=["page", "nothing", "failed"],
)
def test_a_cluster_that_does_not_answer_has_no_grafana_missing(
    program: str, why: str, use: Use, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    use("empty")
    checked = 'case "$*" in *config*) echo "{}"; exit;; esac'
    (tmp_path / "bin/kubectl").write_text(f"#!/bin/sh\n{checked}\n{program}\n")
    assert main(["init", "--context", "staging", "--yes"]) == 3
    told = capsys.readouterr().err
    assert why in told
    assert "its services are not known" in told


def test_an_empty_cluster(use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    use("empty")
    assert main(["init", "--context", "staging", "--yes"]) == 2
    told = capsys.readouterr().err
    assert "services: ok: 0 services" in told and "no service of Grafana was found" in told
    assert not list(Path.cwd().iterdir())


def test_of_two_grafanas_one_is_named(use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    use("two-grafanas")
    assert main(["init", "--context", "staging", "--yes"]) == 2
    told = capsys.readouterr().err
    assert "http://grafana.monitoring.svc:80, http://kube-prometheus-stack-grafana.metrics.svc:80" in told
    assert "obs-check init http://grafana.monitoring.svc:80 --context staging" in told
    assert "alloy: goes to config.alloy, without the values of secrets (1)" in told
    assert "p4ssw0rd-of-nobody" not in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--context", "--all"], "there is no context --all"),
        (["--context", "prod"], "there is no context prod"),
        (["--context", "staging", "--namespace", "-n"], "'-n' is not a name of a namespace"),
        (["--namespace", "x"], "--namespace and --kubeconfig are for --context"),
    ],
)
def test_a_name_becomes_no_option(
    arguments: list[str], words: str, use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    use("empty")
    assert main(["init", *arguments, "--yes"]) == 2
    assert words in capsys.readouterr().err


def test_without_kubectl(use: Use, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    use("empty")
    monkeypatch.setenv("PATH", str(Path.cwd()))
    assert main(["init", "--context", "staging", "--yes"]) == 2
    assert "kubectl cannot be started" in capsys.readouterr().err
