"""panel.sql-filter-excludes, where another table of the panel is empty: a term that no row of a joined table passes
excludes what comes as well.

Proved by counting that table with the term and without it. Its rows are there although the other table has none, so
they do not come with the events, as far as the tables refer to each other.
"""

from dataclasses import replace

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.sql_asked import SqlTarget, ask, first_value, sql_targets
from obs_check.evidence.sql_text import tables, terms_of_joined_tables
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.model.wording import count_noun

_MOST_TERMS = 2


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Find the empty table, then count twice a term."""
    for asked in sql_targets(broken):
        terms = terms_of_joined_tables(asked.sql)[:_MOST_TERMS]
        empty, counted = _empty(context, broken, asked) if terms else ("", None)
        if counted is None:
            continue
        for term in terms:
            every, all_probe = ask(context, broken, asked, term.every)
            if every.error or not (rows := first_value(every)):
                continue
            accepted, probe = ask(context, broken, asked, term.accepted)
            if accepted.error or first_value(accepted) != 0:
                continue
            found = CAUSE.finding(
                target=asked.target.ref_id,
                claim=f"`{term.text}` accepts 0 of the {count_noun(rows, 'row')} of {term.table}, "
                f"so none of them is in the panel whatever {empty} gets",
                evidence=Observation((*broken.probes, counted, all_probe, probe)),
                fix=Fix(f"filter by what a row of {term.table} has, or by a time that is in the panel's range"),
            )
            # New rows of the table may well lie in the range, should the events make some.
            return replace(found, severity="warning") if "$__" in term.text else found
    return None


def _empty(context: Context, broken: BrokenPanel, asked: SqlTarget) -> tuple[str, Probe | None]:
    """The first table without a row, and the count of it."""
    for name in tables(asked.sql):
        counted, probe = ask(context, broken, asked, f"SELECT count(*) FROM {name}")
        if not counted.error and first_value(counted) == 0:
            return name, probe
    return "", None


CAUSE = on_panel("panel.sql-filter-excludes", "panel", find, asked="standing")
