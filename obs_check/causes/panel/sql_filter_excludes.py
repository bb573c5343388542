"""panel.sql-filter-excludes: rows are there, and one term of the WHERE clause leaves all of them out.

Proved by the same query without that term. Where it compares a column with a text, the column's values are asked for
and the nearest is tried.
"""

from difflib import get_close_matches

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.sql_asked import SqlTarget, ask, sql_targets
from obs_check.evidence.sql_text import Term, terms, values_of
from obs_check.evidence.tried import Tried, reading_text, tried_finding, try_edits
from obs_check.model.finding import Finding, TargetEdit

_MOST_TERMS = 4


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Ask without each term, the filter on time last: a range without events is not a fault of the query."""
    if broken.reading.state == "error":
        return None
    for asked in sql_targets(broken):
        for term in sorted(terms(asked.target.text), key=lambda t: t.on_time)[:_MOST_TERMS]:
            edit = TargetEdit(broken.panel.id, asked.target.ref_id, asked.target.text, term.without)
            change = try_edits(context, broken, [edit])
            if change.helps:
                return _told(context, broken, asked, term, change)
    return None


def _told(context: Context, broken: BrokenPanel, asked: SqlTarget, term: Term, change: Tried) -> Finding:
    before, after = reading_text(broken.reading), reading_text(change.reading)
    claim = f"`{term.text}` leaves every row out: as written {before}, without it {after}"
    if term.on_time:
        bare = Tried((), change.reading, change.probes, change.helps)
        summary = f"filter by a time that is in the panel's range; {term.text} has none there"
        return tried_finding(context, broken, CAUSE, claim, bare, summary)
    if not term.column or not term.literal:
        return tried_finding(context, broken, CAUSE, claim, change, f"remove the term `{term.text}`")
    answer, probe = ask(context, broken, asked, values_of(asked.sql, term.column))
    values = [str(v) for frame in answer.frames for v in frame.fields[0].values if v is not None]
    claim += f"; values of {term.column}: {', '.join(values[:10]) or 'none'}"
    folded = {v.lower(): v for v in values}
    for near in get_close_matches(term.literal.lower(), list(folded), 1, 0.5):
        value = folded[near]
        after = asked.target.text.replace(f"'{term.literal}'", "'" + value.replace("'", "''") + "'")
        better = try_edits(
            context, broken, [TargetEdit(broken.panel.id, asked.target.ref_id, asked.target.text, after)]
        )
        if better.helps:
            claim += f"; with '{value}' {reading_text(better.reading)}"
            return tried_finding(
                context, broken, CAUSE, claim, better, f"compare with '{value}'", (*change.probes, probe)
            )
    return tried_finding(context, broken, CAUSE, claim, change, f"remove the term `{term.text}`", (probe,))


CAUSE = on_panel("panel.sql-filter-excludes", "panel", find)
