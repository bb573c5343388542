"""select.wrong-tenant: the dashboard's datasource asks Loki for another tenant than the one that has the lines.

The datasource sends its own X-Scope-OrgID, and a tenant without lines is not an error (Loki 3.5: 200 with nothing); its
health check is green too. Proved, where Loki can be asked directly, by the same selector asked both ways.
"""

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.questions import results_of
from obs_check.logql import to_text
from obs_check.logql.syntax import ast
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.panel.frames import all_frames

_TENANT_HEADER = "x-scope-orgid"


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Ask for the selector's lines through the datasource; the funnel asked Loki directly."""
    if context.loki_server.direct is None or broken.reading.rows > 0 or broken.reading.error:
        return None
    if broken.rungs[-1].lines == 0:
        return None
    source = context.datasources.resolve(broken.sent.get("datasource"))
    headers = {k: str(v) for k, v in source.settings.items() if k.startswith("httpHeaderName")} if source else {}
    if source is None or _TENANT_HEADER not in (h.lower() for h in headers.values()):
        return None
    selector = to_text(ast.LogQuery(broken.query.selector))
    span = broken.whole.request.range
    query = {**broken.sent, "expr": selector, "queryType": "range", "maxLines": 10}
    body = {"from": str(span.from_ms), "to": str(span.to_ms), "queries": [query]}
    results, probe = results_of(context.grafana, body)
    if any(r.error for r in results.values()) or any(f.rows for f in all_frames(results.values())):
        return None
    return CAUSE.finding(
        f"the datasource `{source.uid}` sends a tenant of its own (X-Scope-OrgID) and gets 0 lines of "
        f"`{selector}`; Loki itself has {broken.rungs[-1].lines:g} that pass the whole query",
        Observation((*broken.measured, probe)),
        Fix(f"give the datasource `{source.uid}` the tenant that the shipper writes for"),
        group=source.uid,
    )


CAUSE = on_query("select.wrong-tenant", "loki", find)
