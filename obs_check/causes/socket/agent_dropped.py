"""socket.agent-dropped: the workspace agent took the decisions and could not hand them to coderd.

A batch that fails is not sent again. Proved by the agent's own counters, before and after the run.
"""

from obs_check.evidence.agent_counters import BATCHES_DROPPED, counter_at
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import lost_before_coderd
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """Decisions missing at coderd, and the drop counters rose."""
    lost = lost_before_coderd(context)
    if lost is None or context.run is None:
        return None
    now = counter_at(context, BATCHES_DROPPED, context.now_ns())
    if now is None or not now.total:
        return None
    before = counter_at(context, BATCHES_DROPPED, context.run.window.start_ns)
    rise = now.total - (before.total if before else 0)
    if rise <= 0:
        return None
    hop, missing = lost
    reasons = ", ".join(f"{reason} {value:g}" for reason, value in sorted(now.by_reason.items()))
    return CAUSE.finding(
        claim=f"{count_noun(len(missing), 'decision')} did not reach coderd's log: the agent dropped "
        f"{count_noun(rise, 'batch')} since the "
        f"run began ({reasons})",
        evidence=Observation((*hop.probes, *([before.probe] if before else []), now.probe)),
        fix=Fix("see that coderd is up and the agent connected to it; what was dropped is not sent again"),
        panels=context.panels_of("B", "metrics"),
    )


CAUSE = on_run("socket.agent-dropped", "socket", find)
