"""The routes of the lab Grafana."""

import hmac
import json
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

import httpx
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from obs_check.standin.grafana.annotations import Annotations
from obs_check.standin.grafana.dashboards import Dashboards
from obs_check.standin.grafana.datasource import ProvisionedDatasource, ProvisionedDatasources
from obs_check.standin.grafana.ds_query import ds_query
from obs_check.standin.grafana.passing import PASSED_ON, health, pass_through, pass_websocket_through, resource
from obs_check.standin.grafana.refusal import GrafanaRefusal

VERSION = "13.0.1"
_PROXY = "/api/datasources/proxy/uid/{uid}/{path:path}"
Handler = Callable[[Request], Awaitable[Response]]


async def _body(request: Request) -> object:
    try:
        return json.loads(await request.body())
    except ValueError:
        raise GrafanaRefusal(400, "bad request data") from None


class GrafanaApi:
    """Handlers over dashboards, datasources and annotations; everything but the health needs the token. `clock` gives
    ns since the epoch."""

    def __init__(
        self,
        dashboards: Dashboards,
        sources: ProvisionedDatasources,
        token: str,
        http: httpx.Client,
        clock: Callable[[], int],
    ) -> None:
        self._dashboards = dashboards
        self._sources = sources
        self._annotations = Annotations(clock)
        self._token = token
        self._http = http
        self._clock = clock

    def application(self) -> Starlette:
        """The ASGI application."""
        own = self._authorized
        source = "/api/datasources/uid/{uid}"
        routes = [
            Route("/api/health", self._health),
            Route("/api/frontend/settings", own(self._settings)),
            Route("/api/user", own(self._user)),
            Route("/api/org", own(self._org)),
            Route("/api/search", own(self._search)),
            Route("/api/dashboards/uid/{uid}", own(self._dashboard)),
            Route("/apis/dashboard.grafana.app/v2beta1/namespaces/default/dashboards/{uid}", own(self._resource_v2)),
            Route("/api/dashboards/uid/{uid}/versions", own(self._versions)),
            Route("/api/library-elements/{uid}", own(self._library)),
            Route("/api/dashboards/db", own(self._save), methods=["POST"]),
            Route("/api/datasources", own(self._datasources)),
            Route(source, own(self._datasource)),
            Route(f"{source}/health", own(self._source_health)),
            Route(f"{source}/resources/{{path:path}}", own(self._resource)),
            Route(_PROXY, own(self._proxy)),
            WebSocketRoute(_PROXY, self._proxy_websocket),
            Route("/api/ds/query", own(self._query), methods=["POST"]),
            Route("/api/annotations", own(self._annotate), methods=["POST"]),
            Route("/api/annotations", own(self._annotated)),
            Route("/api/annotations/{number:int}", own(self._reannotate), methods=["PATCH"]),
            Route("/{path:path}", own(_not_found), methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        ]
        return Starlette(routes=routes, exception_handlers={GrafanaRefusal: _refused})

    def _authorized(self, handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            self._check_token(request)
            return await handler(request)

        return handle

    def _check_token(self, asked: HTTPConnection) -> None:
        given = asked.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            message, name = ("Invalid API key", "api-key.invalid") if given else ("Unauthorized", "auth.unauthorized")
            raise GrafanaRefusal(401, message, extra=None, messageId=name, statusCode=401, traceID="")

    async def _health(self, _: Request) -> Response:
        return JSONResponse({"database": "ok", "version": VERSION, "commit": ""})

    async def _settings(self, _: Request) -> Response:
        return JSONResponse(
            {
                "buildInfo": {"version": VERSION, "commit": "", "edition": "Open Source", "env": "production"},
                "datasources": {one.name: one.to_settings() for one in self._sources.all},
                "defaultDatasource": self._sources.default_name,
                "featureToggles": {"lokiQuerySplitting": True, "dashboardScene": True},
                "rendererAvailable": False,
            }
        )

    async def _user(self, _: Request) -> Response:
        return JSONResponse({"id": 1, "login": "sa-obs-check", "orgId": 1, "isGrafanaAdmin": False})

    async def _org(self, _: Request) -> Response:
        return JSONResponse({"id": 1, "name": "Main Org."})

    async def _search(self, request: Request) -> Response:
        params = request.query_params
        return JSONResponse(self._dashboards.search(params.get("query", ""), params.getlist("dashboardUIDs")))

    async def _dashboard(self, request: Request) -> Response:
        return JSONResponse(self._dashboards.get(request.path_params["uid"]))

    async def _resource_v2(self, request: Request) -> Response:
        return JSONResponse(self._dashboards.resource(request.path_params["uid"]))

    async def _library(self, request: Request) -> Response:
        return JSONResponse(self._dashboards.library_element(request.path_params["uid"]))

    async def _versions(self, request: Request) -> Response:
        return JSONResponse(self._dashboards.versions(request.path_params["uid"]))

    async def _save(self, request: Request) -> Response:
        return JSONResponse(self._dashboards.save(await _body(request)))

    async def _datasources(self, _: Request) -> Response:
        return JSONResponse([one.to_json() for one in self._sources.all])

    async def _datasource(self, request: Request) -> Response:
        return JSONResponse(self._sources.find(request.path_params["uid"]).to_json())

    async def _source_health(self, request: Request) -> Response:
        source = self._sources.find(request.path_params["uid"], 500, "Unable to load datasource metadata")
        status, document = await run_in_threadpool(health, self._http, source)
        return JSONResponse(document, status)

    async def _resource(self, request: Request) -> Response:
        source = self._sources.find(request.path_params["uid"], 500, "Unable to load datasource meta data")
        query = request.url.query.encode()
        return _passed(await run_in_threadpool(resource, self._http, source, request.path_params["path"], query))

    async def _proxy(self, request: Request) -> Response:
        source = self._proxied(request)
        query = request.url.query.encode()
        path = request.path_params["path"]
        return _passed(await run_in_threadpool(pass_through, self._http, source, path, query, _passed_on(request)))

    async def _proxy_websocket(self, browser: WebSocket) -> None:
        try:
            self._check_token(browser)
            source = self._proxied(browser)
            await pass_websocket_through(browser, source, browser.path_params["path"], _passed_on(browser))
        except GrafanaRefusal as refusal:
            await browser.send_denial_response(await _refused(browser, refusal))

    def _proxied(self, asked: HTTPConnection) -> ProvisionedDatasource:
        return self._sources.find(asked.path_params["uid"], message="Unable to find datasource")

    async def _query(self, request: Request) -> Response:
        status, document = await run_in_threadpool(
            ds_query, self._http, self._sources, await _body(request), self._clock()
        )
        return JSONResponse(document, status)

    async def _annotate(self, request: Request) -> Response:
        return JSONResponse(self._annotations.add(await _body(request)))

    async def _annotated(self, request: Request) -> Response:
        pairs = parse_qsl(request.url.query)
        return JSONResponse(self._annotations.find(dict(pairs), [value for name, value in pairs if name == "tags"]))

    async def _reannotate(self, request: Request) -> Response:
        return JSONResponse(self._annotations.change(request.path_params["number"], await _body(request)))


def _passed_on(asked: HTTPConnection) -> dict[str, str]:
    return {name: value for name in PASSED_ON if (value := asked.headers.get(name))}


def _passed(response: httpx.Response) -> Response:
    kind = response.headers.get("content-type", "text/plain")
    return Response(response.content, response.status_code, {"content-type": kind})


async def _not_found(_: Request) -> Response:
    raise GrafanaRefusal(404, "Not found")


async def _refused(_: HTTPConnection, error: Exception) -> Response:
    if not isinstance(error, GrafanaRefusal):
        raise error
    return JSONResponse(error.body, error.status) if error.body["message"] else Response(status_code=error.status)
