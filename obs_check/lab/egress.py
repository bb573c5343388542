"""The egress firewall: an HTTP forward proxy that decides, logs and answers as boundary v0.9.0 does.

CONNECT is answered with 200, as boundary always does; TLS is then terminated with a certificate for the lab's hosts
(obs_check/lab/tls), and the requests inside are decided and forwarded as plain http. A client that does not trust the
CA leaves an ERROR line and no audit event on either path.

By hand, because what it answers, and when it closes, has to be boundary's to the letter.
"""

import contextlib
import http.client
import io
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path
from socketserver import StreamRequestHandler
from typing import Any, Self, TextIO

from obs_check.boundary.block_page import block_page
from obs_check.boundary.config import BoundaryConfig, read_boundary_config
from obs_check.boundary.log import DECIDED_AT, BoundaryLogWriter, Level, LineStyle
from obs_check.boundary.rules import evaluate
from obs_check.errors import Unavailable
from obs_check.lab.audit import AuditRecord, AuditSink
from obs_check.lab.egress_request import BadRequest, ProxyRequest, read_request
from obs_check.lab.egress_upstream import Origins
from obs_check.lab.origin import HangUpServer, LoopbackServer
from obs_check.lab.tls.certificate import tls_context
from obs_check.serving import Startable

_NO_HANDSHAKE = "TLS handshake failed in CONNECT tunnel"
_AS_GO_SAYS = {
    # To a client of OpenSSL over TLS 1.3; over 1.2 it is "remote error: tls: unknown certificate authority".
    "TLSV1_ALERT_UNKNOWN_CA": "local error: tls: bad record MAC",
    "CALLBACK_FAILED": "no server name provided",
}
_TLS_RECORDS = frozenset(b"\x14\x15\x16\x17")
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """How one boundary is run, and where.

    `resolve` maps a host of a request, with or without its port, to the address that answers for it; a host that is
    neither mapped nor loopback does not resolve, so the lab never leaves the machine. `port` 0 takes a free one, None
    the configuration's proxy_port. `zone` is the one of times; `pids` are those in the log files' names. The wrapped
    command ends after `ends_after` requests (0: never), and boundary with it. `stderr` None is this process's.
    """

    resolve: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    now_ns: Callable[[], int] = time.time_ns
    zone: tzinfo = UTC
    stderr: TextIO | None = None
    pids: tuple[int, int] | None = None
    port: int | None = 0
    json_lines: bool = False
    ends_after: int = 0
    session_id: str = ""


class LabEgress(Startable):
    """One boundary invocation on a loopback port: from `start` to `stop` it has one configuration, one pair of log
    files and one run of its audit sink.

    `config_path` stands for --config; None leaves the search to `run.env` (see read_boundary_config).
    """

    def __init__(self, config_path: Path | None, audit: AuditSink, run: Invocation | None = None) -> None:
        self._config_path = config_path
        self._audit = audit
        self._run = run or Invocation()
        self._left = self._run.ends_after
        self._config = BoundaryConfig()
        self._log: BoundaryLogWriter | None = None
        self._server: LoopbackServer | None = None
        self._origins = Origins()

    def start(self) -> Self:
        """Read the configuration, open the log, start auditing and listen.

        ConfigError for a configuration that boundary would not start with; Unavailable when the log cannot be written
        or the port is taken (which is logged, and the command would not run).
        """
        self._config = config = read_boundary_config(self._config_path, self._run.env)
        log = self._log = BoundaryLogWriter(
            config.log_dir,
            config.log_level,
            self._run.now_ns,
            self._run.stderr or sys.stderr,
            self._run.pids,
            LineStyle(self._run.zone, self._run.json_lines),
        )
        if not config.rules:
            log.write(Level.WARN, "No allow rules specified; all network traffic will be denied by default")
        if config.disable_audit_logs:
            log.write(Level.WARN, "Audit logs are disabled by configuration")
        else:
            self._audit.start(log)
        if self._run.session_id:
            # Newer than v0.9.0.
            log.write(Level.INFO, "boundary session started", session_id=self._run.session_id)
        log.write(Level.INFO, "Start landjail manager")
        port = config.proxy_port if self._run.port is None else self._run.port
        try:
            self._server = LoopbackServer("lab-egress", partial(_Connection, self), port).start()
        except Unavailable as error:
            reason = f"listen tcp :{port}: bind: address already in use"
            log.write(Level.ERROR, "Failed to create HTTP listener", error=reason)
            self.stop()
            raise Unavailable(
                f"proxy port {port}: {error.message}", "free the port or set another proxy_port"
            ) from error
        log.write(Level.INFO, "Starting HTTP proxy with TLS termination", port=self._server.port)
        return self

    def stop(self) -> None:
        """End as boundary does when its command has ended. Stopping twice is not an error."""
        log = self._log
        if log is None:
            return
        if self._server is not None:
            log.write(Level.INFO, "Command completed, shutting down...")
            self._server.stop()
            self._server = None
        self._origins.close()
        if not self._config.disable_audit_logs:
            self._audit.stop()
        log.write(Level.INFO, "Stop landjail manager")
        log.close()
        # Only now: a request that was under way when the stop began still needs the log.
        self._log = None

    @property
    def url(self) -> str:
        """The proxy's address for HTTP_PROXY; Unavailable when it is not running."""
        if self._server is None:
            raise Unavailable("lab-egress is not running", "start it first")
        return self._server.url

    @property
    def log(self) -> BoundaryLogWriter:
        """The log of the running invocation; Unavailable when it is not running."""
        if self._log is None:
            raise Unavailable("lab-egress is not running", "start it first")
        return self._log

    def decide(self, request: ProxyRequest) -> bool:
        """Whether the rules allow a request. Either way it is logged and audited, before anything is forwarded."""
        rule = evaluate(self._config.rules, request.method, request.url)
        fields = {"method": request.method, "url": request.url, "host": request.host}
        if rule is None:
            self.log.write(DECIDED_AT["deny"], "DENY", **fields)
        else:
            self.log.write(DECIDED_AT["allow"], "ALLOW", **fields, rule=rule.raw)
        if not self._config.disable_audit_logs:
            self._audit.audit(AuditRecord(**fields, allowed=rule is not None, rule=rule.raw if rule else ""))
        if self._left:
            self._left -= 1
            if not self._left:
                threading.Thread(target=self.stop, name="lab-command-end", daemon=True).start()
        return rule is not None

    def forward(self, request: ProxyRequest) -> bytes | None:
        """The upstream's answer as it goes to the client; None, with an ERROR line, when there is none."""
        address = self._address(request)
        try:
            if address is None:
                raise OSError(f"dial tcp: lookup {request.hostname}: no such host")
            return self._origins.answer(address, request)
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = str(error)
            if address and isinstance(error, ConnectionRefusedError):
                reason = f"dial tcp {address[0]}:{address[1]}: connect: connection refused"
            verb = request.method.capitalize()
            # Boundary v0.9.0 says HTTPS for plain http as well.
            self.log.write(Level.ERROR, "Failed to forward HTTPS request", error=f'{verb} "{request.url}": {reason}')
            return None

    def _address(self, request: ProxyRequest) -> tuple[str, int] | None:
        for name in (request.host, request.hostname):
            if name in self._run.resolve:
                return self._run.resolve[name]
        return (request.hostname, request.port) if request.hostname in _LOOPBACK_NAMES else None


