"""Queries of type loki: macros and step as Grafana's backend makes them, Loki's answer as frames."""

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from obs_check.golang.durations import format_go_duration
from obs_check.model.tree import Json
from obs_check.panel.interval import interval_to_ms, loki_step
from obs_check.panel.macros import backend_macros
from obs_check.standin.grafana.columns import MS, Column, frame
from obs_check.standin.grafana.datasource import ProvisionedDatasource
from obs_check.standin.grafana.outcome import (
    PluginFailed,
    QueryFailed,
    TimeSpan,
    legend,
    number,
    refused_text,
    samples_of,
)
from obs_check.standin.loki.wording import label_text

if TYPE_CHECKING:
    import httpx

_SECOND_MS = 1000
_FLAGS = {"X-Loki-Response-Encoding-Flags": "categorize-labels"}
_KINDS = {"structuredMetadata": "S", "parsed": "P"}


def run_loki(
    http: "httpx.Client", source: ProvisionedDatasource, query: Mapping[str, Any], span: TimeSpan
) -> list[dict[str, Json]]:
    """The frames of one query: none for no series, one without rows for no lines. QueryFailed when Loki refused it,
    PluginFailed when it was not asked.

    Grafana: queryType is range when absent and anything but range or instant is an error; an instant query is asked
    at the end of the range; lines are asked with categorized labels.
    """
    kind = query.get("queryType") or "range"
    if kind not in ("range", "instant"):
        raise PluginFailed(f"invalid queryType: {kind}")
    interval = int(query.get("intervalMs") or _SECOND_MS)
    resolution = int(query.get("resolution") or 1)
    step_text = str(query.get("step") or "")
    if step_text and interval_to_ms(step_text) is None:
        raise PluginFailed(f'invalid step: "{step_text}"')
    step = loki_step(interval, span.length_ms, step_text, resolution)
    expr = backend_macros(
        str(query.get("expr", "")),
        from_ms=span.from_ms,
        to_ms=span.to_ms,
        interval_ms=interval,
        step_ms=step,
        instant=kind == "instant",
    )
    params = {"query": expr, "direction": str(query.get("direction") or "backward")}
    if params["direction"] not in ("forward", "backward", "scan"):
        raise PluginFailed(f"invalid queryDirection: {params['direction']}")
    if params["direction"] == "scan":
        params["direction"] = "backward"
    if (lines := int(query.get("maxLines") or 0)) > 0:
        params["limit"] = str(lines)
    if kind == "instant":
        path = "/loki/api/v1/query"
        params["time"] = str(span.to_ms * MS)
    else:
        path = "/loki/api/v1/query_range"
        params |= {"start": str(span.from_ms * MS), "end": str(span.to_ms * MS), "step": f"{step}ms"}
    # Go sorts parameters, and an error quotes them.
    response = source.get(http, path, dict(sorted(params.items())), _FLAGS)
    if response.status_code != 200:
        raise QueryFailed(response.status_code, refused_text(response))
    data = json.loads(response.text)["data"]
    ref_id = str(query.get("refId") or "A")
    if data["resultType"] == "streams":
        return [_log_frame(ref_id, data["result"], params["direction"], {"executedQueryString": f"Expr: {expr}"})]
    # Grafana 12.4 names the step of a range only.
    asked = f"\nStep: {format_go_duration(step * MS)}" if kind == "range" else ""
    meta = {"executedQueryString": f"Expr: {expr}{asked}"}
    return _metric_frames(ref_id, data, str(query.get("legendFormat") or ""), step, meta)


def _ns(seconds: float) -> int:
    return round(seconds * _SECOND_MS) * MS


def _metric_frames(
    ref_id: str, data: Mapping[str, object], template: str, step: int, meta: Mapping[str, object]
) -> list[dict[str, Any]]:
    kind = data["resultType"]
    rows = samples_of(data)
    frames = []
    shape = {"type": "timeseries-multi" if kind == "matrix" else "numeric-multi", "typeVersion": [0, 1]}
    for labels, points in rows:
        name = legend(template, labels) if template else label_text(labels)
        columns = [
            Column(
                "Time", "time", [_ns(ts) for ts, _ in points], None, {"interval": step} if kind == "matrix" else None
            ),
            Column("Value", "number", [number(v) for _, v in points], labels, {"displayNameFromDS": name}),
        ]
        frames.append(frame(ref_id, columns, {**meta, **shape}))
    return frames


def _log_frame(
    ref_id: str, streams: list[dict[str, Any]], direction: str, meta: Mapping[str, object]
) -> dict[str, Json]:
    rows: list[tuple[int, str, dict[str, str], dict[str, str]]] = []
    for stream in streams:
        for ts, line, *extra in stream["values"]:
            labels = dict(stream["stream"])
            types = dict.fromkeys(labels, "I")
            for part, letter in _KINDS.items():
                for name, value in (extra[0].get(part, {}) if extra else {}).items():
                    labels[name], types[name] = value, letter
            rows.append((int(ts), line, labels, types))
    rows.sort(key=lambda row: row[0], reverse=direction == "backward")
    times = [row[0] for row in rows]
    columns = [
        Column("labels", "other", [row[2] for row in rows]),
        Column("Time", "time", times),
        Column("Line", "string", [row[1] for row in rows]),
        Column("tsNs", "string", [str(ts) for ts in times]),
        Column("labelTypes", "other", [row[3] for row in rows], None, {"custom": {"hidden": True}}),
        Column("id", "string", _ids(rows)),
    ]
    return frame(ref_id, columns, {**meta, "custom": {"frameType": "LabeledTimeValues"}})


def _ids(rows: list[tuple[int, str, dict[str, str], dict[str, str]]]) -> list[str]:
    """Time and a hash of labels and line; equal rows are numbered."""
    seen: dict[str, int] = {}
    ids = []
    for ts, line, labels, _ in rows:
        digest = hashlib.blake2b(f"{label_text(labels)}_{line}".encode(), digest_size=4).hexdigest()
        key = f"{ts}_{digest}"
        count = seen[key] = seen.get(key, -1) + 1
        ids.append(f"{key}_{count}" if count else key)
    return ids
