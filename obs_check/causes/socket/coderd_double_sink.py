"""socket.coderd-double-sink: coderd writes every decision twice, once as JSON and once for people.

Panels that parse count one of them, queries that count lines count both. Proved by the lines of the run's tags.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """Twice as many tagged lines as tags, in two formats."""
    hop = context.hop("B", "coderd")
    if context.run is None or hop is None or not hop.seen or not hop.probes:
        return None
    answer = hop.probes[-1].answer
    lines = sum(answer.get("files", {}).values())
    if lines < 2 * len(hop.seen):
        return None
    sample = answer.get("sample", [])
    json_lines = sum('{"' in line for line in sample)
    if not 0 < json_lines < len(sample):
        return None
    return CAUSE.finding(
        claim=f"coderd wrote {count_noun(lines, 'line')} for {count_noun(len(hop.seen), 'decision')}: of "
        f"{len(sample)} that were looked at "
        f"{json_lines} are JSON and {len(sample) - json_lines} are for people",
        evidence=Observation(tuple(hop.probes)),
        fix=Fix("keep one sink: CODER_LOGGING_JSON=/dev/stderr and CODER_LOGGING_HUMAN=/dev/null"),
    )


CAUSE = on_run("socket.coderd-double-sink", "coderd", find, severity="warning")
