"""Loki's HTTP API, direct or through Grafana's datasource proxy."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import quote

import yaml
from msgspec import Struct

from obs_check.client.answer import Answer
from obs_check.client.answered import Answered, SystemClient
from obs_check.client.exposition import parse_exposition, whole
from obs_check.client.http import NOBODY, Access, Http, Wire, one_line
from obs_check.client.loki.result import read_result, shown_result
from obs_check.config import Config, lacking
from obs_check.documents.scrubbed import without_secret_values
from obs_check.documents.yaml_tree import Loader
from obs_check.errors import Refused, Unavailable
from obs_check.golang.durations import parse_prometheus_duration
from obs_check.model.entry import Labels
from obs_check.model.probe import Probe
from obs_check.model.result import Result, Streams, Vector
from obs_check.model.tree import Json
from obs_check.model.window import NS, Window

if TYPE_CHECKING:
    import httpx

Clock = Callable[[], int]
"""ns since the epoch."""
Direction = Literal["forward", "backward"]
_API = "/loki/api/v1"
_MOST_AT_ONCE = re.compile(r"max_entries_limit_per_query \(\d+ > (\d+)\)")
"""Loki 3.5 and 3.7, to a query that asks for more lines than the limit."""
_LOOKBACK = re.compile(r"past now - max_query_lookback \(([\dywdhms]+)\)")
_NO_CONFIGURATION = Unavailable("loki: /config is not Loki's configuration", "does the URL point to Loki?")


class StoredLine(NamedTuple):
    """A line as Loki has it, with the labels of its stream; `ts` in ns since the epoch."""

    labels: Labels
    ts: int
    line: str


class _Said(Struct):
    """What every answer of the API has."""

    status: str | None = None


class _Names(_Said):
    data: list[str] | None = None


class _LabelSets(_Said):
    data: list[dict[str, str]] | None = None


def datasource_url(grafana: str, uid: str) -> str:
    """Where Grafana's proxy passes requests on to a datasource."""
    return f"{grafana.rstrip('/')}/api/datasources/proxy/uid/{quote(uid, safe='')}"


def loki_address(config: Config) -> tuple[str, Access]:
    """Where the configuration's Loki is asked and as whom: itself, or through Grafana. Raises ConfigError without
    either."""
    loki, grafana = config.loki, config.grafana
    if loki.url:
        return loki.url, Access(loki.bearer, loki.tenant)
    if grafana is None:
        raise lacking(config, "`loki.url` or `grafana`", "add one of them", "set LOKI_ADDR, or GRAFANA_URL")
    return datasource_url(grafana.url, loki.uid), Access(grafana.token, org_id=grafana.org_id)


