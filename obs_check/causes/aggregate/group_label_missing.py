"""aggregate.group-label-missing: the query groups by a label that no line has.

Loki then answers one series without that label, where the panel expects one for each value. Proved by counting the
lines that have the label, and by the panel read with the nearest label that they do have.
"""

from difflib import get_close_matches
from functools import partial

from obs_check.errors import QueryError
from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.funnel import rows
from obs_check.evidence.needed_labels import grouped_by
from obs_check.evidence.parser_at import count, having
from obs_check.evidence.query_edit import edit_texts
from obs_check.evidence.query_finding import better, query_finding, query_fix, with_edits
from obs_check.evidence.query_text import regrouped
from obs_check.logql import parse
from obs_check.model.finding import Finding, Proof


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Find the grouping's labels on the lines at hand, count, and read the panel with the nearest."""
    if broken.rungs[-1].lines == 0:
        return None
    try:
        passing = rows(broken.query.stages[broken.head :], broken.lines, broken.settings)
    except QueryError:
        return None
    labels = sorted({name for row in passing for name in row.labels() if not name.startswith("__")})
    for name in grouped_by(parse(broken.expr)):
        if not passing or any(row.get(name) for row in passing):
            continue
        near = get_close_matches(name, labels, 1, 0.6)
        if not near:
            continue
        edits = edit_texts(broken, partial(regrouped, old=name, new=near[0]))
        if not edits:
            continue
        with_label, probe = count(context, broken, having(broken.query, (name,)))
        if with_label > 0:
            continue
        changed = with_edits(context, broken, edits)
        if not better(broken, changed):
            continue
        return query_finding(
            CAUSE,
            context,
            broken,
            f"none of the {broken.rungs[-1].lines:g} lines has the label `{name}` that the query groups by "
            f"(labels: {', '.join(labels)}): as written {broken.reading.text}, "
            f"by `{near[0]}` {changed.reading.text}",
            Proof((*broken.measured, probe), changed.probes),
            query_fix(context, f"group by `{near[0]}`", edits),
            group=name,
            cured=not changed.differs,
        )
    return None


CAUSE = on_query("aggregate.group-label-missing", "panel", find)
