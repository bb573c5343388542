"""Prometheus's HTTP API: parameters in, its JSON out. No sockets here."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from obs_check.errors import QueryError
from obs_check.golang.numbers import format_float
from obs_check.model.tree import Json
from obs_check.standin.prometheus.binary import ExecutionError
from obs_check.standin.prometheus.eval import Ranges, evaluate, evaluate_range, parse, parse_selector
from obs_check.standin.prometheus.functions import RangeSeries
from obs_check.standin.prometheus.scrape import ScrapeTarget
from obs_check.standin.prometheus.store import Store

Params = Mapping[str, Sequence[str]]
"""Parameters of the query string or of a form, each with all its values."""


class PrometheusApi:
    """Answers of /api/v1 over a store. Times of the API are seconds or RFC 3339, of the store ms."""

    def __init__(self, store: Store, targets: Sequence[ScrapeTarget], interval_s: float, timeout_s: float) -> None:
        self._store = store
        self._targets = targets
        self._interval_s = interval_s
        self._timeout_s = timeout_s

    def answer(self, path: str, params: Params, now_ms: int) -> tuple[int, dict[str, Any]]:
        """HTTP status and document: 400 for a query that is wrong or not supported, 422 for one that cannot be
        calculated, 404 for a route that is not there."""
        try:
            data = self._data(path.removeprefix("/api/v1/"), params, now_ms)
        except ExecutionError as error:
            return 422, {"status": "error", "errorType": "execution", "error": error.message}
        except QueryError as error:
            return 400, {"status": "error", "errorType": "bad_data", "error": error.message}
        if data is None:
            return 404, {"status": "error", "errorType": "not_found", "error": f"the lab has no route {path}"}
        return 200, {"status": "success", "data": data}

    def _data(self, route: str, params: Params, now_ms: int) -> Json:
        match route.split("/"):
            case ["query"]:
                return self._query(params, now_ms)
            case ["query_range"]:
                return self._query_range(params)
            case ["labels"]:
                return sorted({name for labels in self._series(params, now_ms) for name in labels})
            case ["label", name, "values"]:
                return sorted({labels[name] for labels in self._series(params, now_ms) if name in labels})
            case ["series"]:
                if not params.get("match[]"):
                    raise QueryError("no match[] parameter provided")
                return self._series(params, now_ms)
            case ["targets"]:
                return self._target_list()
        return None

    def _query(self, params: Params, now_ms: int) -> dict[str, Any]:
        at_ms = _time(params, "time", now_ms)
        value = evaluate(self._store, parse(_required(params, "query")), at_ms)
        if isinstance(value, Ranges):
            return _matrix(value.series)
        if isinstance(value, float):
            return {"resultType": "scalar", "result": _point(at_ms, value)}
        result = [{"metric": labels, "value": _point(at_ms, number)} for labels, number in value]
        return {"resultType": "vector", "result": result}

    def _query_range(self, params: Params) -> dict[str, Json]:
        start, end = _time(params, "start"), _time(params, "end")
        step = _step_ms(_required(params, "step"))
        return _matrix(evaluate_range(self._store, parse(_required(params, "query")), start, end, step))

    def _series(self, params: Params, now_ms: int) -> list[dict[str, str]]:
        selectors = [parse_selector(text) for text in params.get("match[]", ())]
        # Prometheus 3: from and until are inclusive here, unlike a lookback.
        span = (_time(params, "start", 0) - 1, _time(params, "end", now_ms))
        return self._store.series(selectors or ((),), span)

    def _target_list(self) -> dict[str, Any]:
        active = [
            {
                "discoveredLabels": {"__address__": target.labels["instance"], "job": target.job},
                "labels": target.labels,
                "scrapePool": target.job,
                "scrapeUrl": target.url,
                "globalUrl": target.url,
                "lastError": target.last_error,
                "lastScrape": _rfc3339(target.last_ms),
                "lastScrapeDuration": 0.0,
                "health": target.health,
                "scrapeInterval": f"{self._interval_s:g}s",
                "scrapeTimeout": f"{self._timeout_s:g}s",
            }
            for target in self._targets
        ]
        return {"activeTargets": active, "droppedTargets": [], "droppedTargetCounts": {}}


def _point(ts_ms: int, value: float) -> list[float | str]:
    return [ts_ms / 1000, format_float(value)]


def _matrix(series: Sequence[RangeSeries]) -> dict[str, Any]:
    result = [{"metric": s.labels, "values": [_point(ts, value) for ts, value in s.points]} for s in series]
    return {"resultType": "matrix", "result": result}


def _required(params: Params, name: str) -> str:
    values = params.get(name)
    if not values:
        raise QueryError(f"parameter {name!r} is missing")
    return values[0]


def _time(params: Params, name: str, default_ms: int | None = None) -> int:
    """A time in ms; the default where the parameter may be missing."""
    if default_ms is not None and not params.get(name):
        return default_ms
    text = _required(params, name)
    try:
        return round(float(text) * 1000)
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise QueryError(f"parameter {name!r}: {text!r} is neither seconds nor RFC 3339") from error
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _step_ms(text: str) -> int:
    """A step in ms from seconds or a duration such as 30s."""
    import promql_parser

    try:
        return round(float(text) * 1000)
    except (ValueError, OverflowError):
        pass
    try:
        return round(promql_parser.parse_duration(text).total_seconds() * 1000)
    except ValueError as error:
        raise QueryError(f"parameter 'step': {text!r} is neither seconds nor a duration") from error


def _rfc3339(ts_ms: int) -> str:
    if not ts_ms:
        return "0001-01-01T00:00:00Z"
    return datetime.fromtimestamp(ts_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
