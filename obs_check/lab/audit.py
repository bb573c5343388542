"""Path B's first hop: boundary's socket auditor with its batches, its channel and its losses.

The frame on the socket is the real one, a 4-byte big-endian header (8-bit tag, 24-bit length) and a body of at most
32 KiB. The body is not: where boundary v0.9.0 writes protobuf, the lab writes JSON with the same content, so a real
agent cannot read it, and a batch of long URLs reaches the limit a little earlier.
"""

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from obs_check.boundary.log import BoundaryLogWriter, Level
from obs_check.errors import Unavailable
from obs_check.model.tree import Json

TAG_ENVELOPE = 2
"""The tag that boundary v0.9.0 sends: an envelope that holds either logs or a status."""
MAX_BODY = 1 << 15
"""Bytes of one frame's body; a longer batch is never sent and never given up."""
BATCH_SIZE = 10
CHANNEL_SIZE = 20
SEND_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One decision. `url` is absolute with its query, `rule` the raw rule, empty on a denial."""

    method: str
    url: str
    host: str
    allowed: bool
    rule: str = ""


class AuditSink(Protocol):
    """Where the egress sends decisions beside its own log; it lives exactly as long as the egress."""

    def start(self, log: BoundaryLogWriter) -> None:
        """Begin; its own troubles go to the egress's log."""

    def audit(self, record: AuditRecord) -> None:
        """Take one decision; never blocks and never fails the request."""

    def stop(self) -> None:
        """End, as with the end of the boundary process."""


def frame(body: Mapping[str, object]) -> bytes:
    """One framed message; ValueError when the body is longer than a frame may be."""
    data = json.dumps(body, separators=(",", ":")).encode("utf-8", "surrogateescape")
    if len(data) > MAX_BODY:
        raise ValueError(f"message too large: {len(data)} > {MAX_BODY}")
    return (TAG_ENVELOPE << 24 | len(data)).to_bytes(4, "big") + data


