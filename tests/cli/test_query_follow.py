"""`obs-check query --follow` as a person runs it."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from obs_check.cli.main import main
from tests.signals import hear_signals

RUN = [sys.executable, "-m", "obs_check", "query", '{a="b"} |= `x`', "-f"]


def started(*arguments: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen([*RUN, *arguments], stdout=pipe, stderr=pipe, text=True, preexec_fn=hear_signals)


def test_a_file_until_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("2001-11-24T00:00:00Z x old\n")
    arguments = ["--file", str(path), "--label", "a=b", "-o", "jsonl", "--from", "2001-11-23T00:00:00Z"]
    with started(*arguments) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["line"].endswith("x old")
        with path.open("a") as file:
            file.write("y\nx new\n")
        assert json.loads(process.stdout.readline())["line"] == "x new"
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=30)
    assert (process.returncode, rest) == (130, "")
    assert "interrupted" in said and "Traceback" not in said


def test_new_lines_are_shown_whatever_time_they_say(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    arguments = ["--file", str(path), "--label", "a=b", "-o", "jsonl"]
    with started(*arguments) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stderr.readline().startswith("no file yet: waiting for")
        path.write_text("2001-01-01T00:00:00Z x first\n")
        assert json.loads(process.stdout.readline())["line"].endswith("x first")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def test_a_pipe_on_both_sides() -> None:
    arguments = [*RUN, "--file", "-", "--label", "a=b"]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        process.stdin.write("x 1\n")
        process.stdin.flush()
        assert process.stdout.readline().endswith("x 1\n")
        process.stdout.close()
        process.stdin.write("x 2\n")
        process.stdin.close()
        assert process.wait(timeout=30) == 130
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (['sum(rate({a="b"}[1m]))'], "only log queries can be followed"),
        (['{a="b"}', "-o", "csv"], "--follow has no -o csv"),
        (['{a="b"}', "--to", "now"], "--follow has no end"),
        (['{a="b"}', "--explain"], "exclude each other"),
        (['{a="b"}', "--file", "a.log"], "either standard input or files"),
    ],
)
def test_what_cannot_be_followed(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", *arguments, "-f", "--file", "-"]) == 2
    assert words in capsys.readouterr().err
