"""aggregate.pipeline-error-400: one line that cannot be parsed ends the whole metric query with an error.

Loki 3.5 answers 400 `pipeline error: 'JSONParserErr' for series ...` as soon as a line with `__error__` reaches the
aggregation. Proved by the lines that carry the error and by the panel read without them; where no line's value can be
compared as the query compares it, that is what is seen.
"""

import re
from dataclasses import replace

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.funnel import passing_rows
from obs_check.evidence.incomparable import incomparable
from obs_check.evidence.query_edit import at_end, insert_stage
from obs_check.evidence.query_fix import query_fix, reads_better, with_edits
from obs_check.evidence.query_text import stages_of
from obs_check.logql import to_text
from obs_check.logql.stages.label_filter import FILTER_ERROR
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.model.finding import Finding, Observation, Proof
from obs_check.model.probe import Probe
from obs_check.model.secret import shorten

_ERROR = re.compile(r"pipeline error: '(\w+)'")


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Show a line with the error, then read the panel with such lines left out."""
    refused = _ERROR.search(broken.reading.error)
    if refused is None:
        return None
    rewrite = insert_stage(context, broken, '| __error__=""', at_end)
    if not rewrite.edits:
        return None
    failing = replace(broken.query, stages=(*broken.query.stages, *stages_of('| __error__!=""')))
    samples, probe = context.loki.lines(to_text(failing), broken.window, 5)
    if not samples:
        return None
    changed = with_edits(context, broken, rewrite.edits)
    if not reads_better(broken, changed):
        return _incomparable(context, broken, (probe,)) if refused[1] == FILTER_ERROR else None
    return CAUSE.finding(
        f"lines that give {refused[1]} reach the aggregation and Loki refuses the query (400), for example "
        f'`{shorten(samples[0][1], 120)}`; with `| __error__=""` the panel reads {changed.reading.text}',
        Proof((*broken.whole.probes, probe), changed.probes, cured=not changed.differs),
        query_fix(context, "leave out the lines that cannot be parsed", rewrite.edits),
        group=refused[1],
    )


def _incomparable(context: Context, broken: BrokenTarget, probes: tuple[Probe, ...]) -> Finding | None:
    """A comparison that no line's value can be brought to: a number with a duration, or the other way about."""
    for place, stage in enumerate(broken.query.stages):
        if place < broken.head or not isinstance(stage, ast.LabelFilter):
            continue
        reaching = passing_rows(broken.query.stages[broken.head : place], broken.lines, broken.settings)
        if (found := incomparable(stage, reaching)) is not None:
            return CAUSE.finding(
                f"`{stage_text(stage)}` cannot compare {found.name} ({found.values}), so that Loki refuses the query "
                f"(400): {found.why}",
                Observation((*broken.whole.probes, *probes)),
                query_fix(context, found.remedy),
                group=stage_text(stage),
            )
    return None


CAUSE = on_query("aggregate.pipeline-error-400", "panel", find)
