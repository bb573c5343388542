"""aggregate.instant-vs-range: the panel asks for points over time and shows one moment's table, or the other way round.

Loki 3.5 refuses a log query at one moment (400); a table of a range query has a row for each point instead of one for
each series. Proved by the panel read with the other type of query.
"""

from obs_check.evidence.asked_queries import asked_queries
from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.dashboard_edit import edits_fix, panel_json
from obs_check.evidence.query_fix import reads_better, with_edits
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
    now, other = ("instant", "range") if broken.instant else ("range", "instant")
    edits = _edits(context, broken, is_log, other)
    if not edits:
        return None
    changed = with_edits(context, broken, edits)
    if not reads_better(broken, changed):
        return None
    reads = broken.reading.error or f"the panel reads {broken.reading.text}"
    return CAUSE.finding(
        f"the query is asked as {now}: {reads}; as {other} it reads {changed.reading.text}",
        Proof((*broken.measured, *broken.whole.probes), changed.probes, cured=not changed.differs),
        edits_fix(f"ask it as {other} query", context.dashboard_uid, edits, "same"),
        group=other,
    )


def _edits(context: Context, broken: BrokenTarget, is_log: bool, other: str) -> list[PanelEdit]:
    """Every target of the panel that asks for the same in the same way, asked in the other."""
    alike = {
        one.target.ref_id
        for one in asked_queries(broken.whole)
        if (one.sent.get("queryType") == "instant") == broken.instant
        and isinstance(parse(one.expr), ast.LogQuery) == is_log
    }
    stored = panel_json(context.dashboard, broken.panel.id).get("targets") or ()
    return [
        PanelEdit(broken.panel.id, ("targets", index, "queryType"), target.get("queryType"), other)
        for index, target in enumerate(stored)
        if str(target.get("refId") or chr(ord("A") + index % 26)) in alike
    ]


CAUSE = on_query("aggregate.instant-vs-range", "panel", find)
