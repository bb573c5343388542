"""A lab's own folder belongs to one living process, however many start at once, and so do its programs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from obs_check.errors import UsageError
from obs_check.lab.own_folder import OwnFolder, held


def test_labs_that_start_at_once_keep_their_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def made_and_removed(_: int) -> bool:
        folder = OwnFolder("at-once-")
        there = folder.path.exists()
        folder.remove()
        return there

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(made_and_removed, range(1000)))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_given_has_one_lab_and_outlives_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    given = tmp_path / "obs-check-mine"
    given.mkdir()
    with held(given), pytest.raises(UsageError, match="a lab is up here"), held(given):
        pass
    with held(given):
        pass
    OwnFolder("another-").remove()
    assert given.is_dir()


@pytest.fixture
def program() -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", "print(flush=True); input()"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, start_new_session=True) as running:
        assert running.stdout is not None
        running.stdout.readline()
        yield running
        running.kill()


@pytest.mark.parametrize(
    ("noted", "is_ended"),
    [
        ({}, True),
        ({"known": ["1", "another", "program"]}, False),
        ({"known": []}, False),
        ({"process_id": os.getpid()}, False),
        ({"process_id": None}, False),
    ],
    ids=["as noted", "another with its number", "nothing known", "this process", "broken"],
)
def test_the_program_of_a_killed_process_is_ended_by_the_next(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: subprocess.Popen[bytes],
    noted: dict[str, object],
    is_ended: bool,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    living = OwnFolder("living-")
    living.note_program(program.pid)
    OwnFolder("next-").remove()
    assert program.poll() is None
    left = Path(shutil.copytree(living.path, tmp_path / "obs-check-left")) / ".program"
    living.remove()
    left.write_text(json.dumps({**json.loads(left.read_text()), **noted}))
    OwnFolder("next-").remove()
    assert list(tmp_path.iterdir()) == []
    if is_ended:
        assert program.wait(10) == -signal.SIGTERM
    else:
        assert program.poll() is None
