"""aggregate.instant-vs-range: the panel asks for points over time and shows one moment's table, or the other way round.

Loki 3.5 refuses a log query at one moment (400); a table of a range query has a row for each point instead of one for
each series. Proved by the panel read with the other type of query.
"""

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.dashboard_edit import dashboard_fix, edited, panel_json
from obs_check.evidence.query_finding import better, query_finding
from obs_check.logql import parse
from obs_check.logql.syntax import ast
from obs_check.model.finding import Finding, PanelEdit, Proof

_REFUSED = "not supported as an instant query type"


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Read the panel with the other query type."""
    is_log = isinstance(parse(broken.expr), ast.LogQuery)
    refused = broken.instant and is_log and _REFUSED in broken.reading.error
    many_rows = not broken.instant and not is_log and broken.panel.type in ("table", "bargauge", "piechart")
    if not refused and not (many_rows and broken.rungs[-1].lines > 0):
        return None
    stored = panel_json(context.dashboard, broken.panel.id)
    targets = stored.get("targets") or ()
    index = next((i for i, t in enumerate(targets) if t.get("refId", "A") == broken.target.ref_id), None)
    if index is None:
        return None
    now, other = ("instant", "range") if broken.instant else ("range", "instant")
    edit = PanelEdit(broken.panel.id, ("targets", index, "queryType"), targets[index].get("queryType"), other)
    changed = context.grafana.look_again(edited(context.dashboard, [edit]), broken.whole)
    if not better(broken, changed):
        return None
    reads = broken.reading.error or f"the panel reads {broken.reading.text}"
    return query_finding(
        CAUSE,
        context,
        broken,
        f"the query is asked as {now}: {reads}; as {other} it reads {changed.reading.text}",
        Proof((*broken.measured, *broken.whole.probes), changed.probes),
        dashboard_fix(f"ask it as {other} query", context.dashboard_uid, context.dashboard, [edit]),
        group=other,
        cured=not changed.differs,
    )


CAUSE = on_query("aggregate.instant-vs-range", "panel", find)
