"""However a command ends before its end, its document says so and claims nothing."""

import json
import re
import signal
import sys
from pathlib import Path

import click
import pytest

from obs_check.app.demo import Demo
from obs_check.app.verify.outcome import Outcome
from obs_check.cli import main as module
from obs_check.cli.ending import PartialOutcome, keep_document
from obs_check.cli.inject import Injected
from obs_check.cli.interrupt import Stopped
from obs_check.cli.main import Subcommand, main
from obs_check.cli.options import Output, judging_options
from obs_check.cli.watch import _Quiet
from obs_check.client.egress import EgressAnswer
from obs_check.config import STATE_VARIABLE
from obs_check.errors import NotAllowed, Unavailable, UsageError
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run, Sent, plan_events
from obs_check.model.window import Window
from obs_check.report.evidence import FORMATS
from tests.cli.test_mutated_kept import DOCUMENT
from tests.full_disk import room

EVENTS = plan_events("abcdef", 1, 1, "http://allowed.example/", "http://denied.invalid/")
RUN = Run("abcdef", tuple(Sent(e, EgressAnswer(200, e.decision)) for e in EVENTS), Window(0, 1))
GOOD = HopSeen("A", "file", tuple(RUN.tags()), dict.fromkeys(RUN.tags(), 1))
ENDS_IN = {"junit": "xml", "sarif": "sarif"}
"""Formats whose files end in another word."""
ENDINGS: list[tuple[BaseException, int, str]] = [
    (KeyboardInterrupt(), 130, "interrupted"),
    (Stopped(signal.SIGINT), 130, "interrupted"),
    (Stopped(signal.SIGTERM), 143, "terminated"),
    (Stopped(signal.SIGHUP), 129, "hung up"),
    (Stopped(signal.SIGALRM), 3, "out of time"),
    (Unavailable("loki does not answer", ""), 3, "a system did not answer"),
    (NotAllowed("grafana answered 403", ""), 4, "not allowed"),
    (UsageError("the file has changed", ""), 2, "the file has changed"),
    (RuntimeError("nobody foresaw this"), 70, "internal error: RuntimeError"),
]


def found() -> list[PartialOutcome]:
    """What commands have found when all was good so far."""
    outcome = Outcome("verify", RUN, [GOOD])
    return [outcome, Demo(Outcome("demo", RUN, [GOOD])), Demo(outcome, Outcome("demo", RUN, [GOOD])), Injected(RUN)]


def run(
    monkeypatch: pytest.MonkeyPatch,
    kept: PartialOutcome,
    error: BaseException | None,
    *args: str,
    save: str = "kept.json",
) -> int:
    """The exit code of a command that ends with an error, or at its end."""

    @click.command()
    @judging_options
    def one(out: Output) -> None:
        with keep_document(out, kept, Path(save)):
            if error is not None:
                raise error
        out.finish(kept.to_json(), 0)

    class One:
        command = one

    monkeypatch.setitem(sys.modules, "one_command", One)
    monkeypatch.setattr(module, "COMMANDS", (Subcommand("one", "one_command", "command", "Does one thing."),))
    return main(["one", *args])


