"""The routes of the lab Loki."""

from collections.abc import Awaitable, Callable
from typing import Any

import yaml
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from obs_check.errors import EvaluationError, InputError, QueryError
from obs_check.golang.durations import format_prometheus_duration
from obs_check.logql import parse
from obs_check.logql.settings import EngineSettings
from obs_check.logql.syntax.ast import Matcher
from obs_check.logql.syntax.pretty import pretty_text
from obs_check.model.entry import Labels
from obs_check.standin.loki.counters import Counters
from obs_check.standin.loki.evaluate import answer_instant, answer_range, selector_matchers
from obs_check.standin.loki.index_api import IndexApi
from obs_check.standin.loki.ingest import Ingest
from obs_check.standin.loki.params import ALL_TIME, check_length, listing_window
from obs_check.standin.loki.refusal import LokiRefusal
from obs_check.standin.loki.request import decode_push, first_of_each, parameters, read_body, tenant_of
from obs_check.standin.loki.responses import json_response, success
from obs_check.standin.loki.served import Served
from obs_check.standin.loki.tail import follow, read_tail

_BUILD = dict.fromkeys(("version", "revision", "branch", "buildUser", "buildDate", "goVersion"), "")

Handler = Callable[[Request], Awaitable[Response]]


class LokiApi:
    """Handlers over one Ingest; `settings` are those of the engine, with the clock."""

    def __init__(self, ingest: Ingest, counters: Counters, settings: EngineSettings, served: Served) -> None:
        self._ingest = ingest
        self._counters = counters
        self._settings = settings
        self._served = served
        self._limits = ingest.limits

    def application(self) -> Starlette:
        """The ASGI application."""
        both = ["GET", "POST"]
        v1 = "/loki/api/v1"
        routes: list[Route | WebSocketRoute] = [
            Route("/ready", self._ready),
            Route("/metrics", self._metrics),
            Route("/config", self._config),
            Route("/flush", self._flush, methods=["POST"]),
            Route(f"{v1}/push", self._push, methods=["POST"]),
            Route(f"{v1}/push", _plain("", 405), methods=["GET", "PUT", "DELETE"]),
            Route(f"{v1}/query", self._query(answer_instant), methods=both),
            Route(f"{v1}/query_range", self._query(answer_range), methods=both),
            Route(f"{v1}/labels", self._labels, methods=both),
            Route(f"{v1}/label", self._labels, methods=both),
            Route(f"{v1}/label/{{name}}/values", self._values, methods=both),
            Route(f"{v1}/series", self._series, methods=both),
            *IndexApi(self._ingest, self._settings).routes(v1),
            Route(f"{v1}/patterns", _plain("", 404), methods=both),
            Route(f"{v1}/format_query", self._format_query, methods=both),
            Route(f"{v1}/status/buildinfo", self._buildinfo),
            WebSocketRoute(f"{v1}/tail", self._tail),
            Route(f"{v1}/tail", self._tail_without_socket),
        ]
        others = ["PUT", "DELETE", "PATCH"]
        routes += [Route(route.path, _plain("", 405), methods=others) for route in routes if isinstance(route, Route)]
        routes.append(Route("/{path:path}", _plain("404 page not found\n", 404), methods=[*both, *others]))
        return Starlette(
            routes=routes,
            exception_handlers=dict.fromkeys((LokiRefusal, QueryError, InputError), _refused),
        )

    async def _ready(self, _: Request) -> Response:
        ahead = self._ingest.ahead
        fault = await run_in_threadpool(ahead.fault) if ahead is not None else ""
        return PlainTextResponse(f"not ready: {fault}\n" if fault else "ready\n", 503 if fault else 200)

    async def _push(self, request: Request) -> Response:
        tenant = tenant_of(request, self._limits, push=True)
        body = await read_body(request, self._limits)
        kind, encoding = request.headers.get("content-type", ""), request.headers.get("content-encoding", "")

        def take() -> None:
            self._ingest.push(tenant, decode_push(body, kind, encoding, self._limits))

        try:
            await run_in_threadpool(take)
        except LokiRefusal as refusal:
            if refusal.status == 204:
                return Response(status_code=204)
            return PlainTextResponse(refusal.body + "\n", refusal.status)
        return Response(status_code=204)

    def _query(self, answer: Callable[..., dict[str, Any]]) -> Handler:
        async def handle(request: Request) -> Response:
            store = self._ingest.tenant(tenant_of(request, self._limits))
            params = first_of_each(await parameters(request, self._limits))
            flags = [flag for flag in request.headers.get("X-Loki-Response-Encoding-Flags", "").split(",") if flag]
            data = await run_in_threadpool(answer, store, params, self._settings, self._limits, flags)
            self._served.add(data["stats"]["summary"]["totalBytesProcessed"])
            return success(data)

        return handle

    async def _selected(
        self, request: Request, selected: Callable[[str], tuple[Matcher, ...]], *keys: str
    ) -> list[Labels]:
        """Labels of streams with lines in the window that satisfy one of the selectors of the request, else of all."""
        store = self._ingest.tenant(tenant_of(request, self._limits))
        pairs = await parameters(request, self._limits)
        window = listing_window(first_of_each(pairs), self._settings.now_ns())
        selectors = [selected(text) for name, text in pairs if name in keys]
        if window != ALL_TIME:
            check_length(*window, self._limits)
        found: dict[frozenset[tuple[str, str]], Labels] = {}
        for matchers in selectors or [()]:
            for labels in await run_in_threadpool(store.labels, matchers, *window):
                found[frozenset(labels.items())] = labels
        return list(found.values())

    async def _labels(self, request: Request) -> Response:
        names = {name for labels in await self._selected(request, _some, "query") for name in labels}
        return success(sorted(names)) if names else json_response({"status": "success"})

    async def _values(self, request: Request) -> Response:
        name = request.path_params["name"]
        values = {labels[name] for labels in await self._selected(request, _some, "query") if name in labels}
        # Loki 3.5: an unknown label is not an error and has no `data` at all.
        return success(sorted(values)) if values else json_response({"status": "success"})

    async def _series(self, request: Request) -> Response:
        found = await self._selected(request, _series_matchers, "match", "match[]")
        return success(sorted(found, key=lambda one: sorted(one.items())))

    async def _format_query(self, request: Request) -> Response:
        query = first_of_each(await parameters(request, self._limits)).get("query", "")
        try:
            return success(pretty_text(parse(query, stages=False)))
        except QueryError as error:
            return json_response({"status": "invalid-query", "error": error.message}, 400)

    async def _tail(self, websocket: WebSocket) -> None:
        try:
            store = self._ingest.tenant(tenant_of(websocket, self._limits))
            asked = read_tail(dict(websocket.query_params), self._settings.now_ns())
        except (LokiRefusal, QueryError) as error:
            status = error.status if isinstance(error, LokiRefusal) else 400
            words = error.body if isinstance(error, LokiRefusal) else error.message
            await websocket.send_denial_response(PlainTextResponse(words, status))
            return
        await follow(websocket, store, asked, self._settings)

    async def _tail_without_socket(self, request: Request) -> Response:
        read_tail(first_of_each(await parameters(request, self._limits)), self._settings.now_ns())
        return PlainTextResponse("Bad Request\n", 400)

    async def _metrics(self, _: Request) -> Response:
        streams = {name: len(store) for name, store in self._ingest.tenants.items() if len(store)}
        return PlainTextResponse(self._counters.text(streams))

    async def _config(self, _: Request) -> Response:
        """The part of Loki's /config that says how long lines are kept, and how far back they are shown."""
        kept = self._limits.retention_period
        document = {
            "limits_config": {
                "retention_period": format_prometheus_duration(kept),
                "max_query_lookback": format_prometheus_duration(self._limits.max_query_lookback),
            },
            "compactor": {"retention_enabled": bool(kept)},
        }
        return PlainTextResponse(yaml.safe_dump(document))

    async def _flush(self, _: Request) -> Response:
        for store in list(self._ingest.tenants.values()):
            await run_in_threadpool(store.flush)
        return Response(status_code=204)

    async def _buildinfo(self, _: Request) -> Response:
        return json_response(_BUILD, media_type="application/json")


def _some(text: str) -> tuple[Matcher, ...]:
    return selector_matchers(text) if text else ()


def _series_matchers(text: str) -> tuple[Matcher, ...]:
    """Loki 3.5 lists all series for `{}`, and for no selector at all, but none for an empty one."""
    return () if text.strip() == "{}" else selector_matchers(text)


def _plain(text: str, status: int = 200) -> Handler:
    async def answer(_: Request) -> Response:
        return PlainTextResponse(text, status)

    return answer


async def _refused(_: Request, error: Exception) -> Response:
    """Loki answers what it refuses, and what it cannot keep, with plain text."""
    match error:
        case LokiRefusal():
            return PlainTextResponse(error.body, error.status)
        case EvaluationError() | InputError():
            return PlainTextResponse(error.message, 500)
        case QueryError():
            return PlainTextResponse(error.message, 400)
    raise error
