"""Loki's tail as a client sees it: what comes, what is said when the connection is lost, and asking without a tail."""

import time
from pathlib import Path

import pytest

from obs_check.app.query.follow import poll_lines
from obs_check.client.loki.client import LokiClient
from obs_check.client.loki.tail import LokiTail
from obs_check.config import host_port
from obs_check.errors import Refused, Unavailable
from obs_check.lab.loki import LabLoki, Listening
from tests.lab import loki_client

NS = 1_000_000_000
AB = {"a": "b"}


def push(loki: LabLoki, *lines: tuple[int, str]) -> None:
    answer = loki_client.LokiClient(loki.url, None).push((AB, [[str(ts), line] for ts, line in lines]))
    assert answer.status_code == 204


def test_a_lost_connection_is_said_and_no_line_comes_twice_or_never(tmp_path: Path) -> None:
    now = time.time_ns()
    said: list[str] = []
    loki = LabLoki(tmp_path).start()
    port = int(loki.url.rpartition(":")[2])
    push(loki, (now - 2 * NS, "x old"), (now, "x one"))

    def restart(_seconds: float) -> None:
        nonlocal loki
        loki = LabLoki(tmp_path, listening=Listening(port=port)).start()
        push(loki, (now, "x two, at the same time"), (now + 1, "y"), (now + 2, "x three"))

    tail = LokiTail(loki.url, {host_port(loki.url)}, said.append, pause=restart)
    lines = (e.line for batch in tail.lines('{a="b"} |= `x`', now - NS, 100) for s in batch for e in s.entries)
    try:
        assert next(lines) == "x one"
        loki.stop()
        assert [next(lines), next(lines)] == ["x two, at the same time", "x three"]
    finally:
        lines.close()
        loki.stop()
    assert len(said) == 2
    assert said[0].startswith("loki: the connection ended") and said[0].endswith(
        "again in 1 s, from the last line seen"
    )
    assert said[1] == "loki: connected again"


def test_what_does_not_begin_is_an_error() -> None:
    with LabLoki() as loki:
        tail = LokiTail(loki.url, {host_port(loki.url)}, print)
        with pytest.raises(Refused) as refused:
            next(tail.lines('sum(rate({a="b"}[1m]))', 0, 1))
        assert refused.value.status == 400
        assert "log" in refused.value.body
    with pytest.raises(Unavailable):
        next(tail.lines('{a="b"}', 0, 1))


def test_asking_again_and_again() -> None:
    now = time.time_ns()
    with LabLoki() as loki:
        client = LokiClient.direct(loki.url, time.time_ns, {host_port(loki.url)})
        pauses: list[float] = []

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            # One line that is a little late, and one of now.
            push(loki, (now - NS, f"late {len(pauses)}"), (time.time_ns(), f"new {len(pauses)}"))

        push(loki, (now - 100 * NS, "before"), (now, "first"))
        answers = poll_lines(client, '{a="b"}', now - 10 * NS, time.time_ns, print, pause)
        got = [[e.line for s in next(answers).streams for e in s.entries] for _ in range(3)]
        client.close()
    assert got == [["first"], ["late 1", "new 1"], ["late 2", "new 2"]]
    assert pauses == [2.0, 2.0]
