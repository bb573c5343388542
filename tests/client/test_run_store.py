"""The store of runs: found by id, prefix, `last` or path; never half a document, whoever else writes."""

import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from obs_check.cli.main import main
from obs_check.client.files.run_store import FOLDER, MOST_KEPT, RunStore
from obs_check.config import STATE_VARIABLE
from obs_check.errors import InputError

AT = 1_795_989_600_000_000_007


def stored(state: Path, *entries: tuple[str, str]) -> RunStore:
    store = RunStore(state)
    for n, (command, run) in enumerate(entries):
        store.keep(f"{command} {run}", command, run, AT + n)
    return store


@pytest.mark.parametrize(
    ("named", "commands", "wanted"),
    [
        ("last", (), "trace abcdef"),
        ("last", ("verify", "diagnose"), "diagnose abczzz"),
        ("abcd", (), "trace abcdef"),
        ("abcdef", ("verify",), "verify abcdef"),
        ("xy", (), "verify xyz123"),
        ("abc", (), "abc begins 2 runs: abcdef, abczzz"),
        ("q", (), "q: no file or run"),
        ("xyz123", ("diagnose",), "run xyz123 has no document of diagnose"),
        ("last", ("confirm",), "there is no confirm yet"),
    ],
)
def test_what_a_name_means(tmp_path: Path, named: str, commands: tuple[str, ...], wanted: str) -> None:
    entries = (("verify", "xyz123"), ("verify", "abcdef"), ("diagnose", "abczzz"), ("trace", "abcdef"))
    store = stored(tmp_path, *entries)
    if wanted.split(" ")[0] in ("trace", "verify", "diagnose"):
        assert store.find(named, commands).read_text() == wanted
    else:
        with pytest.raises(InputError, match=wanted):
            store.find(named, commands)


def test_what_does_not_hold_what_is_needed_is_passed_over(tmp_path: Path) -> None:
    store = stored(tmp_path, ("diagnose", "abcdef"), ("verify", "abcdef"), ("diagnose", "xyz123"))

    def holds(path: Path) -> bool:
        return path.read_text() == "diagnose abcdef"

    assert store.find("last", (), holds).read_text() == "diagnose abcdef"
    assert store.find("abcdef", (), holds).read_text() == "diagnose abcdef"
    with pytest.raises(InputError, match="run xyz123 has no document"):
        store.find("xyz123", (), holds)


def test_a_file_is_that_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "abcdef").write_text("mine")
    assert stored(tmp_path, ("verify", "abcdef")).find("abcdef").read_text() == "mine"
    assert stored(tmp_path).find("away/run.json") == Path("away/run.json")


def test_the_oldest_go_and_strangers_stay(tmp_path: Path) -> None:
    store = stored(tmp_path, *(("verify", f"run{n:03}") for n in range(MOST_KEPT + 2)))
    assert len(store.files()) == MOST_KEPT
    assert store.files()[-1].id == "run002"
    stranger = tmp_path / FOLDER / "notes.txt"
    stranger.write_text("")
    assert store.prune(3) == MOST_KEPT - 3
    assert [one.id for one in store.files()] == ["run101", "run100", "run099"]
    assert stranger.exists()
    assert stat_mode(tmp_path / FOLDER) == 0o700
    assert stat_mode(store.files()[0].path) == 0o600


def stat_mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def _keep_many(state: Path, name: str) -> None:
    store = RunStore(state)
    for n in range(20):
        store.keep(name * 50_000, "verify", f"{name}{n:03}", AT + n)


def test_several_processes_keep_theirs_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_keep_many, args=(tmp_path, name)) for name in ("aaaa", "bbbb")]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        for one in RunStore(tmp_path).files():
            assert len(one.path.read_bytes()) == 200_000
        workers[0].join(0.01)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(RunStore(tmp_path).files()) == 40


def test_without_a_home_it_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in (STATE_VARIABLE, "XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    assert main(["runs"]) == 2
    assert "the environment names no directory for it" in capsys.readouterr().err


def test_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(os.environ, STATE_VARIABLE, str(tmp_path))
    assert main(["runs"]) == 0
    assert "no run is kept yet" in capsys.readouterr().out
    panel = {"id": 1, "title": "t", "reads": "0", "verdict": "fail"}
    document: dict[str, Any] = {
        "schema": "obs-check/1",
        "command": "verify",
        "verdict": "fail",
        "run": "abcdef",
        "panels": [panel],
    }
    document["load"] = {"count": 601, "asked_per_s": 0, "sent": 600, "sent_per_s": 316.7}
    document["findings"] = [{"cause": "pipeline.wrong-parser"}]
    store = RunStore(tmp_path)
    store.keep(json.dumps(document), "verify", "abcdef", AT)
    store.keep("half", "verify", "ghijkl", AT + 1)
    assert main(["runs"]) == 0
    shown = capsys.readouterr().out
    assert "abcdef │ 2026-11-29 22:00:00 │ verify  │ fail" in shown
    assert "600 │      1 │      1 │ pipeline.wrong-parser" in shown
    assert "ghijkl" in shown
    # In the table the path, which has its own length on each machine, breaks the sentence anywhere.
    assert main(["runs", "-o", "json"]) == 0
    assert "not JSON" in json.loads(capsys.readouterr().out)["runs"][0]["ended"]
    assert main(["runs", "--keep", "1", "-o", "json"]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)["runs"]] == ["ghijkl"]
