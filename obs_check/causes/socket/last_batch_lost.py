"""socket.last-batch-lost: boundary ended before it sent its last batch.

A batch goes with 10 events or after 5 s, and boundary v0.9.0 ends without waiting for it. Proved by the order of the
run: what is missing is its end, fewer than 10 events, and boundary's command had completed.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import boundary_lines, decisions_by_tag, lost_before_coderd
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.wording import count_noun

BATCH = 10
"""Events of a full batch (boundary v0.9.0)."""


def find(context: Context) -> Finding | None:
    """The missing tags are the last ones sent."""
    lost = lost_before_coderd(context)
    if lost is None or context.run is None:
        return None
    hop, missing = lost
    tags = list(decisions_by_tag(context))
    if len(missing) >= BATCH or tags[-len(missing) :] != missing:
        return None
    lines, probes = boundary_lines(context, "Command completed, shutting down", "run")
    if not lines:
        return None
    return CAUSE.finding(
        claim=f"coderd logged the first {len(tags) - len(missing)} of {count_noun(len(tags), 'decision')} and "
        f"not the last {len(missing)}: boundary's command ended before its batch was full or 5 s old",
        evidence=Observation((*hop.probes, *probes)),
        fix=Fix(
            "keep boundary alive 6 s after the last request (`boundary -- sh -c '...; sleep 6'`), or let one "
            "boundary serve many tool calls"
        ),
        panels=context.panels_of("B"),
    )


CAUSE = on_run("socket.last-batch-lost", "socket", find)
