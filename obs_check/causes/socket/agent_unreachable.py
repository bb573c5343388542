"""socket.agent-unreachable: boundary had the agent's audit socket and cannot hand its decisions over any more.

boundary v0.9.0 connects again and sends the same batch every 5 s, and says so each time. Seen in its own WARN lines.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import boundary_lines, lost_before_coderd
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """Decisions missing at coderd, and lines about batches that boundary still has."""
    lost = lost_before_coderd(context)
    if lost is None or any(boundary_lines(context, text, "run")[0] for text in ("audit log dropped, ", "too large")):
        # Without room for more it is socket.channel-full; a batch that can never be sent is socket.oversized-batch.
        return None
    kept, probes = boundary_lines(context, "resetting batch timer", "run")
    if not kept:
        return None
    failed, more = boundary_lines(context, "failed to ", "run")
    hop, missing = lost
    reason = failed[-1].partition(" error=")[2].partition(" duration_sec=")[0].strip('"') if failed else ""
    return CAUSE.finding(
        claim=f"{count_noun(len(missing), 'decision')} did not reach coderd: {count_noun(len(kept), 'time')} "
        "boundary could not hand them to the "
        f"workspace agent, and keeps them{f' ({reason})' if reason else ''}",
        evidence=Observation((*hop.probes, *probes, *more)),
        fix=Fix("start the workspace agent again: boundary connects to it every 5 s, and has room for some more"),
        panels=context.panels_of("B", "metrics"),
    )


CAUSE = on_run("socket.agent-unreachable", "socket", find)
