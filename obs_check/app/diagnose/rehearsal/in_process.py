"""HTTP to an ASGI application without a socket."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from starlette.applications import Starlette


class InProcess(httpx.BaseTransport):
    """Requests by host to applications; a host that is not among them does not answer (httpx.ConnectError)."""

    def __init__(self, applications: "Mapping[str, Starlette]") -> None:
        self._applications = applications

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Run the application until its answer is complete."""
        application = self._applications.get(request.url.host)
        if application is None:
            raise httpx.ConnectError("not part of the rehearsal", request=request)
        return asyncio.run(_answer(httpx.ASGITransport(application), request))


async def _answer(transport: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
    sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
    answer = await transport.handle_async_request(sent)
    # Without the headers that say how the content was packed: it is read here.
    headers = {k: v for k, v in answer.headers.items() if k not in ("content-length", "content-encoding")}
    return httpx.Response(answer.status_code, headers=headers, content=await answer.aread())
