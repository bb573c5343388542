"""What goes wrong on the way to where tool calls are: one line with the remedy, the exit code, and the journal kept."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.cli.main import main
from obs_check.config import STATE_VARIABLE
from obs_check.follow.journal import FOLDER, read_journal
from tests.client.executors.programs import CODER, KUBECTL, install

CASES = [
    pytest.param(via, case, id=f"{via}-{number}")
    for via, cases in yaml.safe_load(Path(__file__).with_name("via_refusals.yaml").read_text("utf-8")).items()
    for number, case in enumerate(cases, start=1)
]
PLACES: dict[str, dict[str, Any]] = {
    "kubectl": {"context": "prod", "namespace": "coder", "pod": "dev-1"},
    "coder": {"url": "https://coder.example", "workspace": "dev"},
    "command": {"run": "{cmd}"},
    "boundary": {"program": "boundary"},
}


@pytest.mark.parametrize(("via", "case"), CASES)
def test_it_is_one_line_with_its_exit_code(
    via: str,
    case: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    programs, bare = tmp_path / "programs", tmp_path / "bare"
    for folder in (programs, bare):
        folder.mkdir()
    if not case.get("absent"):
        install(programs, kubectl=KUBECTL, coder=CODER)
    for name in case.get("bare", "").split():
        (bare / name).symlink_to(shutil.which(name) or name)
    place = {**PLACES.get(via, {}), **case.get("config", {})}
    if "run" in place:
        place["run"] = place["run"].replace("BARE", str(bare))
    document = {
        "inject": {"allow_url": "http://127.0.0.1:9/ok", "deny_url": "http://{tag}.denied.invalid/"},
        "executors": {via: {key: value for key, value in place.items() if value is not None}} if place else {},
    }
    (tmp_path / "obs-check.yaml").write_text(yaml.safe_dump(document))
    monkeypatch.chdir(tmp_path)
    path = str(programs) if case.get("absent") else f"{programs}{os.pathsep}{os.environ['PATH']}"
    given = {"SAYS": case.get("says", ""), "ENDS": str(case.get("ends", 1)), "MIDDLE": "1" if "middle" in case else ""}
    for name, value in {
        **given,
        **case.get("env", {}),
        "PATH": path,
        "ASKED": str(tmp_path / "asked"),
        STATE_VARIABLE: str(tmp_path / "state"),
    }.items():
        monkeypatch.setenv(name, value)
    code = main(["inject", "--via", via, "--allow", "1", "--deny", "1"])
    said = capsys.readouterr().err
    *progress, line, hint = said.splitlines()
    assert (line.startswith("obs-check: error: "), hint.startswith("hint: ")) == (True, True), said
    assert case["words"] in f"{line} ({hint.removeprefix('hint: ')})"
    assert code == case["exit"], said
    assert said.count("obs-check: error: ") == 1
    journals = list((tmp_path / "state" / FOLDER).glob("*.jsonl"))
    # Whatever the way to the place says, what may have been sent can be traced.
    assert len(journals) == any(": sending 2 events" in one for one in progress)
    for journal in journals:
        run, planned = read_journal(journal)
        assert (len(run.sent), planned) == (2, 2)
