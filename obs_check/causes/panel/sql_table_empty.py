"""panel.sql-table-empty: a table that the panel's query reads has no row at all, whatever the filters.

coderd writes rows of firewall sessions since it persists them, and only for batches with a session id.
"""

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.sql_asked import ask, first_value, sql_targets
from obs_check.evidence.sql_text import tables
from obs_check.model.finding import Finding, Fix, Observation

_MOST_TABLES = 4
_SUMMARY = "let something write the table: a coderd that persists decisions, a boundary that sends session ids"


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Count the rows of each table."""
    if broken.reading.state == "error":
        return None
    for asked in sql_targets(broken):
        for name in tables(asked.sql)[:_MOST_TABLES]:
            counted, probe = ask(context, broken, asked, f"SELECT count(*) FROM {name}")
            if counted.error or first_value(counted) != 0:
                continue
            return CAUSE.finding(
                target=asked.target.ref_id,
                claim=f"the table {name} has no row: `SELECT count(*) FROM {name}` answers 0 without any filter",
                evidence=Observation((*broken.probes, probe)),
                fix=Fix(_SUMMARY),
            )
    return None


CAUSE = on_panel("panel.sql-table-empty", "panel", find)
