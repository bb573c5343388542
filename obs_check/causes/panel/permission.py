"""panel.permission: the database refuses the role that Grafana asks with.

Proved by a query of no table, which the role may ask, and by a count of the table, which it may not. An empty table
would answer 0.
"""

import re

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.sql_asked import ask, sql_targets
from obs_check.model.finding import Finding, Fix, Observation

_DENIED = re.compile(
    r"permission denied for (?P<what>table|relation|view|schema|database|function) \"?(?P<name>[\w.]+)\"?"
)

_RIGHTS = {"schema": "USAGE ON SCHEMA", "function": "EXECUTE ON FUNCTION", "database": "CONNECT ON DATABASE"}


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Ask the database for nothing, then for the table."""
    denied = _DENIED.search(broken.reading.error)
    if broken.reading.state != "error" or denied is None:
        return None
    what, name = denied["what"], denied["name"]
    for asked in sql_targets(broken):
        alive, alive_probe = ask(context, broken, asked, "SELECT 1")
        counted, count_probe = ask(context, broken, asked, f"SELECT count(*) FROM {name}")
        if alive.error or (what in {"table", "relation", "view"} and not counted.error):
            continue
        said = counted.error or broken.reading.error
        claim = (
            f"the database answers `SELECT 1` and refuses the {what} {name}: {said}; "
            "the role of the datasource may not read it"
        )
        return CAUSE.finding(
            target=asked.target.ref_id,
            claim=claim,
            evidence=Observation((*broken.probes, alive_probe, count_probe)),
            fix=Fix(f"GRANT {_RIGHTS.get(what, 'SELECT ON')} {name} TO the role of the datasource"),
        )
    return None


CAUSE = on_panel("panel.permission", "panel", find)
