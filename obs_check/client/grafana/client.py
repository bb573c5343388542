"""Grafana's HTTP API: dashboards and search by grafana-client, queries and health by httpx.

grafana-client 5.1 throws on 400, where /api/ds/query still holds the results of the other targets; it also needs a
slash after a path prefix, gives up after 5 s and lets niquests' ConnectionError through. All of that ends here.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from obs_check.client.answered import Answered
from obs_check.client.http import TIMEOUT_S, Http, one_line, raise_for_status, shown_url
from obs_check.config.section import Secret
from obs_check.errors import Refused, Unavailable
from obs_check.model.probe import Probe
from obs_check.model.window import MS, Window

if TYPE_CHECKING:
    import httpx


class GrafanaClient:
    """Questions to one Grafana. Every method may raise Unavailable, Refused or NotAllowed."""

    def __init__(
        self,
        url: str,
        clock: Callable[[], int],
        allowed: Collection[str],
        token: Secret | None = None,
        org_id: int | None = None,
        transport: "httpx.BaseTransport | None" = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.url = url.rstrip("/")
        self._token = token.reveal() if token else None
        self._org_id = org_id
        self._timeout_s = timeout_s
        self._clock = clock
        headers = {"X-Grafana-Org-Id": str(org_id)} if org_id else {}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        self._http = Http("grafana", self.url, allowed, headers, timeout_s, transport)
        self._session: Any = None

    def dashboard(self, uid: str) -> Answered[dict[str, Any]]:
        """{"dashboard": model, "meta": ...} of a dashboard; a 404 is a Refused with status 404."""
        path = f"/dashboards/uid/{quote(uid, safe='')}"
        value = self._call("GET", path)
        model = value.get("dashboard") if isinstance(value, dict) else None
        if not isinstance(model, dict):
            raise Unavailable(f"grafana: /api{path} is no dashboard", "does the URL point to Grafana?")
        shown = {"title": model.get("title"), "version": model.get("version"), "panels": len(model.get("panels") or ())}
        return Answered(value, self._probe(f"GET /api{path}", shown))

    def dashboard_resource(self, path: str) -> Answered[dict[str, Any]]:
        """{"metadata", "spec"} of a dashboard below /apis, as Grafana 12 and newer keep those of schema v2."""
        value = self._http.json(self._http.get(path))
        spec = value.get("spec") or {}
        return Answered(value, self._probe(f"GET {path}", {"title": spec.get("title")}))

    def save_dashboard(
        self, model: Mapping[str, Any], message: str, folder_uid: str | None = None
    ) -> Answered[dict[str, Any]]:
        """Save a dashboard model as a new version. A dashboard that changed meanwhile is not overwritten (412)."""
        body: dict[str, Any] = {"dashboard": dict(model), "message": message, "overwrite": False}
        if folder_uid:
            body["folderUid"] = folder_uid
        value = self._call("POST", "/dashboards/db", json=body)
        shown = {key: value.get(key) for key in ("status", "version", "uid")}
        return Answered(value, self._probe(f"POST /api/dashboards/db ({message})", shown))

    def search(self, query: str) -> Answered[list[dict[str, Any]]]:
        """Dashboards whose title holds the text."""
        value = self._call("GET", "/search", params={"query": query, "type": "dash-db"})
        shown = [{"uid": row.get("uid"), "title": row.get("title")} for row in value]
        return Answered(value, self._probe(f"GET /api/search query={query}", shown))

    def library_panel(self, uid: str) -> Answered[dict[str, Any]]:
        """The `model` of a library element: a classic panel. A 404 is a Refused with status 404."""
        path = f"/api/library-elements/{quote(uid, safe='')}"
        value = self._http.json(self._http.get(path))
        model = (value.get("result") or {}).get("model") or {}
        return Answered(model, self._probe(f"GET {path}", {"title": model.get("title"), "type": model.get("type")}))

    def frontend_settings(self) -> Answered[dict[str, Any]]:
        """What the browser loads first: datasources by name with uid and type, version, feature toggles."""
        value = self._http.json(self._http.get("/api/frontend/settings"))
        sources = value.get("datasources") or {}
        shown = {
            "version": (value.get("buildInfo") or {}).get("version"),
            "datasources": {name: [d.get("uid"), d.get("type")] for name, d in sources.items()},
        }
        return Answered(value, self._probe("GET /api/frontend/settings", shown))

    def ds_query(self, body: Mapping[str, Any]) -> Answered[dict[str, Any]]:
        """{"results": {refId: {"frames", "error", "status"}}} of POST /api/ds/query, whatever the status was.

        Grafana 8 and newer answer 400 (207 with a toggle) when one target has an error; the others still hold frames.
        """
        response = self._http.post("/api/ds/query", dict(body), accept=range(200, 600), too_many=_limited)
        try:
            value = response.json()
        except ValueError:
            value = None
        if not isinstance(value, dict) or "results" not in value:
            url = f"{self.url}/api/ds/query"
            if response.status_code >= 300:
                said = value.get("message") if isinstance(value, dict) else None
                raise_for_status("grafana", url, response.status_code, str(said or response.text))
            raise Unavailable(f"grafana: {shown_url(url)} answered without results", "does the URL point to Grafana?")
        queries = body.get("queries") or ()
        asked = "; ".join(str(q.get("expr") or q.get("rawSql") or q.get("refId") or "") for q in queries)
        shown = {"status": response.status_code, "results": {k: _shown_target(v) for k, v in value["results"].items()}}
        return Answered(value, self._probe(f"POST /api/ds/query {asked}", shown, _window(body)))

    def datasource_health(self, uid: str) -> Answered[dict[str, Any]]:
        """{"status": "OK" | "ERROR" | "UNKNOWN", "message"}. Grafana 9: a failing check is a 400; 404 and 503 say that
        the plugin has no check; Grafana 12.4 answers 500 for a uid that it does not have. For Loki OK proves only that
        it answers, not that it has data."""
        path = f"/api/datasources/uid/{quote(uid, safe='')}/health"
        response = self._http.get(path, accept=(400, 404, 500, 503))
        value: dict[str, Any] = {"status": "UNKNOWN", "message": one_line(response.text, 200)}
        if response.status_code in (200, 400):
            document = self._http.json(response)
            status = str(document.get("status") or ("OK" if response.status_code == 200 else "ERROR"))
            value = {"status": status, "message": str(document.get("message") or "")}
        return Answered(value, self._probe(f"GET {path}", {"http_status": response.status_code, **value}))

    def prometheus(self, uid: str, path: str, params: Sequence[tuple[str, str]]) -> Answered[Any]:
        """The `data` of an answer of Prometheus's /api/v1/<path>, through the proxy of its datasource."""
        whole = f"/api/datasources/proxy/uid/{quote(uid, safe='')}/api/v1/{path}"
        value = self._http.json(self._http.get(whole, params=dict(params))).get("data")
        asked = " ".join(f"{name}={text}" for name, text in params)
        return Answered(value, self._probe(f"GET {whole} {asked}".rstrip(), _shortened(value)))

    def resource(self, uid: str, path: str, params: Sequence[tuple[str, str]]) -> Answered[Any]:
        """The `data` of an answer of a datasource plugin's own resources."""
        whole = f"/api/datasources/uid/{quote(uid, safe='')}/resources/{path}"
        value = self._http.json(self._http.get(whole, params=dict(params))).get("data")
        return Answered(value, self._probe(f"GET {whole}", _shortened(value)))

    @property
    def sent(self) -> int:
        """Requests so far."""
        return self._http.sent

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        if self._session is not None:
            self._session.s.close()

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        """A call by grafana-client with its errors mapped."""
        import niquests
        from grafana_client.api import GrafanaApi
        from grafana_client.client import GrafanaException, GrafanaTimeoutError

        url = f"{self.url}/api{path}"
        try:
            if self._session is None:
                api = GrafanaApi.from_url(f"{self.url}/", self._token, timeout=self._timeout_s)
                self._session = api.client
                self._session.s.trust_env = False
                if self._org_id:
                    self._session.s.headers["X-Grafana-Org-Id"] = str(self._org_id)
            return getattr(self._session, method)(path, **arguments)
        except GrafanaTimeoutError as error:
            raise Unavailable(f"grafana: {shown_url(url)} gave no answer in time", "is Grafana overloaded?") from error
        except GrafanaException as error:
            body = error.response.get("message", error.response) if isinstance(error.response, dict) else error.response
            words = one_line(str(body or error.message))
            if int(error.status_code) == 412:
                raise Refused(
                    f"grafana: {shown_url(url)} answered 412: {words}",
                    412,
                    words,
                    "someone saved it meanwhile: run again",
                ) from error
            raise_for_status("grafana", url, int(error.status_code) or 500, words)
        except (niquests.exceptions.RequestException, OSError, ValueError) as error:
            raise Unavailable(
                f"grafana: {shown_url(url)} does not answer: {_reason(error)}", "is it up, is the URL right?"
            ) from error

    def _probe(self, request: str, answer: Any, window: Window | None = None) -> Probe:
        return Probe("grafana", request, answer, self._clock(), window)


