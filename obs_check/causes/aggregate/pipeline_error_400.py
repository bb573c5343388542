"""aggregate.pipeline-error-400: one line that cannot be parsed ends the whole metric query with an error.

Loki 3.5 answers 400 `pipeline error: 'JSONParserErr' for series ...` as soon as a line with `__error__` reaches the
aggregation. Proved by the lines that carry the error and by the panel read without them; where no line's value can be
compared as the query compares it, that is what is seen.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.funnel import passing_rows
from obs_check.evidence.query_edit import at_end, insert_stage
from obs_check.evidence.query_fix import query_fix, reads_better, with_edits
from obs_check.evidence.query_text import stages_of
from obs_check.logql import to_text
from obs_check.logql.stages.label_filter import FILTER_ERROR
from obs_check.logql.stages.unwrap import CONVERSIONS
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.logql.syntax.walk import comparisons
from obs_check.model.finding import Finding, Observation, Proof
from obs_check.model.probe import Probe
from obs_check.model.secret import shorten

_KINDS = {"": "number", "duration": "duration", "bytes": "size"}
"""What unwrap's conversions read, plain numbers first: they are sizes too."""
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
        for one in comparisons(stage.predicate):
            if not isinstance(one, ast.NumberPredicate | ast.DurationPredicate | ast.BytesPredicate):
                continue
            values = list(dict.fromkeys(value for row in reaching if (value := row.get(one.name))))
            told = _told(one, values)
            if told:
                said = ", ".join(f"`{value}`" for value in values[:3])
                return CAUSE.finding(
                    f"`{stage_text(stage)}` cannot compare {one.name} ({said}), so that Loki refuses the query (400): "
                    f"{told[0]}",
                    Observation((*broken.whole.probes, *probes)),
                    query_fix(context, told[1]),
                    group=stage_text(stage),
                )
    return None


def _told(one: ast.Comparison, values: Sequence[str]) -> tuple[str, str] | None:
    """What the values are in place of what they are compared with, and what to compare them with; None where some can
    be compared, or nobody knows."""
    kinds = {_kind(value) for value in values}
    match one, next(iter(kinds)) if len(kinds) == 1 else "":
        case ((ast.DurationPredicate() | ast.BytesPredicate()), "number"):
            return "they have no unit", f"compare {one.name} with a number, in the unit in which it is logged"
        case ast.NumberPredicate(), "duration":
            return "they are durations", f"compare {one.name} with a duration, such as 100ms"
        case ast.NumberPredicate(), "size":
            return "they are sizes", f"compare {one.name} with a size, such as 10KB"
        case _, "text":
            return "they are no numbers", f"compare {one.name} as a text, or another label that holds numbers"
    return None


def _kind(value: str) -> str:
    for conversion, kind in _KINDS.items():
        try:
            CONVERSIONS[conversion](value)
        except ValueError:
            continue
        return kind
    return "text"


CAUSE = on_query("aggregate.pipeline-error-400", "panel", find)
