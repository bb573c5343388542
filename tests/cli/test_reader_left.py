"""A reader that stops, as `| head` does, is not a finding."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("arguments", [["--explain"], [], ["-o", "jsonl"]])
def test_a_reader_that_left(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("".join(f"2026-11-24T00:00:00Z line {n} of many\n" for n in range(3000)))
    command = [
        sys.executable,
        "-m",
        "obs_check",
        "query",
        '{job="b"} |= `many`',
        "--file",
        "a.log",
    ]
    with subprocess.Popen(
        [*command, "--label", "job=b", "--limit", "3000", *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait() == 130
    assert b"Traceback" not in said and b"Exception" not in said


def test_nobody_reads_an_output_that_is_closed(tmp_path: Path) -> None:
    closed = [
        "sh",
        "-c",
        '"$0" -m obs_check query \'{job="b"}\' --file a.log --label job=b <&- >&- 2>&-',
        sys.executable,
    ]
    (tmp_path / "a.log").write_text("2026-11-24T00:00:00Z one\n")
    assert subprocess.run(closed, cwd=tmp_path, check=False).returncode == 0
    assert (tmp_path / "a.log").read_text() == "2026-11-24T00:00:00Z one\n"


def test_a_full_disk_under_the_output_is_named() -> None:
    command = [sys.executable, "-m", "obs_check", "lab", "--help"]
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    said = ["obs-check: error: standard output: No space left on device", "hint: make room, or write elsewhere"]
    assert (ended.returncode, ended.stderr.splitlines()) == (2, said)
