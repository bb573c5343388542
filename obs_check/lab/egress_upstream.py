"""What the firewall asks origins: the requests that it allows, over connections that it keeps as long as they do."""

import http.client
import string
import threading
from urllib.parse import quote_from_bytes

from obs_check.lab.egress_request import ProxyRequest

UPSTREAM_TIMEOUT_S = 10.0
_HOP_BY_HOP = frozenset({"connection", "proxy-connection"})
_REWRITTEN = frozenset({"content-length", "transfer-encoding", "trailer"})
_REPEATABLE = frozenset({"GET", "HEAD"})
"""Methods that Go's http.Transport sends again where a kept connection turns out to be closed."""
Address = tuple[str, int]


class Origins:
    """The way to origins, as Go's http.Transport goes it. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Address, list[http.client.HTTPConnection]] = {}

    def answer(self, address: Address, request: ProxyRequest) -> bytes:
        """The whole answer, as it goes to the client. Raises OSError, ValueError or HTTPException without one."""
        if request.method in _REPEATABLE and (kept := self._take(address)) is not None:
            try:
                return self._exchange(address, kept, request)
            except (ConnectionError, http.client.BadStatusLine):
                kept.close()
        return self._exchange(address, http.client.HTTPConnection(*address, timeout=UPSTREAM_TIMEOUT_S), request)

    def close(self) -> None:
        """Close what is kept."""
        with self._lock:
            kept, self._kept = self._kept, {}
        for connection in (one for ones in kept.values() for one in ones):
            connection.close()

    def _take(self, address: Address) -> http.client.HTTPConnection | None:
        with self._lock:
            kept = self._kept.get(address)
            return kept.pop() if kept else None

    def _exchange(self, address: Address, connection: http.client.HTTPConnection, request: ProxyRequest) -> bytes:
        try:
            answer = _exchange(connection, request)
        except BaseException:
            connection.close()
            raise
        # It is closed already where the origin wants that.
        if connection.sock is not None:
            with self._lock:
                self._kept.setdefault(address, []).append(connection)
        return answer


def _exchange(connection: http.client.HTTPConnection, request: ProxyRequest) -> bytes:
    """Send a request upstream and read the whole answer, redirects not followed, framing made a Content-Length."""
    body = b"" if request.method in ("GET", "HEAD") else request.body
    # http.client sends ASCII only; a query may hold anything.
    target = quote_from_bytes(request.target.encode("utf-8", "surrogateescape"), string.printable)
    connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", request.host)
    for name, value in request.headers:
        if name.lower() not in _HOP_BY_HOP | _REWRITTEN | {"host"}:
            connection.putheader(name, value)
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    response = connection.getresponse()
    content = response.read()
    head = [f"HTTP/1.1 {response.status} {response.reason}", f"Content-Length: {len(content)}"]
    head += [f"{name}: {value}" for name, value in response.getheaders() if name.lower() not in _REWRITTEN]
    return ("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + content
