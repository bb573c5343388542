"""Sends an event with little more than a socket, for as many events a second as an agent's client cannot send."""

import re
import socket
import ssl
import time
from pathlib import Path
from urllib.parse import urlsplit

from obs_check.client.egress import PATIENT, EgressAnswer, Patience, read_answer
from obs_check.client.http import one_line
from obs_check.config import host_port
from obs_check.model.event import Event

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
_CHUNK = 64 * 1024


class LoadSender:
    """Sends through the proxy at a URL; `ca` is the CA that boundary's certificates are of. Several threads may use it.

    As boundary v0.9.0 has it, a connection carries one request.
    """

    def __init__(self, proxy: str, ca: Path | None, patience: Patience = PATIENT) -> None:
        host, _, port = host_port(proxy).rpartition(":")
        self._proxy = (host.strip("[]"), int(port))
        self._patience = patience
        self._tls = ssl.create_default_context(cafile=str(ca) if ca else None)

    def send(self, event: Event) -> EgressAnswer:
        """Send one event; never raises for what the network does, and takes at most `whole_s` seconds and `bytes` of an
        answer."""
        deadline = time.monotonic() + self._patience.whole_s
        try:
            with socket.create_connection(self._proxy, self._patience.connect_s) as plain:
                return self._exchange(event, plain, deadline)
        except ssl.SSLCertVerificationError as error:
            return EgressAnswer(None, "ca_untrusted", one_line(str(error), 200))
        except TimeoutError:
            return EgressAnswer(None, "no_answer", f"no whole answer within {self._patience.whole_s:g} s")
        except OSError as error:
            return EgressAnswer(None, "no_answer", one_line(error.strerror or str(error), 200))

    def _exchange(self, event: Event, plain: socket.socket, deadline: float) -> EgressAnswer:
        parts = urlsplit(event.url)
        target, connection = event.url, plain
        if parts.scheme == "https":
            place = host_port(event.url)
            plain.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
            head = self._read(plain, deadline, b"\r\n\r\n")
            if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
                return EgressAnswer(None, "blocked_elsewhere", "the proxy refuses CONNECT, which boundary never does")
            plain.settimeout(max(0.001, deadline - time.monotonic()))
            connection = self._tls.wrap_socket(plain, server_hostname=parts.hostname)
            target = f"{parts.path or '/'}?{parts.query}"
        asked = f"{event.method} {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: obs-check\r\nAccept: */*\r\n"
        connection.sendall(f"{asked}Connection: close\r\n\r\n".encode())
        body = self._read(connection, deadline)
        status = _STATUS.match(body)
        if status is None:
            said = one_line(bytes(body).decode("utf-8", "replace"), 80)
            return EgressAnswer(None, "no_answer", f"no HTTP: {said}" if said else "the connection was closed")
        return read_answer(int(status[1]), bytes(body).decode("utf-8", "replace"))

    def _read(self, connection: socket.socket, deadline: float, until: bytes = b"") -> bytearray:
        """What comes until the end of the answer, of the connection, or of what is read of one."""
        got = bytearray()
        whole = 0
        while len(got) < self._patience.bytes and (not whole or len(got) < whole):
            connection.settimeout(max(0.001, deadline - time.monotonic()))
            chunk = connection.recv(_CHUNK)
            if not chunk:
                break
            got += chunk
            if until and until in got:
                break
            head = got.find(b"\r\n\r\n")
            if not whole and not until and head >= 0 and (length := _LENGTH.search(got, 0, head + 2)):
                whole = head + 4 + int(length[1])
            if time.monotonic() >= deadline:
                raise TimeoutError
        return got