def _shortened(value: Any) -> Any:
    """The first entries of a list, for a probe."""
    most = 50
    return [*value[:most], f"and {len(value) - most} more"] if isinstance(value, list) and len(value) > most else value


def _reason(error: BaseException) -> str:
    """What the operating system said, where it is the cause: the HTTP library's own text names its objects."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        inner = inner.__cause__ or inner.__context__
    return one_line(str(error), 200) or type(error).__name__


def _limited(response: "httpx.Response") -> bool:
    """Whether the datasource of a target answered 429: Grafana passes that on inside of a 400 or 207."""
    if response.status_code not in (207, 400):
        return False
    try:
        results = response.json().get("results") or {}
        return any(result.get("status") == 429 for result in results.values())
    except (AttributeError, ValueError):
        return False


def _shown_target(result: Mapping[str, Any]) -> dict[str, Any]:
    """Rows of each frame (the first field's length) and the error, if any."""
    rows = []
    for frame in result.get("frames") or ():
        values = ((frame.get("data") or {}).get("values")) or ()
        rows.append(len(values[0]) if values else 0)
    shown: dict[str, Any] = {"frames": len(rows), "rows": rows}
    if result.get("error"):
        shown["error"] = result["error"]
    return shown


def _window(body: Mapping[str, Any]) -> Window | None:
    start, end = str(body.get("from", "")), str(body.get("to", ""))
    return Window(int(start) * MS, int(end) * MS) if start.isdecimal() and end.isdecimal() else None
