"""socket.oversized-batch: a batch of long URLs is over the frame's 32 KiB and is tried again for ever.

boundary v0.9.0 never gives such a batch up, so every later event is dropped behind it. Proved by its WARN line.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import boundary_lines, lost_before_coderd
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """Decisions missing at coderd, and the line about the size."""
    lost = lost_before_coderd(context)
    if lost is None:
        return None
    lines, probes = boundary_lines(context, "too large", "run")
    if not lines:
        return None
    hop, missing = lost
    longest = max((len(s.event.url) for s in context.run.sent), default=0) if context.run else 0
    return CAUSE.finding(
        claim=f"coderd logged none of {count_noun(len(missing), 'decision')}: a batch is larger than the "
        "socket's frame of 32 "
        f"KiB ({len(lines)} tries; the run's longest URL has {count_noun(longest, 'byte')})",
        evidence=Observation((*hop.probes, *probes)),
        fix=Fix("restart boundary, which drops the batch; keep URLs under 3 KB, and boundary newer than 0.9.0"),
        panels=context.panels_of("B", "metrics"),
    )


CAUSE = on_run("socket.oversized-batch", "socket", find)
