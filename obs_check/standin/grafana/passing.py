"""What Grafana passes on to a datasource: the proxy, the plugin's resources and its health check."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from obs_check.standin.grafana.datasource import ProvisionedDatasource
from obs_check.standin.grafana.outcome import NO_SERVER, PLUGIN_ERROR, refused_text, unreached
from obs_check.standin.grafana.refusal import GrafanaRefusal
from obs_check.standin.sql import SqlError

if TYPE_CHECKING:
    import httpx
    from starlette.websockets import WebSocket
    from websockets.asyncio.client import ClientConnection

_CHECKS = {
    "loki": ("/loki/api/v1/query", "vector(1)+vector(1)", "Data source successfully connected."),
    "prometheus": ("/api/v1/query", "1+1", "Successfully queried the Prometheus API."),
}
_LOKI_FAILS = "Unable to connect with Loki. Please check the server logs for more details."
_PROMETHEUS_FAILS = "There was an error returned querying the Prometheus API."


PASSED_ON = ("X-Loki-Response-Encoding-Flags", "X-Scope-OrgID")
"""Headers of a client that reach the datasource. Grafana's proxy takes cookies and credentials off and passes others
on; those that the datasource sets itself win."""


def pass_through(
    http: "httpx.Client",
    source: ProvisionedDatasource,
    path: str,
    query: bytes,
    headers: Mapping[str, str] | None = None,
) -> "httpx.Response":
    """The datasource's own answer; Refusal 502, without a text, when there is none."""
    import httpx

    try:
        return source.get(http, f"/{path}", query, headers)
    except httpx.HTTPError as error:
        raise GrafanaRefusal(502, "", error=str(error)) from None


async def pass_websocket_through(
    browser: "WebSocket", source: ProvisionedDatasource, path: str, headers: Mapping[str, str]
) -> None:
    """Carry a websocket's messages both ways until one side leaves, as the proxy has since Grafana 6.3 (it is Go's
    ReverseProxy). What the datasource answers in the place of one is passed on; Refusal 502, without a text, where it
    does not answer."""
    from starlette.responses import Response
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidHandshake, InvalidStatus

    address = f"ws{source.url.removeprefix('http')}/{path}?{browser.url.query}"
    try:
        upstream = await connect(
            address, additional_headers={**headers, **source.headers}, proxy=None, max_size=None, compression=None
        )
    except InvalidStatus as refused:
        answer = refused.response
        await browser.send_denial_response(Response(bytes(answer.body or b""), answer.status_code))
        return
    except (InvalidHandshake, OSError, TimeoutError) as error:
        raise GrafanaRefusal(502, "", error=str(error)) from None
    async with upstream:
        await browser.accept()
        ways = [asyncio.create_task(way) for way in (_to_browser(browser, upstream), _to_source(browser, upstream))]
        _, others = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for other in others:
            other.cancel()


async def _to_browser(browser: "WebSocket", upstream: "ClientConnection") -> None:
    from starlette.websockets import WebSocketDisconnect
    from websockets.exceptions import ConnectionClosed

    # The browser may leave in the very moment that it is sent something.
    with suppress(WebSocketDisconnect):
        try:
            while True:
                message = await upstream.recv()
                await (browser.send_text(message) if isinstance(message, str) else browser.send_bytes(message))
        except ConnectionClosed as closed:
            # What ended without a goodbye ends here with "going away" (RFC 6455): no other code may be sent for it.
            await browser.close(closed.rcvd.code if closed.rcvd else 1001, closed.rcvd.reason if closed.rcvd else "")


async def _to_source(browser: "WebSocket", upstream: "ClientConnection") -> None:
    from websockets.exceptions import ConnectionClosed

    # The other way hears of its end, too.
    with suppress(ConnectionClosed):
        while (message := await browser.receive())["type"] != "websocket.disconnect":
            await upstream.send(message.get("text") or message.get("bytes") or b"")


def resource(http: "httpx.Client", source: ProvisionedDatasource, path: str, query: bytes) -> "httpx.Response":
    """The answer of a plugin's resource: below Loki's API for Loki (Grafana 12.4 has no list of them any more), the
    path itself for Prometheus. Refusal of refusals; the text of a 5xx is hidden."""
    import httpx

    if source.type not in _CHECKS:
        raise GrafanaRefusal(404, "Not found")
    try:
        response = source.get(http, f"/loki/api/v1/{path}" if source.type == "loki" else f"/{path}", query)
    except httpx.HTTPError:
        raise _plugin_error(500) from None
    if response.status_code >= 500:
        raise _plugin_error(response.status_code)
    if response.status_code >= 400 and source.type == "loki":
        raise GrafanaRefusal(response.status_code, refused_text(response))
    return response


def _plugin_error(status: int) -> GrafanaRefusal:
    return GrafanaRefusal(status, PLUGIN_ERROR, messageId="plugin.requestFailureError", statusCode=status)


def health(http: "httpx.Client", source: ProvisionedDatasource) -> tuple[int, dict[str, Any]]:
    """(status, document). Loki's check asks `vector(1)+vector(1)`: it proves that Loki answers, not that there
    is data."""
    import httpx

    if source.database is not None:
        try:
            source.database.query("SELECT 1")
        except SqlError as error:
            return 400, {"status": "ERROR", "message": f"ERROR: {error}"}
        return 200, {"status": "OK", "message": "Database Connection OK"}
    if source.type not in _CHECKS:
        return 400, {"status": "ERROR", "message": NO_SERVER}
    path, expr, good = _CHECKS[source.type]
    try:
        response = source.get(http, path, {"query": expr})
        if response.status_code == 200 and json.loads(response.text).get("status") == "success":
            return 200, {"status": "OK", "message": good}
        reason = f"{response.status_code} {response.reason_phrase}"
    except httpx.HTTPError as error:
        reason = unreached(error)
    except ValueError as error:
        reason = str(error)
    # Grafana 12.4 keeps Loki's reason for its log.
    message = _LOKI_FAILS if source.type == "loki" else f"{reason} - {_PROMETHEUS_FAILS}"
    return 400, {"status": "ERROR", "message": message}