class SocketAuditor:
    """Sends decisions to the workspace agent's socket in batches, as boundary v0.9.0 does.

    A batch goes when it holds 10 events or `interval_s` seconds after its first one. 20 events may wait in the channel;
    more are dropped and counted. A batch that cannot be sent is kept and tried again every `interval_s`; while it is
    full, later events are dropped and counted. Drop counts travel after the next batch that was sent.

    boundary v0.9.0 sends no `session_id`; newer ones send one a process with every batch.

    `stop` loses the last partial batch: boundary ends without waiting for it (measured: 2 events and exit, none of 120
    arrived; exactly 10 events, all did).
    """

    def __init__(
        self,
        socket_path: Path,
        now_ns: Callable[[], int] = time.time_ns,
        interval_s: float = 5.0,
        session_id: str = "",
    ) -> None:
        self._path = socket_path
        self._session_id = session_id
        self._now_ns = now_ns
        self._interval_s = interval_s
        self._channel: deque[dict[str, Json]] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._log: BoundaryLogWriter | None = None
        self._connection: socket.socket | None = None
        self._batch: list[dict[str, Json]] = []
        self._deadline: float | None = None
        self.dropped_channel_full = 0
        """Events dropped because the channel was full and not yet reported to the agent."""
        self.dropped_batch_full = 0
        """Events dropped because an unsendable batch was full and not yet reported to the agent."""

    def start(self, log: BoundaryLogWriter) -> None:
        """Look for the socket, once: without it nothing is sent until the next start, whatever appears later."""
        try:
            there = self._path.exists()
        except OSError as error:
            raise Unavailable(f"audit socket {self._path}: {error}", "check the path of the audit socket") from error
        if not there:
            log.write(
                Level.WARN,
                "Audit logs are disabled; workspace agent has not created log proxy socket",
                socket=str(self._path),
            )
            return
        self._log = log
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name="lab-socket-auditor", daemon=True)
        self._thread.start()

    def audit(self, record: AuditRecord) -> None:
        """Queue one decision with the time of now; dropped and counted when 20 are waiting."""
        if self._thread is None or self._log is None:
            return
        body: dict[str, Json] = {
            "allowed": record.allowed,
            "time_ns": self._now_ns(),
            "method": record.method,
            "url": record.url,
        }
        if record.allowed:
            body["matched_rule"] = record.rule
        with self._wake:
            full = len(self._channel) >= CHANNEL_SIZE
            if full:
                self.dropped_channel_full += 1
            else:
                self._channel.append(body)
                self._wake.notify()
        if full:
            self._log.write(Level.WARN, "audit log dropped, channel full")

    def stop(self) -> None:
        """End the loop. Full batches that wait in the channel still go, the rest is lost."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        with self._wake:
            self._stopping = True
            self._wake.notify()
        thread.join(2 * SEND_TIMEOUT_S)
        self._channel.clear()
        self._batch.clear()
        self._deadline = None

    def _loop(self) -> None:
        self._connect()
        while True:
            with self._wake:
                while not self._channel and not self._stopping and not self._due():
                    self._wake.wait(None if self._deadline is None else self._deadline - time.monotonic())
                event = self._channel.popleft() if self._channel else None
                ending = self._stopping
            if event is not None:
                self._add(event)
            elif ending:
                break
            else:
                self._flush()
        self._hang_up()

    def _due(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _add(self, event: dict[str, Any]) -> None:
        if len(self._batch) >= BATCH_SIZE:
            self._flush()
            if len(self._batch) >= BATCH_SIZE:
                with self._wake:
                    self.dropped_batch_full += 1
                self._warn("audit log dropped, batch full")
                return
        self._batch.append(event)
        if len(self._batch) == 1:
            self._set_timer()
        if len(self._batch) >= BATCH_SIZE:
            self._flush()

    def _flush(self) -> None:
        self._deadline = None
        if not self._batch:
            return
        connection = self._connect()
        if connection is None:
            self._warn(
                "no connection to flush; resetting batch timer",
                duration_sec=self._interval_s,
                batch_size=len(self._batch),
            )
            self._set_timer()
            return
        try:
            session = {"session_id": self._session_id} if self._session_id else {}
            connection.sendall(frame({"logs": self._batch, **session}))
        except (OSError, ValueError) as error:
            # Boundary v0.9.0 treats a batch that is too large like a broken connection: it is tried for ever.
            self._warn(
                "failed to flush audit logs; resetting batch timer to reconnect and retry",
                error=f"write logs: {error}",
                duration_sec=self._interval_s,
                batch_size=len(self._batch),
            )
            self._hang_up()
            self._set_timer()
            return
        self._batch.clear()
        self._send_status(connection)

    def _send_status(self, connection: socket.socket) -> None:
        with self._wake:
            channel, batch = self.dropped_channel_full, self.dropped_batch_full
            self.dropped_channel_full = self.dropped_batch_full = 0
        if not channel and not batch:
            return
        try:
            connection.sendall(frame({"status": {"dropped_channel_full": channel, "dropped_batch_full": batch}}))
        except OSError as error:
            with self._wake:
                self.dropped_channel_full += channel
                self.dropped_batch_full += batch
            self._warn("failed to send drop status", error=f"write status: {error}")

    def _set_timer(self) -> None:
        self._deadline = time.monotonic() + self._interval_s

    def _connect(self) -> socket.socket | None:
        """The connection, made anew when there is none; None when the agent does not answer."""
        if self._connection is None:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            # A peer that stops reading must not keep the lab from stopping.
            connection.settimeout(SEND_TIMEOUT_S)
            try:
                connection.connect(str(self._path))
            except OSError as error:
                connection.close()
                reason = (error.strerror or str(error)).lower()
                self._warn(
                    "failed to connect to audit socket",
                    path=str(self._path),
                    error=f"dial unix {self._path}: connect: {reason}",
                )
                return None
            self._connection = connection
        return self._connection

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _warn(self, message: str, **fields: str | int | float) -> None:
        if self._log is not None:
            self._log.write(Level.WARN, message, **fields)
