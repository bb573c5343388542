"""Grafana's HTTP API: dashboards and search by grafana-client, all requests by the rules of `client/http.py`.

grafana-client 5.1 on its own follows redirects, throws on 400, where /api/ds/query still holds the results of the other
targets, gives up after 5 s and lets niquests' ConnectionError through. All of that ends here.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from obs_check.client.answer import Answer, NoJson
from obs_check.client.answered import Answered, SystemClient
from obs_check.client.grafana import shapes
from obs_check.client.http import NOBODY, Access, Http, HttpRequest, Wire, one_line, raise_for_status
from obs_check.errors import NotAllowed, Refused, Unavailable
from obs_check.model.probe import Probe
from obs_check.model.tree import Json
from obs_check.model.window import MS, NS, Window
from obs_check.panel.frames import RefResult, decode_results

if TYPE_CHECKING:
    import httpx

_SHOWN_NUMBERS = 20
"""Numbers of an answer that are kept in its probe."""


_UNSEEN = (
    "is that the uid of a dashboard there? Then give the token dashboards:read and datasources:query (role Viewer)"
)


class GrafanaClient(SystemClient):
    """Questions to one Grafana. Every method may raise Unavailable, Refused or NotAllowed."""

    def __init__(
        self,
        url: str,
        clock: Callable[[], int],
        allowed: Collection[str],
        access: Access = NOBODY,
        transport: "httpx.BaseTransport | None" = None,
    ) -> None:
        self.url = url.rstrip("/")
        self._clock = clock
        super().__init__(Http("grafana", self.url, allowed, access.headers(), Wire(transport)))
        self._library: Any = None

    def dashboard(self, uid: str) -> Answered[dict[str, Any]]:
        """{"dashboard": model, "meta": ...} of a dashboard; a 404 is a Refused with status 404. Grafana 9.4 answers 403
        for one that is not there, where the token may not read all: NotAllowed, whose hint says both."""
        path = f"/dashboards/uid/{quote(uid, safe='')}"
        try:
            value, came = self._call("GET", path, shapes.StoredDashboard)
        except NotAllowed as error:
            if "answered 403" not in error.message:
                raise
            raise NotAllowed(error.message, _UNSEEN) from None
        model = value["dashboard"]
        shown = {"title": model.get("title"), "version": model.get("version"), "panels": _many(model.get("panels"))}
        return Answered(value, self._probe(f"GET /api{path}", shown, came))

    def dashboard_resource(self, path: str) -> Answered[dict[str, Any]]:
        """{"metadata", "spec"} of a dashboard below /apis, as Grafana 12 and newer keep those of schema v2."""
        came = self._http.get(path)
        value = self._http.json(came, shapes.Resource)
        return Answered(value, self._probe(f"GET {path}", {"title": value["spec"].get("title")}, came))

    def save_dashboard(
        self, model: Mapping[str, object], message: str, folder_uid: str | None = None
    ) -> Answered[dict[str, Any]]:
        """Save a dashboard model as a new version. A dashboard that changed meanwhile is not overwritten: Refused with
        412. Unavailable where Grafana does not say that it was saved, and as which version."""
        body: dict[str, Any] = {"dashboard": dict(model), "message": message, "overwrite": False}
        if folder_uid:
            body["folderUid"] = folder_uid
        try:
            value, came = self._call("POST", "/dashboards/db", shapes.Saved, again=False, json=body)
        except Refused as refused:
            if refused.status != 412:
                raise
            raise Refused(refused.message, 412, refused.body, "someone saved it meanwhile: run again") from None
        if value.get("status") != "success" or value.get("version") is None:
            raise Unavailable(
                "grafana: /api/dashboards/db does not say that the dashboard was saved",
                "look at the dashboard's version history before you save it again",
            )
        shown = {key: value.get(key) for key in ("status", "version", "uid")}
        return Answered(value, self._probe(f"POST /api/dashboards/db ({message})", shown, came))

    def annotate(self, uid: str, within: Window, tags: Sequence[str], text: str) -> Answered[int]:
        """Add an annotation to a dashboard; its id. It takes the permission `annotations:create`, which an Editor has
        (Grafana 12.4, Annotations HTTP API). Unavailable where Grafana does not say that it was added."""
        body = {
            "dashboardUID": uid,
            "time": within.start_ns // MS,
            "timeEnd": within.end_ns // MS,
            "tags": list(tags),
            "text": text,
        }
        value, came = self._call("POST", "/annotations", shapes.Annotated, again=False, json=body)
        if value.get("id") is None:
            raise Unavailable(
                "grafana: /api/annotations does not say that the annotation was added",
                "look at the dashboard's annotations; does the URL point to Grafana?",
            )
        return Answered(value["id"], self._probe("POST /api/annotations", {"id": value["id"]}, came))

    def search(self, query: str) -> Answered[list[dict[str, Any]]]:
        """Dashboards whose title holds the text."""
        value, came = self._call("GET", "/search", list[shapes.Hit], params={"query": query, "type": "dash-db"})
        shown = [{"uid": row.get("uid"), "title": row.get("title")} for row in value]
        return Answered(value, self._probe(f"GET /api/search query={query}", shown, came))

    def library_panel(self, uid: str) -> Answered[dict[str, Any]]:
        """The `model` of a library element: a classic panel. A 404 is a Refused with status 404."""
        path = f"/api/library-elements/{quote(uid, safe='')}"
        came = self._http.get(path)
        model = self._http.json(came, shapes.Library)["result"]["model"]
        shown = {"title": model.get("title"), "type": model.get("type")}
        return Answered(model, self._probe(f"GET {path}", shown, came))

    def frontend_settings(self) -> Answered[dict[str, Any]]:
        """What the browser loads first: datasources by name with uid and type, version, feature toggles."""
        value = self._http.json(self._http.get("/api/frontend/settings"), shapes.Settings)
        sources = value["datasources"]
        shown = {
            "version": (value.get("buildInfo") or {}).get("version"),
            "datasources": {name: [d.get("uid"), d.get("type")] for name, d in sources.items()},
        }
        # The answer is not kept: it has the credentials of datasources that browsers ask themselves.
        return Answered(value, Probe("grafana", "GET /api/frontend/settings", shown, self._clock()))

    def ds_query(self, body: Mapping[str, Any]) -> Answered[dict[str, Any]]:
        """{"results": {refId: {"frames", "error", "status"}}} of POST /api/ds/query, whatever the status was.

        Grafana 8 and newer answer 400 (207 with a toggle) when one target has an error; the others still hold frames.
        """
        response = self._http.post("/api/ds/query", dict(body), accept=range(200, 600), too_many=_limited)
        if response.status_code >= 300 and not _has_results(response):
            raise_for_status("grafana", f"{self.url}/api/ds/query", response)
        value = self._http.json(response, shapes.Queried)
        results = decode_results(value)
        queries = body.get("queries") or ()
        asked = "; ".join(str(q.get("expr") or q.get("rawSql") or q.get("refId") or "") for q in queries)
        shown = {"status": response.status_code, "results": {k: _shown_target(v) for k, v in results.items()}}
        return Answered(value, self._probe(f"POST /api/ds/query {asked}", shown, response, _window(body)))

    def datasource_health(self, uid: str) -> Answered[dict[str, Any]]:
        """{"status": "OK" | "ERROR" | "UNKNOWN", "message"}. Grafana 9: a failing check is a 400; 404 and 503 say that
        the plugin has no check; Grafana 12.4 answers 500 for a uid that it does not have. For Loki OK proves only that
        it answers, not that it has data."""
        path = f"/api/datasources/uid/{quote(uid, safe='')}/health"
        response = self._http.get(path, accept=(400, 404, 500, 503))
        value: dict[str, Json] = {"status": "UNKNOWN", "message": one_line(response.text, 200)}
        if response.status_code in (200, 400):
            document = self._http.json(response, shapes.DatasourceHealth)
            status = str(document.get("status") or ("OK" if response.status_code == 200 else "ERROR"))
            value = {"status": status, "message": str(document.get("message") or "")}
        return Answered(value, self._probe(f"GET {path}", {"http_status": response.status_code, **value}, response))

    def prometheus(self, uid: str, path: str, params: Sequence[tuple[str, str]]) -> Answered[Any]:
        """The `data` of an answer of Prometheus's /api/v1/<path>, through the proxy of its datasource."""
        whole = f"/api/datasources/proxy/uid/{quote(uid, safe='')}/api/v1/{path}"
        kind = next((kind for ending, kind in shapes.PROMETHEUS if path.endswith(ending)), shapes.Data)
        came = self._http.get(whole, params=dict(params))
        value = self._http.json(came, kind).get("data")
        asked = " ".join(f"{name}={text}" for name, text in params)
        shown = _shortened(value)
        return Answered(value, self._probe(f"GET {whole} {asked}".rstrip(), shown, came, _span(dict(params))))

    def resource(self, uid: str, path: str, params: Sequence[tuple[str, str]]) -> Answered[Any]:
        """The `data` of an answer of a datasource plugin's own resources."""
        whole = f"/api/datasources/uid/{quote(uid, safe='')}/resources/{path}"
        came = self._http.get(whole, params=dict(params))
        value = self._http.json(came, shapes.Texts).get("data")
        return Answered(value, self._probe(f"GET {whole}", _shortened(value), came))

    def _call(
        self, method: str, path: str, kind: object, again: bool = True, **arguments: object
    ) -> tuple[Any, Answer]:
        """A call by grafana-client over our own requests, which raise what is not allowed or refused; its answer has to
        be of a kind. Returns the document and the answer that it came in."""
        if self._library is None:
            from grafana_client.client import GrafanaClient as Library

            self._library = Library(None)
            self._library.s.close()
            self._library.url = "/api"
        session = self._library.s = _Session(self._http, kind, again)
        document = getattr(self._library, method)(path, **arguments)
        return document, session.answers[-1]

    def _probe(self, request: str, answer: object, came: Answer, window: Window | None = None) -> Probe:
        return Probe("grafana", request, answer, self._clock(), window, exchange=came.kept())


