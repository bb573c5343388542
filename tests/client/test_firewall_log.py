"""Which lines of boundary's log count: those of the process that has the run, and of the time that is asked about."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from obs_check.client.files.firewall_log import FirewallLog, Since
from obs_check.model.window import NS, Window

START = 1_795_478_400 * NS
"""2026-11-24T00:00:00Z, when the run began."""
NOW = START + 30 * NS
DROPPED = 'level=WARN msg="audit log dropped, channel full"'
NO_SOCKET = 'level=WARN msg="Audit logs are disabled; workspace agent has not created log proxy socket" socket=/tmp/s'
MANAGER = 'level=INFO msg="Start landjail manager"'
CHILD = 'level=INFO msg="Executing target command" command=[agent]'
PORT = 'level=ERROR msg="Failed to create HTTP listener" error="listen tcp :8087: bind: address already in use"'
STOP = 'level=INFO msg="Stop landjail manager"'
TAGGED = 'level=WARN msg=DENY url="http://denied.invalid/?obs=abc123-1-deny"'
OTHER = "level=WARN msg=DENY url=http://denied.invalid/other"
YEARS = -200_000_000

Lines = list[tuple[float, str]]
"""Seconds since the run began, and what was written then."""


def write(path: Path, lines: Lines) -> None:
    stamped = [(datetime.fromtimestamp(START // NS, UTC) + timedelta(seconds=s), text) for s, text in lines]
    path.write_text("".join(f"time={at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z {t}\n" for at, t in stamped))
    last = START + round(lines[-1][0] * NS) if lines else START + YEARS * NS
    os.utime(path, ns=(last, last))


def asked(directory: Path, files: dict[str, Lines], text: str, since: Since) -> tuple[list[str], Window | None]:
    for name, lines in files.items():
        write(directory / name, lines)
    log = FirewallLog(f"{directory}/*.log", directory / "stderr", "abc123", START, lambda: NOW)
    found, probe = log.lines_with(text, since)
    assert probe.window is not None and probe.window.end_ns == NOW
    assert probe.answer == {"lines": len(found), "last": found}
    return [line.partition(" ")[2] for line in found], probe.window


@pytest.mark.parametrize(
    ("files", "text", "since", "found"),
    [
        # of the process that has the run, since the run began
        ({"a.log": [(1, TAGGED), (2, DROPPED)]}, "dropped", "run", [DROPPED]),
        ({"a.log": [(-9, DROPPED), (1, TAGGED)]}, "dropped", "run", []),
        ({"a.log": [(1, TAGGED)], "b.log": [(2, DROPPED)]}, "dropped", "run", []),
        ({"a.log": [(1, TAGGED)], "b.log": [(YEARS, DROPPED)]}, "dropped", "run", []),
        ({"a.log": [(1, TAGGED), (40, DROPPED)]}, "dropped", "run", []),
        # no file has a tag: the only one that was written to meanwhile
        ({"a.log": [(-9, MANAGER), (2, DROPPED)], "b.log": [(YEARS, DROPPED)]}, "dropped", "run", [DROPPED]),
        ({"a.log": [(1, DROPPED)], "b.log": [(2, DROPPED)]}, "dropped", "run", []),
        ({"a.log": [(1, DROPPED)], "b.log": [(1, CHILD)]}, "dropped", "run", [DROPPED]),
        ({"a.log": [(1, DROPPED)], "stderr": [(2, DROPPED)]}, "dropped", "run", [DROPPED]),
        ({"stderr": [(-9, DROPPED), (2, DROPPED)]}, "dropped", "run", [DROPPED]),
        # what a process says when it starts and keeps to
        ({"a.log": [(-99, NO_SOCKET), (1, TAGGED)]}, "not created", "start", [NO_SOCKET]),
        ({"a.log": [(1, TAGGED)], "b.log": [(-99, NO_SOCKET), (2, OTHER)]}, "not created", "start", []),
        ({"stderr": [(-9, NO_SOCKET), (-8, MANAGER), (1, TAGGED)]}, "not created", "start", [NO_SOCKET]),
        ({"stderr": [(-99, NO_SOCKET), (-98, STOP), (-9, MANAGER), (1, TAGGED)]}, "not created", "start", []),
        ({"stderr": [(-99, NO_SOCKET), (1, OTHER)]}, "not created", "start", []),
        # the process that was started last, if it did nothing since
        ({"a.log": [(-9, MANAGER), (-8, PORT), (-7, STOP)]}, "listener", "last start", [PORT]),
        ({"a.log": [(-9, PORT)], "b.log": [(-5, CHILD)]}, "listener", "last start", [PORT]),
        ({"a.log": [(YEARS, PORT)], "b.log": [(-9, MANAGER), (1, OTHER)]}, "listener", "last start", []),
        ({"stderr": [(-99, PORT), (-98, STOP), (-9, MANAGER)]}, "listener", "last start", []),
        ({"stderr": [(-99, OTHER), (-9, MANAGER), (-8, PORT)]}, "listener", "last start", [PORT]),
        ({"a.log": [(YEARS, PORT)]}, "listener", "last start", []),
        ({}, "listener", "last start", []),
        ({}, "dropped", "run", []),
    ],
)
def test_a_line_counts_that_is_of_the_process_and_of_the_time(
    files: dict[str, Lines], text: str, since: Since, found: list[str], tmp_path: Path
) -> None:
    assert asked(tmp_path, files, text, since)[0] == found


def test_the_window_is_what_was_looked_at(tmp_path: Path) -> None:
    lines: Lines = [(-60, NO_SOCKET), (1, TAGGED), (2, DROPPED)]
    assert asked(tmp_path, {"a.log": lines}, "dropped", "run")[1] == Window(START, NOW)
    assert asked(tmp_path, {"a.log": lines}, "not created", "start")[1] == Window(START - 60 * NS, NOW)


def test_a_zone_is_read_and_a_line_without_a_time_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(f"time=2026-11-23T19:00:01.500-05:00 {TAGGED}\nError: dropped\n64 bytes: time=0.04 ms dropped\n")
    os.utime(path, ns=(NOW, NOW))
    log = FirewallLog(str(path), None, "abc123", START, lambda: NOW)
    assert len(log.lines_with("obs=", "run")[0]) == 1
    assert log.lines_with("dropped", "run")[0] == []


def test_a_file_that_cannot_be_read_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"\0binary")
    log = FirewallLog(f"{tmp_path}/*.log", tmp_path / "none", "abc123", 0, lambda: NOW)
    assert log.lines_with("dropped", "run")[0] == []
