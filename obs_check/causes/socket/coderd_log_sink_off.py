"""socket.coderd-log-sink-off: coderd takes the decisions and logs nothing.

`CODER_LOGGING_HUMAN=/dev/null` without `CODER_LOGGING_JSON` leaves coderd without a log. Proved by the agent's counter:
batches were forwarded in the run's time, and coderd's log has no line of it.
"""

from obs_check.evidence.agent_counters import BATCHES_DROPPED, FORWARDED, counted
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.socket_evidence import lost_before_coderd
from obs_check.model.finding import Finding, Fix, Observation, Subject


def find(context: Context) -> Finding | None:
    """No tag in the log while the forwarded counter rose."""
    lost = lost_before_coderd(context)
    if lost is None or lost[0].seen or context.run is None:
        return None
    now = counted(context, FORWARDED, context.now_ns())
    before = counted(context, FORWARDED, context.run.window.start_ns)
    if now is None or before is None or now.total <= before.total:
        return None
    dropped = counted(context, BATCHES_DROPPED, context.now_ns())
    if dropped is not None and dropped.total:
        return None
    hop, missing = lost
    return CAUSE.finding(
        subject=Subject(context.dashboard_uid),
        claim=f"the agent forwarded {now.total - before.total:g} batches to coderd since the run began and dropped "
        f"none, and coderd's log has 0 of {len(missing)} decisions: no log sink is set",
        evidence=Observation((*hop.probes, before.probe, now.probe, *([dropped.probe] if dropped else []))),
        fix=Fix("set CODER_LOGGING_JSON=/dev/stderr for coderd and restart it"),
        panels=context.panels_of("B"),
    )


CAUSE = on_run("socket.coderd-log-sink-off", "coderd", find)
