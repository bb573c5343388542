"""Every command that may wait ends when its time is up: unknown, and it says so."""

import importlib
import json
import os
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import obs_check.app
import obs_check.client
import obs_check.report
from obs_check.cli import options
from obs_check.cli.main import main
from obs_check.config import TimeoutConfig
from tests.client.hostile import Pause, serving

LIMIT_S = 0.2
PROMTAIL = "scrape_configs: [{job_name: a, static_configs: [{labels: {job: a, __path__: /a.log}}]}]"
EVENT = {
    "tag": "abcdef-1-allow",
    "decision": "allow",
    "method": "GET",
    "url": "http://allowed.example/?obs=abcdef-1-allow",
    "sent_ns": 1,
    "status": 200,
    "error": "",
    "verdict": "allow",
}
KEPT = {
    "schema": "obs-check/1",
    "command": "verify",
    "verdict": "fail",
    "run": "abcdef",
    "window": {"start_ns": 1, "end_ns": 2},
    "events": [EVENT],
    "panels": [{"id": 1, "title": "a", "reads": "1", "verdict": "ok", "notes": []}],
}


@pytest.fixture(scope="module")
def silent() -> Iterator[str]:
    """A server that takes requests and answers none; what the commands import is there, so that they get to ask it."""
    for package in (obs_check.app, obs_check.client, obs_check.report):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(found.name)
    with serving([Pause(60)]) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    "command",
    [
        "query {a=`b`}",
        "query {a=`b`} -o json",
        "query {a=`b`} --explain",
        "query {a=`b`} --file - --label a=b",
        "inject --save run.json",
        "shipper status",
        "shipper dry-run --shipper-config promtail.yaml -",
        "verify",
        "diagnose",
        "trace run.json",
        "confirm run.json",
    ],
)
def test_a_command_that_is_out_of_time_is_unknown_and_says_so(
    command: str, silent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(options, "_default_timeouts", lambda: TimeoutConfig(command_s=LIMIT_S))
    reading, writing = os.pipe()
    monkeypatch.setattr("sys.stdin", os.fdopen(reading))
    Path("promtail.yaml").write_text(PROMTAIL)
    Path("run.json").write_text(json.dumps(KEPT))
    config = {
        "grafana": {"url": silent},
        "dashboard": "d",
        "loki": {"url": silent},
        "shipper": {"url": silent},
        "boundary": {"proxy": silent},
        "inject": {"allow_url": "http://allowed.example/", "deny_url": "http://denied.invalid/"},
        "timeouts": {"command_s": LIMIT_S},
    }
    Path("obs-check.yaml").write_text(yaml.safe_dump(config))
    code = main(command.split(" "))
    os.close(writing)
    shown = capsys.readouterr()
    assert (code, shown.err.splitlines()[-2:]) == (
        3,
        [
            "obs-check: error: out of time",
            "hint: --deadline, or timeouts.command_s of the configuration, gives it more",
        ],
    )
    assert '"verdict": "ok"' not in shown.out