def blocked_answer(request: ProxyRequest) -> bytes:
    """The 403 of a denied request, body included even for HEAD. Boundary's hints below the two lines are left out."""
    body = block_page(request.method, request.path, request.host).encode("utf-8", "surrogateescape")
    head = f"HTTP/1.1 403 Forbidden\r\nContent-Length: {len(body)}\r\nContent-Type: text/plain\r\n\r\n"
    return head.encode() + body


class _Connection(StreamRequestHandler):
    """One client connection: one plain request, then it is closed, whatever the client asked for."""

    rfile: io.BufferedReader
    server: HangUpServer

    def __init__(self, egress: LabEgress, *args: Any) -> None:
        self._egress = egress
        super().__init__(*args)

    def handle(self) -> None:
        """Tell TLS from HTTP by the first byte, as boundary does, and serve the request."""
        log = self._egress.log
        first = self.rfile.peek(1)[:1]
        if not first:
            log.write(
                Level.ERROR,
                "Failed to check connection type",
                error="failed to read first byte from connection: EOF, read 0 bytes",
            )
        elif first[0] in _TLS_RECORDS:
            log.write(Level.ERROR, "TLS handshake failed", error="the lab terminates no TLS")
        else:
            self._serve(log)

    def _serve(self, log: BoundaryLogWriter) -> None:
        try:
            request = read_request(self.rfile)
        except BadRequest as error:
            log.write(Level.ERROR, "Failed to read HTTP request", error=str(error))
            return
        if request.method == "CONNECT":
            # What comes before the answer cannot be the begin of a handshake, and TLS could not take it over.
            self.connection.setblocking(False)
            early = self.rfile.peek(1)
            self.connection.setblocking(True)
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            if early:
                # What is left unread would turn the close into a reset.
                self.rfile.read1()
                log.write(Level.ERROR, _NO_HANDSHAKE, error="tls: first record does not look like a TLS handshake")
            elif not self.connection.recv(1, socket.MSG_PEEK):
                log.write(Level.ERROR, _NO_HANDSHAKE, error="EOF")
            else:
                self._inside(log)
            return
        self._answer(request)

    def _inside(self, log: BoundaryLogWriter) -> None:
        """The requests of a tunnel, each decided by its own Host header."""
        with self.server.noting(self.connection.dup()):
            self._terminated(log)

    def _terminated(self, log: BoundaryLogWriter) -> None:
        try:
            inside = tls_context().wrap_socket(self.connection, server_side=True)
        except (OSError, ValueError) as error:
            reason = str(getattr(error, "reason", None) or "EOF")
            log.write(Level.ERROR, _NO_HANDSHAKE, error=_AS_GO_SAYS.get(reason, reason.lower()))
            return
        self.rfile, self.wfile = inside.makefile("rb"), inside.makefile("wb")
        with inside, self.rfile, self.wfile, contextlib.suppress(BadRequest, OSError):
            while True:
                request = read_request(self.rfile)
                self._answer(replace(request, url=request.url.replace("http://", "https://", 1)))
                self.wfile.flush()

    def _answer(self, request: ProxyRequest) -> None:
        answer = self._egress.forward(request) if self._egress.decide(request) else blocked_answer(request)
        if answer is not None:
            self.wfile.write(answer)
