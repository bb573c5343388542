"""Runs a query of a request over the streams of a tenant."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from obs_check.golang.durations import format_prometheus_duration
from obs_check.logql import parse
from obs_check.logql.engine.evaluate import query_instant, query_range
from obs_check.logql.engine.logs import Direction, LineChoice
from obs_check.logql.settings import EngineSettings
from obs_check.logql.syntax.ast import Expr, LogQuery, Matcher, Metric, RangeAggregation, VectorAggregation
from obs_check.logql.syntax.walk import walk
from obs_check.model.entry import Labels, LogStream
from obs_check.model.result import Matrix, Result, Streams, Vector
from obs_check.model.tree import Json
from obs_check.model.window import NS, Window
from obs_check.standin.loki.answers import categorize_labels, result_data, stats
from obs_check.standin.loki.checks import entry_size
from obs_check.standin.loki.detect import detected_fields, field_values
from obs_check.standin.loki.limits import HOUR, Limits
from obs_check.standin.loki.params import (
    check_length,
    check_limit,
    parse_direction,
    parse_limit,
    parse_range,
    parse_time,
)
from obs_check.standin.loki.refusal import LokiRefusal
from obs_check.standin.loki.store import TenantStore


class _Counted:
    """A Source that remembers what was read through it, for a request that ends at `end_ns`.

    Loki 3.5: `max_query_lookback` moves the start of what is read, and says nothing; a request that is older altogether
    is answered with nothing, and what only an `offset` takes so far back is refused.
    """

    def __init__(self, store: TenantStore, now_ns: int, end_ns: int, limits: Limits) -> None:
        self._store = store
        self._lookback = limits.max_query_lookback
        self._first_ns = now_ns - self._lookback if self._lookback else 0
        self._recent = end_ns >= self._first_ns
        self.lines = 0
        self.bytes = 0
        self.labels: list[Labels] = []

    def select(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> list[LogStream]:
        """See obs_check.logql.engine.source.Source."""
        if end_ns < self._first_ns and self._recent:
            told = format_prometheus_duration(self._lookback)
            raise LokiRefusal(400, f"this data is no longer available, it is past now - max_query_lookback ({told})")
        streams = self._store.select(matchers, max(start_ns, self._first_ns), end_ns)
        for stream in streams:
            self.labels.append(stream.labels)
            self.lines += len(stream.entries)
            self.bytes += sum(map(entry_size, stream.entries))
        return streams


def _answer(
    result: Result, source: _Counted, flags: Sequence[str], direction: Direction, took_ns: int, limits: Limits
) -> dict[str, Any]:
    data = result_data(result, source.labels, flags, newest_first=direction == "backward")
    match result:
        case Streams():
            returned = result.lines
        case Vector(samples):
            returned = len(samples)
        case Matrix(series):
            returned = len(series)
        case _:
            returned = 1
    if not isinstance(result, Streams) and returned > limits.max_query_series:
        raise LokiRefusal(400, f"maximum of series ({limits.max_query_series}) reached for a single query")
    data["stats"] = stats(source.lines, source.bytes, returned, took_ns / NS)
    return data


def _refuse_blocked(text: str, limits: Limits) -> None:
    """Refusal of a query that the configuration blocks."""
    if any(re.search(pattern, text) for pattern in limits.blocked_queries):
        raise LokiRefusal(400, "query blocked by policy")


def _longest_range(expr: Metric) -> int:
    """ns that the range aggregations of a query reach back, 0 where there is none."""
    return max((node.range.interval_ns for node in walk(expr) if isinstance(node, RangeAggregation)), default=0)


def _refuse_switched_off(expr: Expr) -> None:
    """Refusal of what Loki 3.5 does only where its configuration asks for it."""
    if isinstance(expr, LogQuery):
        return
    if any(isinstance(node, VectorAggregation) and node.op == "approx_topk" for node in walk(expr)):
        raise LokiRefusal(500, "approx_topk is not enabled. See -limits.shard_aggregations")


def answer_range(
    store: TenantStore, params: Mapping[str, str], settings: EngineSettings, limits: Limits, flags: Sequence[str]
) -> dict[str, Json]:
    """`data` of query_range. Refusal or QueryError when Loki would refuse the request."""
    now_ns = settings.now_ns()
    asked = parse_range(params, now_ns, limits)
    expr = parse(params.get("query", ""))
    check_length(asked.start, asked.end, limits)
    if isinstance(expr, LogQuery):
        check_limit(asked.limit, limits)
    else:
        # What is split by the hour reaches back from the beginning of each part.
        check_length(max(asked.start, asked.end - HOUR) - _longest_range(expr), asked.end, limits)
    _refuse_switched_off(expr)
    _refuse_blocked(params.get("query", ""), limits)
    source = _Counted(store, now_ns, asked.end, limits)
    result = query_range(
        expr,
        source,
        Window(asked.start, asked.end),
        asked.step,
        settings=settings,
        choice=LineChoice(asked.limit, asked.direction, asked.interval),
    )
    return _answer(result, source, flags, asked.direction, settings.now_ns() - now_ns, limits)


def answer_instant(
    store: TenantStore,
    params: Mapping[str, str],
    settings: EngineSettings,
    limits: Limits,
    flags: Sequence[str],
) -> dict[str, Json]:
    """`data` of an instant query. Refusal or QueryError when Loki would refuse it, as every log query."""
    now_ns = settings.now_ns()
    limit = parse_limit(params)
    at = parse_time(params.get("time", ""), now_ns)
    direction = parse_direction(params.get("direction", ""))
    text = params.get("query", "")
    expr = parse(text, stages=False)
    if not isinstance(expr, LogQuery):
        expr = parse(text)
    _refuse_switched_off(expr)
    _refuse_blocked(text, limits)
    source = _Counted(store, now_ns, at, limits)
    result = query_instant(expr, source, at, settings=settings, limit=limit, direction=direction)
    return _answer(result, source, flags, direction, settings.now_ns() - now_ns, limits)


def selector_matchers(text: str) -> tuple[Matcher, ...]:
    """The matchers of a stream selector; Refusal of a query that is more (Loki 3.5), whatever is wrong inside it."""
    expr = parse(text, stages=False)
    if not isinstance(expr, LogQuery) or expr.stages:
        raise LokiRefusal(400, "only label matchers are supported")
    return expr.selector.matchers


def answer_fields(
    store: TenantStore, params: Mapping[str, str], settings: EngineSettings, limits: Limits, name: str | None = None
) -> dict[str, Json]:
    """`detected_fields` of a log query's newest lines, or the values of the field `name`; nothing at all where there
    is none. Refusal or QueryError as Loki refuses."""
    lines = parse_limit({"limit": params.get("line_limit", "")})
    most = parse_limit({"limit": params.get("limit") or params.get("field_limit") or "1000"})
    asked = parse_range({**params, "limit": ""}, settings.now_ns(), limits)
    expr = parse(params.get("query", ""))
    if not isinstance(expr, LogQuery):
        raise LokiRefusal(400, "only log selector is supported")
    check_limit(lines, limits)
    source = _Counted(store, 0, 0, Limits())
    window = Window(asked.start, asked.end)
    result = query_range(expr, source, window, asked.step, settings=settings, choice=LineChoice(lines))
    rows = categorize_labels(result.streams, source.labels) if isinstance(result, Streams) else []
    if name is not None:
        values = field_values(rows, name, most)
        return {"limit": most, "values": values} if values else {}
    fields = detected_fields(rows, most)
    return {"fields": fields, "limit": most} if fields else {}