def _many(value: object) -> int:
    return len(value) if isinstance(value, list) else 0


def _shortened(value: object) -> object:
    """The first entries of a list, for a probe."""
    most = 50
    return [*value[:most], f"and {len(value) - most} more"] if isinstance(value, list) and len(value) > most else value


class _Session:
    """What grafana-client asks in place of niquests' session, which would follow redirects."""

    def __init__(self, http: Http, kind: object, again: bool) -> None:
        self._http = http
        self._kind = kind
        self._again = again
        self.answers: list[Answer] = []

    def request(self, method: str, path: str, json: object = None, params: Any = None, **_: Any) -> "_Decoded":
        """A request below Grafana's URL."""
        answer = self._http.request(HttpRequest(method.upper(), path, params, json, self._again))
        self.answers.append(answer)
        return _Decoded(answer.status_code, self._http.json(answer, self._kind))


class _Decoded:
    """An answer as grafana-client looks at it."""

    headers: Mapping[str, str] = MappingProxyType({})
    text = ""

    def __init__(self, status_code: int, document: object) -> None:
        self.status_code = status_code
        self._document = document

    def json(self) -> Any:
        """The body."""
        return self._document


def _has_results(answer: Answer) -> bool:
    """Whether a refusal has the results of the targets in it."""
    try:
        document = answer.json()
    except NoJson:
        return False
    return isinstance(document, dict) and "results" in document


