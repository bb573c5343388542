"""Faults of panels over coderd's database, shown by the panels of the sessions dashboard."""

import copy
from collections.abc import Callable

from obs_check.lab.faults.fault import Change, Fault
from obs_check.lab.settings import LabSettings


def with_sessions(settings: LabSettings) -> None:
    """Take the panels of the sessions dashboard into the first one."""
    settings.dashboard["panels"] += copy.deepcopy(settings.sessions["panels"])


def _query(number: int, change: Callable[[str], str]) -> Change:
    def changed(settings: LabSettings) -> None:
        with_sessions(settings)
        for one in settings.dashboard["panels"]:
            if one["id"] == number:
                target = one["targets"][0]
                target["rawSql"] = change(target["rawSql"])

    return changed


def _no_session(settings: LabSettings) -> None:
    with_sessions(settings)
    settings.sends_session = False


def _log_only(settings: LabSettings) -> None:
    with_sessions(settings)
    settings.coderd_persists = False


def _not_granted(settings: LabSettings) -> None:
    with_sessions(settings)
    settings.sql_grants = tuple(name for name in settings.sql_grants if name != "boundary_sessions")


SQL_FAULTS: tuple[Fault, ...] = (
    Fault(
        "sql-process",
        "panel.sql-filter-excludes",
        "a panel counts the sessions of a process that is called otherwise",
        _query(21, lambda sql: sql.replace(" HAVING", " AND confined_process_name = 'Python' HAVING")),
    ),
    Fault(
        "sql-time-column",
        "panel.sql-filter-excludes",
        "a panel filters by the time at which the agent was made",
        _query(
            22,
            lambda sql: sql.replace("$__timeFilter(l.captured_at)", "$__timeFilter(a.created_at - INTERVAL '7 days')"),
        ),
    ),
    Fault("no-session-id", "socket.no-session-id", "boundary sends no session id, coderd writes no row", _no_session),
    Fault("log-only", "panel.sql-table-empty", "coderd is too old to write the decisions to its database", _log_only),
    Fault(
        "sql-not-granted",
        "panel.permission",
        "the dashboards' role may not read the table of the sessions",
        _not_granted,
    ),
)
