"""`obs-check watch` on a pipeline: its runs, what it serves meanwhile, and how it ends."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from obs_check.cli import watch as module
from obs_check.cli.lab import loki
from obs_check.cli.main import main
from obs_check.config import STATE_VARIABLE
from obs_check.lab.parts import TOKEN_FILE
from obs_check.lab.stack import Lab
from tests.client.hostile import Pause, serving

ARGUMENTS = ("watch", "--allow", "2", "--deny", "1", "--every", "1", "--listen", "127.0.0.1:0")


@pytest.mark.slow
def test_two_runs_and_a_third_that_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(os.environ, STATE_VARIABLE, str(tmp_path / "state"))
    served: list[tuple[str, dict[str, object]]] = []
    told: list[str] = []

    def look(_seconds: float) -> None:
        told.append(capsys.readouterr().err)
        url = told[0].split()[told[0].split().index("metrics:") + 1].removesuffix("/metrics,")
        served.append((httpx.get(f"{url}/metrics").text, httpx.get(f"{url}/healthz").json()))
        if len(served) == 2:
            monkeypatch.setattr(module._Quiet, "say", ended_behind_the_firewall)

    def ended_behind_the_firewall(_out: object, text: str) -> None:
        if text.startswith("path A egress"):
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(module, "sleep", look)
    lines: list[str] = []
    monkeypatch.setattr(module, "echo", lines.append)
    with Lab(tmp_path / "lab", ("panel-logfmt",)) as lab:
        assert main([*ARGUMENTS, "--keep", "3", "--annotate", "--config", str(lab.config_path), "-o", "json"]) == 143
        annotated = _annotations(lab)

    first, second, third = map(json.loads, lines)
    assert [first["verdict"], second["verdict"], third["verdict"]] == ["fail", "fail", "unknown"]
    assert first["causes"] == second["causes"] == ["pipeline.wrong-parser"]
    assert third["why"][0] == "terminated"
    assert len({one["run"] for one in (first, second, third)}) == 3
    kept = sorted((tmp_path / "state/runs").iterdir())
    assert [json.loads(path.read_text())["run"] for path in kept] == [one["run"] for one in (first, second, third)]
    assert json.loads(kept[-1].read_text())["ended"] == "terminated"

    assert [(row["tags"], row["text"].split(" run ")[1][:11]) for row in annotated] == [
        (["obs-check", "fail"], f"{one['run']} fail") for one in (second, first)
    ]

    text, health = served[-1]
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["obs_check_runs_total", "fail"] == 2
    assert found["obs_check_last_failure_cause", "pipeline.wrong-parser"] == 1
    for name in ("sent", "seen"):
        assert found[f"obs_check_events_{name}_total", "allow", "loki", "A"] == 4
    assert found["obs_check_events_missing_total", "allow", "loki", "A"] == 0
    assert found["obs_check_event_latency_seconds_count", "deny", "coderd", "B"] == 2
    assert found["obs_check_panel_verdict", "1", "Requests by decision", "fail"] == 1
    assert (health["alive"], health["busy"], health["runs"]) == (True, False, 2)


def _annotations(lab: Lab) -> list[dict[str, Any]]:
    """Those of the lab's dashboard, the newest first."""
    grafana = yaml.safe_load(lab.config_path.read_text())["grafana"]["url"]
    token = (lab.directory / TOKEN_FILE).read_text().strip()
    answer = httpx.get(
        f"{grafana}/api/annotations?dashboardUID=agent-firewall", headers={"Authorization": f"Bearer {token}"}
    )
    rows: list[dict[str, Any]] = answer.raise_for_status().json()
    return rows


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--jitter", "2"), "--jitter 2 is not within --every 1"),
        (("--jitter", "nan"), "--jitter nan is not within --every 1"),
        (("--allow", "0", "--deny", "0"), "watch needs events to send"),
        (("--listen", "here"), "'here' is not HOST:PORT"),
        (("--every", "inf"), "--every"),
        ((), "no `grafana`"),
    ],
)
def test_wrong_usage_ends_it_at_once(
    arguments: tuple[str, ...],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text("boundary: {}\n")
    assert main([*ARGUMENTS, "--config", "c.yaml", *arguments]) == 2
    shown = capsys.readouterr()
    assert words in shown.err
    assert "metrics:" not in shown.err
    assert shown.out == ""


def broken(path: Path) -> None:
    path.write_text("grafana: [")


def nothing(_path: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "why"),
    [(nothing, "out of time"), (broken, "broken YAML")],
    ids=["out of time", "a broken configuration"],
)
def test_a_run_that_says_nothing_does_not_end_the_watch(
    change: Callable[[Path], None],
    why: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "c.yaml"
    monkeypatch.setattr(module, "sleep", lambda _seconds: change(path))
    with serving([Pause(60)]) as port:
        path.write_text(yaml.safe_dump({"grafana": {"url": f"http://127.0.0.1:{port}"}, "dashboard": "d"}))
        assert main([*ARGUMENTS, "--runs", "2", "--deadline", "1", "--config", str(path)]) == 3
    first, second = capsys.readouterr().out.splitlines()
    assert "run - unknown" in first and "out of time" in first
    assert "run - unknown" in second and why in second


def test_it_listens_on_loopback() -> None:
    listening = [option.default for one in (module.watch, loki) for option in one.params if option.name == "listen"]
    assert listening == ["127.0.0.1:9464", "127.0.0.1:3100"]
