"""`tail`: new lines over a websocket, as they are pushed."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from obs_check.logql import parse
from obs_check.logql.engine.evaluate import query_range
from obs_check.logql.engine.list_source import ListSource
from obs_check.logql.engine.logs import LineChoice
from obs_check.logql.engine.source import Source
from obs_check.logql.settings import EngineSettings
from obs_check.logql.syntax.ast import Expr, LogQuery
from obs_check.model.entry import LogStream
from obs_check.model.tree import Json
from obs_check.model.window import NS, Window
from obs_check.standin.loki.answers import result_data
from obs_check.standin.loki.params import parse_limit, parse_time
from obs_check.standin.loki.refusal import LokiRefusal
from obs_check.standin.loki.store import TenantStore

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

_LONGEST_DELAY_S = 5


def _streams(query: LogQuery, stream: LogStream, settings: EngineSettings) -> list[dict[str, Any]]:
    times = [entry.ts for entry in stream.entries]
    return _rows(query, ListSource([stream]), Window(min(times), max(times) + 1), len(times), settings)


def _rows(
    query: LogQuery, source: Source, window: Window, limit: int, settings: EngineSettings
) -> list[dict[str, Any]]:
    found = query_range(query, source, window, NS, settings=settings, choice=LineChoice(limit, "forward"))
    rows: list[dict[str, Json]] = result_data(found, ())["result"]
    return rows


class TailRequest(NamedTuple):
    """What to follow: lines since `start_ns`, at most `limit` of those that are there at `now_ns`."""

    query: Expr
    start_ns: int
    now_ns: int
    limit: int


def read_tail(params: Mapping[str, str], now_ns: int) -> TailRequest:
    """The parameters; without `start` the last hour. Refusal or QueryError as Loki refuses before it listens."""
    query = parse(params.get("query", ""))
    limit = parse_limit(params)
    start = parse_time(params.get("start", ""), now_ns - 3600 * NS, "start")
    delay = params.get("delay_for") or "0"
    if not delay.isdecimal():
        raise LokiRefusal(400, f'strconv.Atoi: parsing "{delay}": invalid syntax')
    if int(delay) > _LONGEST_DELAY_S:
        raise LokiRefusal(400, f"delay_for can't be greater than {_LONGEST_DELAY_S}")
    return TailRequest(query, start, now_ns, limit)


async def follow(websocket: "WebSocket", store: TenantStore, asked: TailRequest, settings: EngineSettings) -> None:
    """Send what is there, then every new line, until the client leaves."""
    query = asked.query
    if not isinstance(query, LogQuery):
        # Loki 3.5 finds out only when the connection stands.
        await websocket.accept()
        await websocket.close(1011, "only log selector is supported")
        return
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[LogStream | None] = asyncio.Queue()
    end = store.listen(lambda stream: _hand_over(loop, waiting, stream))
    await websocket.accept()
    leaving = asyncio.create_task(_leave(websocket, waiting))
    try:
        if rows := _rows(query, store, Window(asked.start_ns, asked.now_ns + NS), asked.limit, settings):
            await websocket.send_json({"streams": rows})
        while (stream := await waiting.get()) is not None:
            if rows := _streams(query, stream, settings):
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
