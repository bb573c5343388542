"""Queries of type prometheus: step and macros as Grafana's backend makes them, the answer as frames."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from obs_check.golang.durations import format_go_duration
from obs_check.model.tree import Json
from obs_check.panel.interval import format_interval, prometheus_step
from obs_check.standin.grafana.columns import MS, Column, frame
from obs_check.standin.grafana.datasource import ProvisionedDatasource
from obs_check.standin.grafana.outcome import QueryFailed, TimeSpan, legend, number, samples_of
from obs_check.standin.loki.wording import quoted

if TYPE_CHECKING:
    import httpx


def _interpolated(expr: str, step_ms: int, rate_ms: int, span: TimeSpan) -> str:
    """Plain text replacement, the longest names first."""
    seconds = int(span.length_ms / 1000 + 0.5)
    values = {
        "__rate_interval_ms": str(rate_ms),
        # Grafana 12.4 writes this one as Go does: 1m0s.
        "__rate_interval": format_go_duration(rate_ms * MS),
        "__interval_ms": str(step_ms),
        "__interval": format_interval(step_ms),
        "__range_ms": str(span.length_ms),
        "__range_s": str(seconds),
        "__range": f"{seconds}s",
    }
    for name, value in values.items():
        expr = expr.replace(f"${{{name}}}", value).replace(f"${name}", value)
    return expr


def run_prometheus(
    http: "httpx.Client", source: ProvisionedDatasource, query: Mapping[str, Any], span: TimeSpan
) -> list[dict[str, Json]]:
    """The frames of one query, range before instant when both are asked for; neither means range.

    Grafana: a range is aligned down to the step, an instant query is asked at the exact end; without data there is one
    frame without fields that says what was executed. QueryFailed when Prometheus refuses.
    """
    step, rate = prometheus_step(
        int(query.get("intervalMs") or 1000),
        span.length_ms,
        int(query.get("maxDataPoints") or 100),
        str(query.get("interval") or ""),
        str(source.json_data.get("timeInterval") or ""),
        int(query.get("intervalFactor") or 1),
    )
    expr = _interpolated(str(query.get("expr", "")), step, rate, span)
    instant = bool(query.get("instant"))
    frames: list[dict[str, Any]] = []
    if query.get("range") or not instant:
        start, end = (ms // step * step / 1000 for ms in (span.from_ms, span.to_ms))
        params = {"query": expr, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step / 1000:g}"}
        frames += _ask(http, source, "/api/v1/query_range", params, query, step)
    if instant:
        params = {"query": expr, "time": f"{span.to_ms / 1000:.3f}"}
        frames += _ask(http, source, "/api/v1/query", params, query, step)
    return frames


def _ask(
    http: "httpx.Client",
    source: ProvisionedDatasource,
    path: str,
    params: Mapping[str, str],
    query: Mapping[str, object],
    step: int,
) -> list[dict[str, Any]]:
    response = source.get(http, path, params)
    ref_id = str(query.get("refId") or "A")
    asked = {
        "custom": {"calculatedMinStep": step},
        "executedQueryString": f"Expr: {params['query']}\nStep: {format_go_duration(step * MS)}",
    }
    empty = [frame(ref_id, [], asked)]
    if response.status_code != 200:
        raise _refused(response, empty)
    data = json.loads(response.text)["data"]
    kind = data["resultType"]
    rows = samples_of(data)
    if not rows:
        return empty
    shape = {"type": "timeseries-multi" if kind == "matrix" else "numeric-multi", "typeVersion": [0, 1]}
    frames = []
    for index, (labels, points) in enumerate(rows):
        name = _display_name(labels, str(query.get("legendFormat") or ""), params["query"])
        times = [round(float(ts) * 1000) * MS for ts, _ in points]
        columns = [
            Column("Time", "time", times, None, {"interval": step}),
            Column(
                labels.get("__name__") or "Value",
                "number",
                [number(v) for _, v in points],
                labels,
                {"displayNameFromDS": name} if name else None,
            ),
        ]
        # Only the first frame carries what was executed.
        meta: dict[str, Any] = asked if index == 0 else {"custom": {}}
        custom = {**meta["custom"], "resultType": kind}
        frames.append(frame(ref_id, columns, {**meta, **shape, "custom": custom}))
    return frames


def _refused(response: "httpx.Response", frames: list[dict[str, Any]]) -> QueryFailed:
    """As Grafana 12.4 shows it: Prometheus's kind of error before its text; 500 for what is not an answer of a
    Prometheus."""
    try:
        document = json.loads(response.text)
        return QueryFailed(response.status_code, f"{document['errorType']}: {document['error']}", frames)
    except (ValueError, KeyError, TypeError):
        for one in frames:
            del one["schema"]["meta"]["custom"]
        text = f"unexpected response with status code {response.status_code}: {response.text}"
        return QueryFailed(500, text, frames)


def _display_name(labels: Mapping[str, str], template: str, expr: str) -> str:
    """The legend; without one `name{a="b"}`, and the query itself where that would be `{}`. `__auto` leaves the name
    of a series that has labels to the browser."""
    if template == "__auto":
        return "" if labels else expr
    if template:
        return legend(template, labels)
    inside = ", ".join(f"{k}={quoted(v)}" for k, v in sorted(labels.items()) if k != "__name__")
    metric = labels.get("__name__", "")
    if not inside:
        return metric or expr
    return f"{metric}{{{inside}}}"
