"""POST /api/ds/query."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from obs_check.model.tree import Json
from obs_check.model.window import MS
from obs_check.panel.interval import interval_to_ms
from obs_check.standin.grafana.datasource import ProvisionedDatasource, ProvisionedDatasources
from obs_check.standin.grafana.loki_query import run_loki
from obs_check.standin.grafana.outcome import PLUGIN_ERROR, PluginFailed, QueryFailed, TimeSpan, unreached
from obs_check.standin.grafana.prometheus_query import run_prometheus
from obs_check.standin.grafana.refusal import GrafanaRefusal
from obs_check.standin.grafana.sql_query import run_sql

if TYPE_CHECKING:
    import httpx

_RELATIVE = re.compile(r"now(?:-(\w+))?")
Runner = Callable[["httpx.Client", ProvisionedDatasource, Mapping[str, Any], TimeSpan], list[dict[str, Any]]]
RUNNERS: dict[str, Runner] = {
    "loki": run_loki,
    "prometheus": run_prometheus,
    "grafana-postgresql-datasource": run_sql,
}


def _moment(value: object, now_ms: int) -> int:
    """ms of an end of the range. Grafana wants a string; one that it cannot read silently means 1970."""
    if not isinstance(value, str):
        raise GrafanaRefusal(400, "bad request data")
    if value.isdigit():
        return int(value)
    match = _RELATIVE.fullmatch(value)
    if match is None:
        return 0
    return now_ms - (interval_to_ms(match[1]) or 0) if match[1] else now_ms


def _run(
    http: "httpx.Client", source: ProvisionedDatasource, query: Mapping[str, object], span: TimeSpan
) -> dict[str, Json]:
    import httpx

    runner = RUNNERS.get(source.type)
    try:
        if runner is None:
            text = f"db query error: the lab has no server for a datasource of type {source.type}"
            raise QueryFailed(500, text)
        frames = runner(http, source, query, span)
        # Grafana 12.4 leaves `frames` out where there is none.
        return {"status": 200, "frames": frames} if frames else {"status": 200}
    except QueryFailed as failed:
        return failed.to_json()
    except PluginFailed:
        raise GrafanaRefusal(500, PLUGIN_ERROR, messageId="plugin.requestFailureError", statusCode=500) from None
    except httpx.TimeoutException:
        return QueryFailed(504, "context deadline exceeded").to_json()
    except httpx.HTTPError as error:
        return QueryFailed(502, unreached(error), [] if source.type == "prometheus" else None).to_json()


def ds_query(
    http: "httpx.Client", sources: ProvisionedDatasources, body: object, now_ns: int
) -> tuple[int, dict[str, Json]]:
    """(status, document). 400 with all results when a refId failed. Refusal when the request as a whole is wrong, in
    Grafana 12.4 also when a refId occurs twice."""
    if not isinstance(body, dict):
        raise GrafanaRefusal(400, "bad request data")
    queries = body.get("queries")
    if not isinstance(queries, list) or not queries:
        raise GrafanaRefusal(400, "No queries found", messageId="query.noQueries", statusCode=400)
    now_ms = now_ns // MS
    span = TimeSpan(_moment(body.get("from"), now_ms), _moment(body.get("to"), now_ms))
    asked: dict[str, tuple[ProvisionedDatasource, Mapping[str, Json]]] = {}
    for query in queries:
        reference = query.get("datasource") if isinstance(query, dict) else None
        if not isinstance(reference, dict) or not reference.get("uid"):
            message = "Query does not contain a valid data source identifier"
            raise GrafanaRefusal(400, message, messageId="query.invalidDatasourceId", statusCode=400)
        ref_id = str(query.get("refId") or "A")
        if ref_id in asked:
            message = "Multiple queries using the same RefId is not allowed "
            raise GrafanaRefusal(400, message, messageId="query.duplicateRefId", statusCode=400)
        asked[ref_id] = (sources.find(str(reference["uid"])), query)
    results = {ref_id: _run(http, source, query, span) for ref_id, (source, query) in asked.items()}
    failed = any("error" in result for result in results.values())
    return (400 if failed else 200), {"results": results}
