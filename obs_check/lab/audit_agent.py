"""The workspace agent's end of the audit socket: takes batches, forwards them to coderd, counts what it loses."""

import contextlib
import json
import queue
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from socketserver import BaseRequestHandler
from typing import Any, Protocol, Self

from obs_check.boundary.coderd import AgentLog, human_head
from obs_check.errors import ObsCheckError, Unavailable
from obs_check.lab.audit import MAX_BODY, TAG_ENVELOPE
from obs_check.lab.origin import HangUpServer
from obs_check.serving import STOP_S, Startable

FORWARDED = "agent_boundary_log_proxy_batches_forwarded_total"
BATCHES_DROPPED = "agent_boundary_log_proxy_batches_dropped_total"
LOGS_DROPPED = "agent_boundary_log_proxy_logs_dropped_total"
BUFFERED_BATCHES = 100
"""Batches that wait in the agent for coderd; more are dropped (`buffer_full`)."""


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter of the agent's registry."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: int


class Upstream(Protocol):
    """What the agent calls on coderd; either may raise an ObsCheckError."""

    def report_boundary_logs(self, batch: Sequence[AgentLog]) -> None:
        """Hand over one batch; it is not sent again when this fails."""

    def update_stats(self, counters: Sequence[Counter]) -> None:
        """Hand over the agent's counters, which coderd shows with the workspace's labels."""


@dataclass(frozen=True, slots=True)
class Frames:
    """What an agent understands: `tags` of frames ({1} is an agent older than boundary v0.9.0, which closes the
    connection on every batch), and how a frame's body is read: the lab's boundary writes JSON there, a real one
    protobuf."""

    tags: frozenset[int] = frozenset({1, TAG_ENVELOPE})
    decode: Callable[[bytes], dict[str, Any]] = json.loads


class Agent(Startable):
    """Listens on a unix socket. `start_line` is called with the line that every agent start logs, firewall or not;
    `stats_interval_s` is how often it reports its counters to coderd."""

    def __init__(
        self,
        socket_path: Path,
        upstream: Upstream,
        stats_interval_s: float = 30.0,
        frames: Frames | None = None,
        start_line: Callable[[str], None] | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.frames = frames or Frames()
        self._path = socket_path
        self._upstream = upstream
        self._stats_interval_s = stats_interval_s
        self._start_line = start_line
        self._now_ns = now_ns
        self._buffer: queue.Queue[list[AgentLog] | None] = queue.Queue(BUFFERED_BATCHES)
        self._lock = threading.Lock()
        self._counters: dict[tuple[str, str], int] = {}
        self._server: HangUpServer | None = None
        self._threads: list[threading.Thread] = []

    def start(self) -> Self:
        """Create the socket and listen; Unavailable when it cannot be created. Counters begin at 0."""
        try:
            self._path.unlink(missing_ok=True)
            self._server = _UnixServer(str(self._path), partial(_AuditConnection, self))
        except OSError as error:
            raise Unavailable(
                f"audit socket {self._path}: {error}", "use a shorter path in a writable place"
            ) from error
        self._counters = {(FORWARDED, ""): 0}
        self._buffer = queue.Queue(BUFFERED_BATCHES)
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.05,), name="lab-agent-listener", daemon=True),
            threading.Thread(target=self._forward, name="lab-agent-forwarder", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        if self._start_line is not None:
            head = human_head(self._now_ns(), "boundary-log-proxy")
            self._start_line(f"{head}: boundary log proxy started  socket_path={self._path}")
        return self

    def stop(self) -> None:
        """Close the socket, drop what is buffered and wait for the threads. Stopping twice is not an error."""
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        server.hang_up()
        server.server_close()
        self._path.unlink(missing_ok=True)
        with contextlib.suppress(queue.Empty):
            while True:
                self._buffer.get_nowait()
        self._buffer.put(None)
        for thread in self._threads:
            thread.join(STOP_S)

    def counters(self) -> list[Counter]:
        """The counters of now. The forwarded one exists from the start, a drop counter from its first drop."""
        with self._lock:
            return [
                Counter(name, (("reason", reason),) if reason else (), value)
                for (name, reason), value in sorted(self._counters.items())
            ]

    def accepts(self, tag: int) -> bool:
        """Whether a frame's tag is understood."""
        return tag in self.frames.tags

    def take(self, message: dict[str, Any]) -> None:
        """One message of the socket: logs are buffered (or dropped when 100 batches wait), a status is counted."""
        if "status" in message:
            status = message["status"]
            self._count(LOGS_DROPPED, "boundary_channel_full", status["dropped_channel_full"])
            self._count(LOGS_DROPPED, "boundary_batch_full", status["dropped_batch_full"])
            return
        batch = [AgentLog(**log, session_id=message.get("session_id", "")) for log in message["logs"]]
        try:
            self._buffer.put_nowait(batch)
        except queue.Full:
            self._dropped("buffer_full", batch)

    def _forward(self) -> None:
        """Forward batch by batch; report the counters at the start and then every interval."""
        due = time.monotonic()
        while True:
            if time.monotonic() >= due:
                # A report that fails is not sent again; the next one carries the same totals.
                with contextlib.suppress(ObsCheckError):
                    self._upstream.update_stats(self.counters())
                due = time.monotonic() + self._stats_interval_s
            try:
                batch = self._buffer.get(timeout=max(0.0, due - time.monotonic()))
            except queue.Empty:
                continue
            if batch is None:
                return
            try:
                self._upstream.report_boundary_logs(batch)
                self._count(FORWARDED, "", 1)
            except ObsCheckError:
                self._dropped("forward_failed", batch)

    def _dropped(self, reason: str, batch: Sequence[AgentLog]) -> None:
        self._count(BATCHES_DROPPED, reason, 1)
        self._count(LOGS_DROPPED, reason, len(batch))

    def _count(self, name: str, reason: str, more: int) -> None:
        if more:
            with self._lock:
                self._counters[name, reason] = self._counters.get((name, reason), 0) + more


class _UnixServer(HangUpServer):
    address_family = socket.AF_UNIX
    allow_reuse_address = False


class _AuditConnection(BaseRequestHandler):
    """Reads frames until the peer goes; a tag or a length that is not understood ends the connection."""

    def __init__(self, agent: Agent, *args: Any) -> None:
        self._agent = agent
        super().__init__(*args)

    def handle(self) -> None:
        """Hand every message to the agent."""
        with self.request.makefile("rb") as stream:
            while len(header := stream.read(4)) == 4:
                (word,) = struct.unpack(">I", header)
                tag, length = word >> 24, word & 0xFFFFFF
                if not self._agent.accepts(tag) or length > MAX_BODY:
                    return
                body = stream.read(length)
                if len(body) < length:
                    return
                self._agent.take(self._agent.frames.decode(body))
