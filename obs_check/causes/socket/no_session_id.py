"""socket.no-session-id: boundary sends no session id, so coderd logs the decisions and writes no row of a session.

boundary v0.9.0 has no sessions; newer ones say `boundary session started` at INFO. Proved by the run: its decisions are
in coderd's log, the table is empty, and boundary's log names no session.
"""

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.run_evidence import boundary_lines
from obs_check.evidence.sql_asked import ask, first_value, sql_targets
from obs_check.evidence.sql_text import tables
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.wording import count_noun

TABLES = frozenset({"boundary_sessions", "boundary_logs"})
"""What coderd writes for batches with a session id only."""


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """The run's tags at coderd, no row in a table of the sessions, no session in boundary's log."""
    hop = context.hop("B", "coderd") or context.hop("B", "loki")
    if context.run is None or hop is None or not hop.seen:
        return None
    for asked in sql_targets(broken):
        for name in tables(asked.sql):
            if name not in TABLES:
                continue
            counted, probe = ask(context, broken, asked, f"SELECT count(*) FROM {name}")
            if counted.error or first_value(counted) != 0:
                continue
            # It is said at INFO: a log without a line of that level says nothing of sessions.
            lines, said = boundary_lines(context, "boundary session started", "start")
            if lines or not boundary_lines(context, "level=INFO", "start")[0]:
                return None
            return CAUSE.finding(
                target=asked.target.ref_id,
                claim=f"coderd logged {count_noun(len(hop.seen), 'decision')} of the run and {name} has no "
                "row: boundary sends "
                "no session id, without which coderd writes none",
                evidence=Observation((*hop.probes, *broken.probes, probe, *said)),
                fix=Fix(
                    "run a boundary that sends session ids (newer than 0.9.0), or let these panels read the "
                    "decisions from Loki"
                ),
            )
    return None


CAUSE = on_panel("socket.no-session-id", "socket", find)