@pytest.mark.parametrize("kind", range(4), ids=["outcome", "demo", "demo after the fix", "injected"])
@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: f"{ending[1]}-{ending[2]}")
def test_a_command_that_does_not_come_to_its_end_claims_nothing(
    kind: int,
    ending: tuple[BaseException, int, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    error, code, words = ending
    monkeypatch.chdir(tmp_path)
    kept = found()[kind]
    assert kept.to_json()["verdict"] == "ok"
    assert run(monkeypatch, kept, error, "-o", "json") == code
    document = json.loads(Path("kept.json").read_text())
    assert (document["verdict"], document["ended"]) == ("unknown", words)
    shown = capsys.readouterr()
    assert "Traceback" not in shown.out + shown.err
    assert json.loads(shown.out) == document


def test_a_command_that_comes_to_its_end_keeps_its_verdict(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, Outcome("verify", RUN, [GOOD]), None) == 0
    document = json.loads(Path("kept.json").read_text())
    assert (document["verdict"], document["ended"]) == ("ok", "")
    assert [path.name for path in tmp_path.iterdir()] == ["kept.json"]


def test_an_error_of_our_own_is_told_with_its_place_where_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, Outcome("verify"), RuntimeError("nobody foresaw this"), "-v") == 70
    told = capsys.readouterr().err
    assert "Traceback" in told
    last = told.splitlines()[-1]
    assert last.startswith("obs-check: error: internal error, nothing is claimed: RuntimeError: nobody foresaw this (")
    assert "please report this line and the command" in last


def test_nothing_that_was_looked_at_is_no_verdict() -> None:
    assert (str(Outcome("diagnose").verdict), Outcome("diagnose").exit_code) == ("unknown", 3)


@pytest.mark.parametrize("ending", [(None, 2, "ok"), *((error, code, "unknown") for error, code, _ in ENDINGS)])
@pytest.mark.parametrize("files", [("",), ("--junit",), ("--summary",), ("--junit", "--summary", "")], ids="".join)
def test_a_full_disk_takes_nothing_from_stdout(
    files: tuple[str, ...],
    ending: tuple[BaseException | None, int, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    error, code, verdict = ending
    monkeypatch.chdir(tmp_path)
    options = [word for name in files if name for word in (name, "/dev/full")]
    save = "/dev/full" if "" in files else "kept.json"
    assert run(monkeypatch, Outcome("verify", RUN, [GOOD]), error, "-o", "json", *options, save=save) == code
    shown = capsys.readouterr()
    assert json.loads(shown.out)["verdict"] == verdict
    assert shown.err.count("/dev/full: No space left on device") == len(files)
    assert [path.name for path in tmp_path.iterdir()] == ([] if "" in files else ["kept.json"])


@pytest.mark.parametrize("format_", FORMATS)
def test_an_export_to_a_full_disk_names_the_file_and_leaves_no_half_one(
    format_: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "given.json"
    kept.write_text(json.dumps(DOCUMENT))
    with room(100):
        assert main(["export", str(kept), "--to", str(tmp_path / "out"), "--format", format_]) == 2
    shown = capsys.readouterr()
    assert re.match(rf"obs-check: error: {tmp_path}/out/\w+\.{ENDS_IN.get(format_, format_)}: ", shown.err), shown.err
    assert (shown.out, list((tmp_path / "out").iterdir())) == ("", [])


def test_a_bundle_on_a_full_disk_is_no_half_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "given.json"
    kept.write_text(json.dumps(DOCUMENT))
    with room(100):
        assert main(["bundle", str(kept), "--to", str(tmp_path / "run.zip")]) == 2
    assert f"{tmp_path}/run.zip: File too large" in capsys.readouterr().err
    assert not (tmp_path / "run.zip").exists()


def test_a_run_that_there_is_no_room_for_is_said_and_changes_no_verdict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    with room(100):
        assert run(monkeypatch, Outcome("verify", RUN, [GOOD]), None, save="/dev/null") == 0
    assert f"is not kept: {tmp_path}/runs: File too large (make room, or set OBS_CHECK_STATE" in capsys.readouterr().err
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_watch_says_what_it_does_not_keep_though_it_shows_no_progress(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = _Quiet("table", None, False, 0, env={STATE_VARIABLE: str(tmp_path)})
    for size, told in ((100, 1), (10**6, 0)):
        with room(size), keep_document(out, Outcome("verify", RUN, [GOOD])):
            pass
        assert capsys.readouterr().err.count("is not kept: ") == told
    assert len(list((tmp_path / "runs").iterdir())) == 1


@pytest.mark.parametrize("command", ["lint board.json", "test a.test.yaml"])
def test_a_file_for_a_build_server_without_room_is_named_and_is_no_half_one(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    panel = {"id": 1, "type": "logs", "title": "a", "targets": [{"refId": "A", "expr": '{a="b"}'}]}
    panel["datasource"] = {"type": "loki", "uid": "loki"}
    Path("board.json").write_text(json.dumps({"uid": "d", "title": "d", "panels": [panel]}))
    tests = "[{name: a, at: 2026-11-24T00:00:00Z, given: {logs: []}, panels: {1: {lines: [b]}}}]"
    Path("a.test.yaml").write_text(f"dashboard: board.json\ntests: {tests}\n")
    with room(100):
        assert main([*command.split(" "), "--junit", "a.xml"]) == 2
    said = "obs-check: error: a.xml: File too large\nhint: make room, or name a file that can be written\n"
    assert capsys.readouterr().err.endswith(said)
    assert not Path("a.xml").exists()
    assert main([*command.split(" "), "--junit", "a.xml"]) in (0, 1)
    assert Path("a.xml").exists()


def test_a_lab_without_room_names_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with room(2000):
        assert main(["lab", "up", "--dir", str(tmp_path / "lab")]) == 2
    said = capsys.readouterr().err
    assert re.search(rf"obs-check: error: {re.escape(str(tmp_path))}/lab/[\w/.-]+: File too large\n", said)
    assert said.endswith("hint: make room, or give the lab another folder\n")


def test_a_kept_document_replaces_another_as_a_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("real.json").write_text("before")
    Path("real.json").chmod(0o640)
    Path("kept.json").symlink_to("real.json")
    assert run(monkeypatch, Outcome("verify", RUN, [GOOD]), None) == 0
    assert Path("kept.json").is_symlink()
    assert json.loads(Path("real.json").read_text())["verdict"] == "ok"
    assert Path("real.json").stat().st_mode & 0o777 == 0o640