def _limited(answer: Answer) -> bool:
    """Whether the datasource of a target answered 429: Grafana passes that on inside of a 400 or 207."""
    if answer.status_code not in (207, 400):
        return False
    try:
        return any(result.get("status") == 429 for result in answer.json()["results"].values())
    except (AttributeError, KeyError, TypeError, NoJson):
        return False


def _shown_target(result: RefResult) -> dict[str, Json]:
    """Rows of each frame, the last number of each column of numbers, and the error, if any."""
    shown: dict[str, Json] = {"frames": result.sent, "rows": [frame.rows for frame in result.frames]}
    columns = [field.values for frame in result.frames for field in frame.fields if field.type == "number"]
    if last := [values[-1] for values in columns if values]:
        shown["last"] = last[:_SHOWN_NUMBERS]
    return {**shown, "error": result.error} if result.error else shown


def _span(params: Mapping[str, str]) -> Window | None:
    """What a question to Prometheus is about, which takes seconds; None for one about its state now."""
    start, end = (params.get(name, params.get("time")) for name in ("start", "end"))
    return Window(round(float(start) * NS), round(float(end) * NS)) if start and end else None


def _window(body: Mapping[str, object]) -> Window | None:
    start, end = str(body.get("from", "")), str(body.get("to", ""))
    return Window(int(start) * MS, int(end) * MS) if start.isdecimal() and end.isdecimal() else None
