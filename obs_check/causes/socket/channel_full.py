"""socket.channel-full: boundary dropped decisions because the agent did not take them fast enough, or not at all.

Proved by boundary's WARN lines, one an event (`channel full` or `batch full`).
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import lost_before_coderd, says
from obs_check.model.finding import Finding, Fix, Observation, Subject


def find(context: Context) -> Finding | None:
    """Decisions missing at coderd, and the lines about dropped ones."""
    lost = lost_before_coderd(context)
    if lost is None:
        return None
    dropped, probes = says(context, "audit log dropped, ", "run")
    if not dropped or says(context, "too large", "run")[0]:
        # A batch that can never be sent fills boundary up as well: socket.oversized-batch.
        return None
    unreached, more = says(context, "failed to connect to audit socket", "run")
    hop, missing = lost
    agent = f"; {len(unreached)} times it could not connect to the agent" if unreached else ""
    return CAUSE.finding(
        subject=Subject(context.dashboard_uid),
        claim=f"{len(missing)} decisions did not reach coderd; boundary says of {len(dropped)} that it dropped "
        f"them for want of room{agent}",
        evidence=Observation((*hop.probes, *probes, *more)),
        fix=Fix("see that the workspace agent runs and reaches coderd, then restart boundary; lower the request rate"),
        panels=context.panels_of("B", "metrics"),
    )


CAUSE = on_run("socket.channel-full", "socket", find)
