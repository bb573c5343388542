"""file.format-changed: boundary's lines are not logfmt, which the shipper's stages and the panels are made for.

Proved by the run's own lines: the tags are in the file, and none of its lines has `msg=ALLOW` or `msg=DENY`.
"""

import json

from obs_check.boundary.log_lines import decided_in
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import boundary_lines
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.secret import shorten
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """Lines with a tag and without boundary v0.9.0's pairs."""
    hop = context.hop("A", "file")
    if context.run is None or hop is None or not hop.seen:
        return None
    lines, probes = boundary_lines(context, context.run.needle, "run")
    if not lines or any(map(decided_in, lines)):
        return None
    sample = lines[-1]
    return CAUSE.finding(
        claim=f"{count_noun(len(lines), 'line')} of the run are in boundary's files and none has `msg=ALLOW` "
        "or `msg=DENY`: they "
        f"are {_kind(sample)}, for example `{shorten(sample, 120)}`",
        evidence=Observation((*hop.probes, *probes)),
        fix=Fix(
            "run the boundary version that the dashboard was made for, or read its new lines: the parser in the "
            "panels' queries and in the shipper's stages has to follow"
        ),
        panels=context.panels_of("A"),
    )


def _kind(line: str) -> str:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return "no logfmt"
    return "JSON"


CAUSE = on_run("file.format-changed", "file", find)
