"""`tail`: new lines over a websocket, as they are pushed."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from obs_check.lab.loki.answers import result_data
from obs_check.lab.loki.params import parse_limit, parse_time
from obs_check.lab.loki.store import TenantStore
from obs_check.logql.engine.evaluate import query_range
from obs_check.logql.engine.list_source import ListSource
from obs_check.logql.syntax.ast import LogQuery
from obs_check.model.entry import LogStream
from obs_check.model.window import NS

if TYPE_CHECKING:
    from starlette.websockets import WebSocket


def _streams(query: LogQuery, stream: LogStream) -> list[dict[str, Any]]:
    times = [entry.ts for entry in stream.entries]
    result = query_range(
        query, ListSource([stream]), min(times), max(times) + 1, NS, limit=len(times), direction="forward"
    )
    rows: list[dict[str, Any]] = result_data(result)["result"]
    return rows


async def follow(websocket: "WebSocket", store: TenantStore, query: LogQuery, clock: Callable[[], int]) -> None:
    """Send what is there since `start` (default one hour ago), up to `limit` lines, then every new line, until the
    client leaves."""
    params = dict(websocket.query_params)
    now = clock()
    limit = parse_limit(params)
    start = parse_time(params.get("start", ""), now - 3600 * NS)
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[LogStream | None] = asyncio.Queue()
    end = store.listen(lambda stream: _hand_over(loop, waiting, stream))
    await websocket.accept()
    leaving = asyncio.create_task(_leave(websocket, waiting))
    try:
        known = query_range(query, store, start, now + NS, NS, limit=limit, direction="forward")
        if rows := result_data(known)["result"]:
            await websocket.send_json({"streams": rows})
        while (stream := await waiting.get()) is not None:
            if rows := _streams(query, stream):
                await websocket.send_json({"streams": rows})
    finally:
        end()
        leaving.cancel()


def _hand_over(loop: asyncio.AbstractEventLoop, waiting: "asyncio.Queue[LogStream | None]", stream: LogStream) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(waiting.put_nowait, stream)


async def _leave(websocket: "WebSocket", waiting: "asyncio.Queue[LogStream | None]") -> None:
    """Wait for the client's end of the connection."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass
    await waiting.put(None)
