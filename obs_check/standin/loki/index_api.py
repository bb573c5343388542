"""Routes about what there is, not what the lines say: sizes from the index, labels and fields that lines have."""

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from obs_check.logql.settings import EngineSettings
from obs_check.standin.loki.answers import stats
from obs_check.standin.loki.detect import detected_labels
from obs_check.standin.loki.evaluate import answer_fields, selector_matchers
from obs_check.standin.loki.ingest import Ingest
from obs_check.standin.loki.params import check_length, forward_window, listing_window
from obs_check.standin.loki.request import first_of_each, parameters, tenant_of
from obs_check.standin.loki.responses import json_response, success
from obs_check.standin.loki.store import TenantStore
from obs_check.standin.loki.volume import index_stats, read_volume_request, volumes

_ANY = "{}"


class IndexApi:
    """Handlers over one Ingest; `settings` are those of the engine, with the clock."""

    def __init__(self, ingest: Ingest, settings: EngineSettings) -> None:
        self._ingest = ingest
        self._settings = settings

    def routes(self, prefix: str) -> list[Route]:
        """The routes below a prefix."""
        handlers: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "index/stats": self._stats,
            "index/volume": self._volume,
            "index/volume_range": self._volume_range,
            "detected_labels": self._labels,
            "detected_fields": self._fields,
            "detected_field/{name}/values": self._fields,
        }
        return [Route(f"{prefix}/{path}", handler, methods=["GET", "POST"]) for path, handler in handlers.items()]

    async def _asked(self, request: Request) -> tuple[TenantStore, dict[str, str]]:
        limits = self._ingest.limits
        return self._ingest.tenant(tenant_of(request, limits)), first_of_each(await parameters(request, limits))

    async def _stats(self, request: Request) -> Response:
        store, params = await self._asked(request)
        window = forward_window(params, self._settings.now_ns())
        matchers = selector_matchers(params.get("query", ""))
        check_length(*window, self._ingest.limits)
        chunks = await run_in_threadpool(store.chunks, matchers)
        return json_response(index_stats(chunks, *window))

    async def _volume(self, request: Request) -> Response:
        return await self._sizes(request, over_time=False)

    async def _volume_range(self, request: Request) -> Response:
        return await self._sizes(request, over_time=True)

    async def _sizes(self, request: Request, *, over_time: bool) -> Response:
        store, params = await self._asked(request)
        text = params.get("query", "")
        matchers = () if text.strip() == _ANY else selector_matchers(text)
        asked = read_volume_request(params, matchers, self._settings.now_ns(), self._ingest.limits, over_time=over_time)
        data = volumes(await run_in_threadpool(store.chunks, matchers), asked)
        return success({**data, "stats": stats(0, 0, len(data["result"]), 0.0)})

    async def _labels(self, request: Request) -> Response:
        store, params = await self._asked(request)
        asked = "start" in params or "since" in params
        window = (
            forward_window(params, self._settings.now_ns())
            if asked
            else listing_window(params, self._settings.now_ns())
        )
        text = params.get("query", "")
        matchers = selector_matchers(text) if text else ()
        if asked:
            check_length(*window, self._ingest.limits)
        found = detected_labels(await run_in_threadpool(store.labels, matchers, *window))
        return json_response({"detectedLabels": found} if found else {})

    async def _fields(self, request: Request) -> Response:
        store, params = await self._asked(request)
        name = request.path_params.get("name")
        return json_response(
            await run_in_threadpool(answer_fields, store, params, self._settings, self._ingest.limits, name)
        )
