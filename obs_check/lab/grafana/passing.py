"""What Grafana passes on to a datasource: the proxy, the plugin's resources and its health check."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from obs_check.lab.grafana.datasource import Datasource
from obs_check.lab.grafana.outcome import refused_text
from obs_check.lab.grafana.refusal import Refusal
from obs_check.lab.sql import SqlError

if TYPE_CHECKING:
    import httpx

_LOKI_RESOURCES = (
    "labels",
    "label/",
    "series",
    "index/stats",
    "index/volume",
    "patterns",
    "detected_fields",
    "detected_labels",
    "detected_field/",
)
_CHECKS = {
    "loki": ("/loki/api/v1/query", "vector(1)+vector(1)", "Data source successfully connected."),
    "prometheus": ("/api/v1/query", "1+1", "Successfully queried the Prometheus API."),
}


PASSED_ON = ("X-Loki-Response-Encoding-Flags", "X-Scope-OrgID")
"""Headers of a client that reach the datasource. Grafana's proxy takes cookies and credentials off and passes others
on; those that the datasource sets itself win."""


def proxied(
    http: "httpx.Client", source: Datasource, path: str, query: bytes, headers: Mapping[str, str] | None = None
) -> "httpx.Response":
    """The datasource's own answer; Refusal 502 when there is none."""
    import httpx

    try:
        return source.get(http, f"/{path}", query, headers)
    except httpx.HTTPError as error:
        raise Refusal(502, "Bad Gateway", error=str(error)) from None


def resource(http: "httpx.Client", source: Datasource, path: str, query: bytes) -> "httpx.Response":
    """The answer of a plugin's resource. Refusal of paths that are not on its list, and of refusals (their 5xx text
    is hidden)."""
    if source.type == "loki":
        if not path.startswith(_LOKI_RESOURCES):
            raise Refusal(400, f"invalid resource URL: {path}")
        path = f"loki/api/v1/{path}"
    elif source.type != "prometheus" or not path.startswith("api/v1/"):
        raise Refusal(404, "Not found")
    response = proxied(http, source, path, query)
    if response.status_code >= 500:
        raise Refusal(response.status_code, "An error occurred within the plugin", traceID="")
    if response.status_code >= 400:
        raise Refusal(response.status_code, refused_text(response), traceID="")
    return response


def health(http: "httpx.Client", source: Datasource) -> tuple[int, dict[str, Any]]:
    """(status, document). Loki's check asks `vector(1)+vector(1)`: it proves that Loki answers, not that there
    is data."""
    import httpx

    if source.database is not None:
        try:
            source.database.query("SELECT 1")
        except SqlError as error:
            return 400, {"status": "ERROR", "message": f"pq: {error}"}
        return 200, {"status": "OK", "message": "Database Connection OK"}
    if source.type not in _CHECKS:
        raise Refusal(404, "plugin.notFound")
    path, expr, good = _CHECKS[source.type]
    try:
        response = source.get(http, path, {"query": expr})
        if response.status_code == 200 and json.loads(response.text).get("status") == "success":
            return 200, {"status": "OK", "message": good}
        reason = refused_text(response)
    except (httpx.HTTPError, ValueError) as error:
        reason = str(error)
    return 400, {"status": "ERROR", "message": f"Unable to connect with {source.type.capitalize()}: {reason}"}
