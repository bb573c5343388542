"""POST /api/ds/query."""

import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from obs_check.lab.grafana.datasource import Datasource, Datasources
from obs_check.lab.grafana.loki_query import run_loki
from obs_check.lab.grafana.outcome import QueryFailed, TimeSpan
from obs_check.lab.grafana.prometheus_query import run_prometheus
from obs_check.lab.grafana.refusal import Refusal
from obs_check.lab.grafana.sql_query import run_sql
from obs_check.panel.interval import interval_to_ms

if TYPE_CHECKING:
    import httpx

_RELATIVE = re.compile(r"now(?:-(\w+))?")
Runner = Callable[["httpx.Client", Datasource, Mapping[str, Any], TimeSpan], list[dict[str, Any]]]
RUNNERS: dict[str, Runner] = {
    "loki": run_loki,
    "prometheus": run_prometheus,
    "grafana-postgresql-datasource": run_sql,
}


def _moment(value: Any, now_ms: int) -> int:
    """ms of an end of the range. Grafana wants a string; one that it cannot read silently means 1970."""
    if not isinstance(value, str):
        raise Refusal(400, "bad request data", messageId="")
    if value.isdigit():
        return int(value)
    match = _RELATIVE.fullmatch(value)
    if match is None:
        return 0
    return now_ms - (interval_to_ms(match[1]) or 0) if match[1] else now_ms


def _run(http: "httpx.Client", source: Datasource, query: Mapping[str, Any], span: TimeSpan) -> dict[str, Any]:
    import httpx

    runner = RUNNERS.get(source.type)
    try:
        if runner is None:
            text = f"db query error: the lab has no server for a datasource of type {source.type}"
            raise QueryFailed(500, text)
        return {"status": 200, "frames": runner(http, source, query, span)}
    except QueryFailed as failed:
        return failed.to_json()
    except httpx.TimeoutException:
        return QueryFailed(504, "context deadline exceeded").to_json()
    except httpx.HTTPError as error:
        return QueryFailed(502, f'Get "{source.url}": {error}').to_json()


def ds_query(
    http: "httpx.Client",
    sources: Datasources,
    body: Any,
    clock: Callable[[], int] = time.time_ns,
) -> tuple[int, dict[str, Any]]:
    """(status, document). 400 with all results when a refId failed; a refId that occurs twice is answered once, for
    its last query. Refusal when the request as a whole is wrong."""
    if not isinstance(body, dict):
        raise Refusal(400, "bad request data")
    queries = body.get("queries")
    if not isinstance(queries, list) or not queries:
        raise Refusal(400, "no queries found", messageId="query.noQueries", statusCode=400, traceID="")
    now_ms = clock() // 1_000_000
    span = TimeSpan(_moment(body.get("from"), now_ms), _moment(body.get("to"), now_ms))
    asked: dict[str, tuple[Datasource, Mapping[str, Any]]] = {}
    for query in queries:
        reference = query.get("datasource") if isinstance(query, dict) else None
        if not isinstance(reference, dict) or not reference.get("uid"):
            message = "Query does not contain a valid data source identifier"
            raise Refusal(400, message, messageId="query.invalidDatasourceId", statusCode=400, traceID="")
        asked[str(query.get("refId") or "A")] = (sources.find(str(reference["uid"])), query)
    results = {ref_id: _run(http, source, query, span) for ref_id, (source, query) in asked.items()}
    failed = any("error" in result for result in results.values())
    return (400 if failed else 200), {"results": results}
