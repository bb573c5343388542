"""The audit socket: batches, the partial batch that is lost, drops and how they are counted."""

import io
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from obs_check.boundary.coderd import AgentLog
from obs_check.boundary.log import BoundaryLogWriter, Level
from obs_check.errors import Unavailable
from obs_check.lab.audit import AuditRecord, SocketAuditor, frame
from obs_check.lab.audit_agent import BATCHES_DROPPED, FORWARDED, LOGS_DROPPED, Agent, Counter, Frames
from tests.full_disk import room

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

LONG = 60.0
"""An interval in seconds that no test reaches."""


class Upstream:
    """A coderd that keeps batches, refuses them, or holds them back until it is told to go on."""

    def __init__(self) -> None:
        self.batches: list[list[AgentLog]] = []
        self.stats: list[list[Counter]] = []
        self.refuses = False
        self.go = threading.Event()
        self.go.set()

    def report_boundary_logs(self, batch: Sequence[AgentLog]) -> None:
        self.go.wait(5)
        if self.refuses:
            raise Unavailable("no", "")
        self.batches.append(list(batch))

    def update_stats(self, counters: Sequence[Counter]) -> None:
        self.stats.append(list(counters))


def eventually(condition: Callable[[], bool]) -> None:
    """Await a condition for at most half a minute."""
    end = time.monotonic() + 30
    tick = threading.Event()
    while not condition():
        assert time.monotonic() < end, "condition not met in time"
        tick.wait(0.005)


def log_to(out: io.StringIO) -> BoundaryLogWriter:
    return BoundaryLogWriter(None, Level.INFO, lambda: 0, out)


def send(auditor: SocketAuditor, events: int, url: str = "http://a.example/") -> None:
    """Queue events, each after the one before has left the channel."""
    for n in range(events):
        auditor.audit(
            AuditRecord("GET", f"{url}{n}", "a.example", n % 2 == 0, "domain=a.example" if n % 2 == 0 else "")
        )
        eventually(lambda: not auditor._channel)


def value(agent: Agent, name: str, reason: str = "") -> int | None:
    labels = (("reason", reason),) if reason else ()
    return next((c.value for c in agent.counters() if (c.name, c.labels) == (name, labels)), None)


