"""Keeps web pages away from a lab Loki: a page that somebody looks at can send requests to the loopback, too.

A browser says where a request of a page comes from (Origin), but for what a page may send without being asked before:
a GET, and a POST of three content types. A page whose name was made to mean the loopback (DNS rebinding) is told by the
Host of its requests: a name with dots that is not known here. WebSockets have no such rules at all, only an Origin.
"""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from obs_check.model.secret import shorten

_UNASKED = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
"""Content types that a page may send to anybody (Fetch standard: CORS-safelisted)."""
_SHOWN = 100


class NoWebPages:
    """`app` without requests that a web page could have sent: they are answered 403. `hosts` are names with dots by
    which it is known, beside addresses, `localhost` and names without dots."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] = ()) -> None:
        self._app = app
        self._hosts = {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        why = self._refused(scope["path"], Headers(scope=scope)) if scope["type"] in ("http", "websocket") else ""
        app = PlainTextResponse(f"{why}\n", 403) if why else self._app
        await app(scope, receive, send)

    def _refused(self, path: str, headers: Headers) -> str:
        host, origin = headers.get("host", ""), headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return f"asked by a page of {shorten(origin, _SHOWN)}, which the lab's Loki does not answer"
        if not self._known(host):
            return f"the lab's Loki does not know itself as {shorten(host, _SHOWN)}: --allow-host names it"
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if path.endswith("/push") and kind in _UNASKED:
            return f"a push as {kind} may come from any web page: send application/json or application/x-protobuf"
        return ""

    def _known(self, host: str) -> bool:
        name = host.lower()
        name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
        try:
            ip_address(name)
        except ValueError:
            return "." not in name or name in self._hosts
        return True
