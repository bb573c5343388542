"""One stored target as the entries of `queries` that its datasource's front end sends."""

from collections.abc import Mapping
from typing import Any

from obs_check.panel.adhoc import add_filters
from obs_check.panel.datasource import Datasource, is_expression, reference_key
from obs_check.panel.elements import Target
from obs_check.panel.interpolate import interpolate
from obs_check.panel.interval import Interval
from obs_check.panel.timerange import TimeRange
from obs_check.panel.variables import EffectiveVariable, Filter

_LOKI_QUERY_TYPES = {"range", "instant", "stream"}
_DEFAULT_MAX_LINES = 1000


def target_queries(
    target: Target,
    datasource: Datasource,
    variables: Mapping[str, EffectiveVariable],
    within: TimeRange,
    interval: Interval,
    max_data_points: int,
    panel_id: int,
) -> tuple[list[dict[str, Any]], str]:
    """The entries (Prometheus with instant and range has two), and the error the front end shows instead, or empty."""
    base = {"refId": target.ref_id, "intervalMs": interval.ms, "maxDataPoints": max_data_points}
    if is_expression(target.datasource):
        return [{**target.query, **base, "datasource": {"type": "__expr__", "uid": "__expr__"}}], ""
    base["datasource"] = {"type": datasource.type, "uid": datasource.uid}

    def filled(text: object, kind: str = "", scoped: Mapping[str, str] | None = None) -> str:
        return interpolate(str(text), variables, kind, scoped, within)

    match datasource.kind:
        case "loki":
            sent = _loki(target.query, datasource, filled)
            sent["expr"] = add_filters(sent["expr"], filters_of(datasource, variables))
            return [{**base, **sent}], ""
        case "prometheus":
            return _prometheus(target, base, filled, panel_id), ""
        case "sql":
            return _sql(target, datasource, base, filled, interval)
        case _:
            texts = {k: filled(v) if isinstance(v, str) else v for k, v in target.query.items()}
            return [{**texts, **base}], ""


def filters_of(datasource: Datasource, variables: Mapping[str, EffectiveVariable]) -> list[Filter]:
    """The ad hoc filters that hold for a datasource's queries: those of variables that name it."""
    named = {datasource.uid, datasource.name}
    return [f for v in variables.values() if reference_key(v.datasource) in named for f in v.filters]


def _loki(query: Mapping[str, Any], datasource: Datasource, filled: Any) -> dict[str, Any]:
    own = {k: v for k, v in query.items() if k not in {"instant", "range", "datasourceId"}}
    kind = str(query.get("queryType") or "")
    if kind not in _LOKI_QUERY_TYPES:
        kind = "instant" if query.get("instant") is True else "range"
    lines = query.get("maxLines")
    if lines is None:
        lines = datasource.settings.get("maxLines") or _DEFAULT_MAX_LINES
    own |= {
        "expr": filled(query.get("expr", ""), "loki"),
        "queryType": kind,
        "maxLines": int(lines),
        "direction": query.get("direction") or "backward",
    }
    for name in ("step", "legendFormat"):
        if own.get(name):
            own[name] = filled(own[name])
    return own


def _prometheus(target: Target, base: Mapping[str, object], filled: Any, panel_id: int) -> list[dict[str, Any]]:
    own = {k: v for k, v in target.query.items() if k != "datasourceId"}
    own |= {
        "expr": filled(own.get("expr", ""), "prometheus"),
        "interval": filled(own.get("interval") or ""),
        "utcOffsetSec": 0,
        "requestId": f"{panel_id}{target.ref_id}",
    }
    if own.get("legendFormat"):
        own["legendFormat"] = filled(own["legendFormat"])
    if own.get("instant") and own.get("range"):
        instant = {**own, **base, "refId": f"{target.ref_id}-Instant", "range": False, "exemplar": False}
        return [{**own, **base, "instant": False}, instant]
    if not own.get("instant"):
        own |= {"instant": False, "range": True}
    return [{**own, **base}]


def _sql(
    target: Target, datasource: Datasource, base: Mapping[str, object], filled: Any, interval: Interval
) -> tuple[list[dict[str, Any]], str]:
    configured = str(datasource.settings.get("database") or datasource.database)
    if "postgres" in datasource.type and not configured:
        return [], f"You do not currently have a default database configured for {datasource.name}: nothing is sent"
    wanted = str(target.query.get("dataset") or "")
    if target.query.get("editorMode") == "builder" and "postgres" in datasource.type and wanted not in {"", configured}:
        return [], f"the query is for database {wanted!r}, {datasource.name} is configured for {configured!r}"
    scoped = {"__interval": interval.text, "__interval_ms": str(interval.ms)}
    text = filled(target.query.get("rawSql", ""), "sql", scoped)
    return [{**base, "rawSql": text, "format": target.query.get("format") or "table"}], ""