@pytest.mark.parametrize(("events", "arrive"), [(2, 0), (9, 0), (10, 10), (12, 10), (20, 20)])
def test_the_last_partial_batch_is_lost_on_stop(tmp_path: Path, events: int, arrive: int) -> None:
    upstream = Upstream()
    with Agent(tmp_path / "s", upstream) as agent:
        auditor = SocketAuditor(tmp_path / "s", interval_s=LONG)
        auditor.start(log_to(io.StringIO()))
        send(auditor, events)
        auditor.stop()
        eventually(lambda: value(agent, FORWARDED) == arrive // 10)
        assert sum(map(len, upstream.batches)) == arrive
        assert value(agent, LOGS_DROPPED, "boundary_channel_full") is None


def test_a_partial_batch_goes_after_the_interval(tmp_path: Path) -> None:
    upstream = Upstream()
    with Agent(tmp_path / "s", upstream):
        auditor = SocketAuditor(tmp_path / "s", now_ns=lambda: 77, interval_s=0.05)
        auditor.start(log_to(io.StringIO()))
        send(auditor, 2)
        eventually(lambda: sum(map(len, upstream.batches)) == 2)
        auditor.stop()
    assert [log for batch in upstream.batches for log in batch] == [
        AgentLog(True, 77, "GET", "http://a.example/0", "domain=a.example"),
        AgentLog(False, 77, "GET", "http://a.example/1"),
    ]


def test_without_the_socket_nothing_is_sent_even_when_it_appears_later(tmp_path: Path) -> None:
    upstream, out = Upstream(), io.StringIO()
    auditor = SocketAuditor(tmp_path / "s", interval_s=0.01)
    auditor.start(log_to(out))
    with Agent(tmp_path / "s", upstream):
        send(auditor, 10)
        auditor.stop()
    assert upstream.batches == []
    assert out.getvalue() == (
        'time=1970-01-01T00:00:00.000Z level=WARN msg="Audit logs are disabled; workspace agent has not created log'
        f' proxy socket" socket={tmp_path / "s"}\n'
    )


def test_an_agent_that_goes_and_comes_back_gets_the_kept_batch_and_the_drop_count(tmp_path: Path) -> None:
    upstream, out = Upstream(), io.StringIO()
    path = tmp_path / "s"
    path.touch()
    auditor = SocketAuditor(path, interval_s=0.05)
    auditor.start(log_to(out))
    send(auditor, 12)
    eventually(lambda: auditor.dropped_batch_full == 2)
    with Agent(path, upstream) as agent:
        eventually(lambda: value(agent, LOGS_DROPPED, "boundary_batch_full") == 2)
        eventually(lambda: bool(upstream.batches))
        auditor.stop()
    assert [len(batch) for batch in upstream.batches] == [10]
    for message in (
        'msg="failed to connect to audit socket"',
        'msg="no connection to flush; resetting batch timer" duration_sec=0.05 batch_size=10',
        'msg="audit log dropped, batch full"',
    ):
        assert message in out.getvalue()


def test_a_batch_that_is_too_large_is_tried_for_ever(tmp_path: Path) -> None:
    upstream, out = Upstream(), io.StringIO()
    with Agent(tmp_path / "s", upstream) as agent:
        auditor = SocketAuditor(tmp_path / "s", interval_s=0.01)
        auditor.start(log_to(out))
        send(auditor, 1, url="http://a.example/" + "x" * 40_000)
        eventually(lambda: out.getvalue().count("failed to flush audit logs") >= 3)
        auditor.stop()
        assert value(agent, FORWARDED) == 0
    assert "message too large" in out.getvalue()
    assert upstream.batches == []
    with pytest.raises(ValueError, match="too large"):
        frame({"logs": "x" * 40_000})


def test_a_full_channel_drops_and_counts(tmp_path: Path) -> None:
    upstream, out = Upstream(), io.StringIO()
    with Agent(tmp_path / "s", upstream) as agent:
        auditor = SocketAuditor(tmp_path / "s", interval_s=0.05)
        auditor.start(log_to(out))
        with auditor._wake:  # the loop cannot take events while its lock is held
            for _ in range(23):
                auditor.audit(AuditRecord("GET", "http://a.example/", "a.example", False))
            assert auditor.dropped_channel_full == 3
        eventually(lambda: value(agent, LOGS_DROPPED, "boundary_channel_full") == 3)
        auditor.stop()
    assert out.getvalue().count("audit log dropped, channel full") == 3


def test_a_batch_that_coderd_refuses_is_lost_and_counted(tmp_path: Path) -> None:
    upstream = Upstream()
    upstream.refuses = True
    with Agent(tmp_path / "s", upstream) as agent:
        auditor = SocketAuditor(tmp_path / "s", interval_s=LONG)
        auditor.start(log_to(io.StringIO()))
        send(auditor, 10)
        eventually(lambda: value(agent, BATCHES_DROPPED, "forward_failed") == 1)
        auditor.stop()
        assert value(agent, LOGS_DROPPED, "forward_failed") == 10
        assert value(agent, FORWARDED) == 0


def test_a_full_buffer_of_the_agent_drops_batches(tmp_path: Path) -> None:
    upstream = Upstream()
    upstream.go.clear()
    log = {"allowed": False, "time_ns": 1, "method": "GET", "url": "http://a.example/"}
    with Agent(tmp_path / "s", upstream) as agent:
        agent.take({"logs": [log]})
        eventually(lambda: agent._buffer.empty())
        for _ in range(101):
            agent.take({"logs": [log, log]})
        assert value(agent, BATCHES_DROPPED, "buffer_full") == 1
        assert value(agent, LOGS_DROPPED, "buffer_full") == 2
        upstream.go.set()


def test_an_agent_older_than_the_envelope_takes_nothing(tmp_path: Path) -> None:
    upstream = Upstream()
    with Agent(tmp_path / "s", upstream, frames=Frames(frozenset({1}))) as agent:
        auditor = SocketAuditor(tmp_path / "s", interval_s=LONG)
        auditor.start(log_to(io.StringIO()))
        send(auditor, 10)
        auditor.stop()
        assert value(agent, FORWARDED) == 0
    assert upstream.batches == []


def test_an_agent_reports_its_counters_at_once_and_every_interval(tmp_path: Path) -> None:
    upstream, started = Upstream(), list[str]()
    with Agent(tmp_path / "s", upstream, 0.02, start_line=started.append, now_ns=lambda: 1_000_000):
        eventually(lambda: len(upstream.stats) >= 3)
    assert upstream.stats[0] == [Counter(FORWARDED, (), 0)]
    head = "1970-01-01 00:00:00.001 [info]  boundary-log-proxy"
    assert started == [f"{head}: boundary log proxy started  socket_path={tmp_path / 's'}"]


def test_a_socket_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="audit socket"):
        Agent(tmp_path / "absent" / "s", Upstream()).start()


def test_boundary_goes_on_without_room_for_its_log(tmp_path: Path) -> None:
    writer = BoundaryLogWriter(tmp_path, Level.WARN, lambda: 1, sys.stderr)
    with room(0):
        writer.write(Level.WARN, "DENY")
        writer.close()
    assert [path.stat().st_size for path in tmp_path.iterdir()] == [0, 0]
