"""socket.channel-full: boundary dropped decisions because the agent did not take them fast enough, or not at all.

Proved by boundary's WARN lines, one an event (`channel full` or `batch full`).
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import boundary_lines, lost_before_coderd
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """Decisions missing at coderd, and the lines about dropped ones."""
    lost = lost_before_coderd(context)
    if lost is None:
        return None
    dropped, probes = boundary_lines(context, "audit log dropped, ", "run")
    if not dropped or boundary_lines(context, "too large", "run")[0]:
        # A batch that can never be sent fills boundary up as well: socket.oversized-batch.
        return None
    unreached, more = boundary_lines(context, "failed to connect to audit socket", "run")
    hop, missing = lost
    agent = f"; {count_noun(len(unreached), 'time')} it could not connect to the agent" if unreached else ""
    return CAUSE.finding(
        claim=f"{count_noun(len(missing), 'decision')} did not reach coderd; boundary reports that it "
        f"dropped {len(dropped)} for want of room{agent}",
        evidence=Observation((*hop.probes, *probes, *more)),
        fix=Fix("see that the workspace agent runs and reaches coderd, then restart boundary; lower the request rate"),
        panels=context.panels_of("B", "metrics"),
    )


CAUSE = on_run("socket.channel-full", "socket", find)