class LokiClient(SystemClient):
    """Questions to one Loki. Every method may raise Unavailable, Refused (with Loki's own words) or NotAllowed."""

    def __init__(self, http: Http, clock: Clock) -> None:
        super().__init__(http)
        self._clock = clock

    @classmethod
    def direct(
        cls,
        url: str,
        clock: Clock,
        allowed: Collection[str],
        access: Access = NOBODY,
        transport: "httpx.BaseTransport | None" = None,
    ) -> "LokiClient":
        """Loki at its own address."""
        return cls(Http("loki", url, allowed, access.headers(), Wire(transport)), clock)

    def of_tenant(self, tenant: str) -> "LokiClient":
        """The same Loki asked with another X-Scope-OrgID, over the same connections."""
        return LokiClient(self._http.with_headers(Access(tenant=tenant).headers()), self._clock)

    @classmethod
    def through_grafana(
        cls,
        url: str,
        datasource: str,
        clock: Clock,
        allowed: Collection[str],
        access: Access = NOBODY,
        transport: "httpx.BaseTransport | None" = None,
    ) -> "LokiClient":
        """Loki as a dashboard sees it: by the datasource's uid (Grafana 9 and newer), tenant and auth are Grafana's. A
        tenant is passed on by Grafana's proxy unless the datasource sets the header itself."""
        return cls.direct(datasource_url(url, datasource), clock, allowed, access, transport)

    def query(self, expr: str, at_ns: int, limit: int = 100, direction: Direction = "backward") -> Answered[Result]:
        """An instant query at a time. Loki 3.5 refuses log queries here (400)."""
        params = {"query": expr, "time": str(at_ns), "limit": str(limit), "direction": direction}
        return self._ask("query", params, Window(at_ns, at_ns))

    def count(self, expr: str, window: Window) -> Answered[float]:
        """The number that a metric query gives at the end of a window, 0 when it gives no series."""
        value, probe = self.query(expr, window.end_ns)
        samples = value.samples if isinstance(value, Vector) else []
        return Answered(sum(s.value for s in samples), replace(probe, window=window))

    def query_range(
        self,
        expr: str,
        window: Window,
        step_ns: int | None = None,
        limit: int = 1000,
        direction: Direction = "backward",
    ) -> Answered[Result]:
        """A range query; `limit` is for lines. Without `step_ns` Loki chooses the step."""
        params = {"query": expr, **_span(window), "limit": str(limit), "direction": direction}
        if step_ns is not None:
            params["step"] = f"{step_ns / NS:.9f}".rstrip("0").rstrip(".")
        return self._ask("query_range", params, window)

    def lines(self, expr: str, window: Window, limit: int) -> Answered[list[tuple[Labels, str]]]:
        """The newest lines of a log query, at most `limit`, as `entries`."""
        answer = self.entries(expr, window, limit)
        return Answered([(stored.labels, stored.line) for stored in answer.value], answer.probe)

    def entries(self, expr: str, window: Window, limit: int) -> Answered[list[StoredLine]]:
        """The newest lines of a log query with their times, at most `limit`. A Loki that gives fewer at once
        (`max_entries_limit_per_query`) is asked page by page. Raises its refusal (Refused) where as many are of one
        time as it gives: whether there are others cannot be asked."""
        try:
            answer = self.query_range(expr, window, limit=limit)
        except Refused as error:
            given = most_at_once(error)
            if given is None:
                raise
            return self._paged(expr, window, limit, given, error)
        return Answered(_entries(answer.value), answer.probe)

    def oldest(self, expr: str, window: Window, limit: int) -> Answered[list[StoredLine]]:
        """The oldest lines of a log query, at most `limit`, in their order. A Loki that gives fewer at once refuses:
        `most_at_once` says how many it gives."""
        answer = self.query_range(expr, window, limit=limit, direction="forward")
        return Answered(sorted(_entries(answer.value), key=lambda stored: stored.ts), answer.probe)

    def _paged(self, expr: str, window: Window, limit: int, page: int, refused: Refused) -> Answered[list[StoredLine]]:
        found: dict[tuple[tuple[tuple[str, str], ...], int, str], Labels] = {}
        end_ns = window.end_ns
        while True:
            answer = self.query_range(expr, Window(window.start_ns, end_ns), limit=page)
            entries, before = _entries(answer.value), len(found)
            found.update({(tuple(sorted(labels.items())), ts, line): labels for labels, ts, line in entries})
            if len(entries) < page or len(found) >= limit:
                break
            if len(found) == before:
                raise refused
            # The oldest time once more: the page may have ended between two lines of it.
            end_ns = min(entry.ts for entry in entries) + 1
        stored = [StoredLine(labels, ts, line) for (_, ts, line), labels in found.items()]
        return Answered(stored[:limit], answer.probe)

    def labels(self, window: Window) -> Answered[list[str]]:
        """Names of the labels in a window."""
        return self._names("labels", window)

    def label_values(self, name: str, window: Window) -> Answered[list[str]]:
        """Values of a label in a window; Loki 3.5 answers an unknown label with 200 and no data: an empty list."""
        return self._names(f"label/{quote(name, safe='')}/values", window)

    def series(self, matchers: Sequence[str], window: Window) -> Answered[list[Labels]]:
        """Label sets of the streams that match one selector or more, for example `{job="boundary"}`."""
        import httpx

        path = f"{_API}/series"
        query = str(httpx.QueryParams([*(("match[]", m) for m in matchers), *_span(window).items()]))
        answer = self._http.get(f"{path}?{query}")
        value: list[Labels] = list(self._document(answer, _LabelSets).get("data") or [])
        return Answered(value, self._probe(f"GET {path} match[]={' '.join(matchers)}", value[:50], window, answer))

    def discarded(self) -> Answered[dict[str, int]]:
        """Lines that it discarded since it started, by reason, of all tenants, as /metrics counts them. Loki 3.5 counts
        a broken label limit again as `invalid_labels`."""
        answer = self._http.get("/metrics")
        metrics = parse_exposition(answer.text)
        kept = {
            name: [[labels, number] for labels, number in metrics.get(name, [])]
            for name in ("loki_discarded_samples_total", "loki_distributor_lines_received_total")
        }
        total: dict[str, int] = {}
        for labels, value in metrics.get("loki_discarded_samples_total", []):
            reason = labels.get("reason", "")
            total[reason] = total.get(reason, 0) + whole(value)
        return Answered(total, self._probe("GET /metrics", kept, None, answer))

    def retention(self) -> Answered[int | None]:
        """How long lines are kept (ns), None for ever: `limits_config.retention_period` of /config, which counts only
        with `compactor.retention_enabled` (Loki 3.5). Raises Unavailable for an answer that is not a configuration."""
        document, came = self._configuration()
        try:
            kept = parse_prometheus_duration(str(document["limits_config"]["retention_period"]))
            enabled = bool(document["compactor"]["retention_enabled"])
        except (KeyError, TypeError, ValueError):
            raise _NO_CONFIGURATION from None
        answer = {"retention_period_ns": kept, "retention_enabled": enabled}
        return Answered(kept if enabled and kept else None, self._probe("GET /config", answer, None, came))

    def lookback(self) -> Answered[int]:
        """How far back queries of this tenant see (ns), 0 for as far as there is.

        Loki says it where an offset takes a query further back (3.5: validateQueryTimeRangeLimits; a request that is
        older altogether is answered with nothing); its /config does not have what is set for a tenant.
        """
        at_ns, expr = self._clock(), 'count_over_time({service_name=~".+"}[1s] offset 20y)'
        try:
            return Answered(0, self.query(expr, at_ns).probe)
        except Refused as refused:
            told = _LOOKBACK.search(refused.body)
            answer = {"status": refused.status, "error": refused.body}
            probe = self._probe(f"GET {_API}/query query={expr}", answer, Window(at_ns, at_ns), None)
            return Answered(parse_prometheus_duration(told[1]) if told else 0, probe)

    def version(self) -> Answered[str]:
        """What /loki/api/v1/status/buildinfo calls the version, "" where it names none."""
        path = f"{_API}/status/buildinfo"
        answer = self._http.get(path)
        document = self._http.json(answer)
        value = str(document.get("version") or "") if isinstance(document, dict) else ""
        return Answered(value, self._probe(f"GET {path}", {"version": value}, None, answer))

    def ready(self) -> Answered[bool]:
        """Whether Loki says that it is ready; a 503 is an answer (its words are in the probe)."""
        response = self._http.get("/ready", accept=(503,))
        answer = {"status": response.status_code, "body": one_line(response.text, 200)}
        return Answered(response.status_code == 200, self._probe("GET /ready", answer, None, response))

    def _ask(self, endpoint: str, params: Mapping[str, str], window: Window) -> Answered[Result]:
        came = self._http.get(f"{_API}/{endpoint}", params)
        result, stats = read_result(self._document(came, _Said))
        answer: dict[str, Json] = shown_result(result)
        if stats.notes:
            answer["warnings"] = list(stats.notes)
        request = f"GET {_API}/{endpoint} query={params['query']}"
        return Answered(result, self._probe(request, answer, window, came, stats.bytes_read))

    def _names(self, endpoint: str, window: Window) -> Answered[list[str]]:
        answer = self._http.get(f"{_API}/{endpoint}", _span(window))
        value = sorted(self._document(answer, _Names).get("data") or [])
        return Answered(value, self._probe(f"GET {_API}/{endpoint}", value[:200], window, answer))

    def _configuration(self) -> tuple[Any, Answer]:
        """Loki's configuration, and the answer without its secrets: Loki hides only those that it knows as such."""
        answer = self._http.get("/config")
        try:
            document = yaml.load(answer.text, Loader)
            return document, replace(answer, content=without_secret_values(answer.text)[0].encode())
        except yaml.YAMLError:
            raise _NO_CONFIGURATION from None

    def _document(self, answer: Answer, kind: type[_Said]) -> dict[str, Any]:
        """An answer of the API."""
        document: dict[str, Json] = self._http.json(answer, kind)
        if document.get("status") != "success":
            raise Unavailable("loki: the answer is not a success document", "does the URL point to Loki?")
        return document

    def _probe(
        self, request: str, answer: object, window: Window | None, came: Answer | None, bytes_read: int = 0
    ) -> Probe:
        return Probe("loki", request, answer, self._clock(), window, bytes_read, came.kept() if came else None)


def most_at_once(refused: Refused) -> int | None:
    """How many lines a Loki gives at once that refused to give more; None for another refusal."""
    given = _MOST_AT_ONCE.search(refused.body)
    return int(given[1]) if given else None


def _span(window: Window) -> dict[str, str]:
    return {"start": str(window.start_ns), "end": str(window.end_ns)}


def _entries(result: Result) -> list[StoredLine]:
    streams = result.streams if isinstance(result, Streams) else []
    return [StoredLine(stream.labels, entry.ts, entry.line) for stream in streams for entry in stream.entries]
