"""How many label sets there are behind each stage, as counts for a Loki that is asked: one for each stage that may
change them, and one for a parser with the run of label filters behind it."""

from collections.abc import Sequence

from obs_check.logql.explain.errors import COPY, copy_errors
from obs_check.logql.explain.prefixes import PrefixCount, PrefixCounts, RangeLines, compared_in, row_of_labels
from obs_check.logql.stages.label_filter import compile_predicate
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.stages.row import ERROR
from obs_check.logql.syntax import ast
from obs_check.model.entry import Labels

MOST = 200_000
"""Loki holds every label set while it counts them, about 1 KB each, and has no limit for it: behind a stage that more
lines pass they are not counted."""


def label_set_parts(lines: RangeLines, counted: PrefixCounts, grouped: bool) -> list[PrefixCount]:
    """The counts that are still to be asked for when the lines are known, none where the lines say enough. `grouped` is
    as in Lines.parts."""
    found: list[PrefixCount] = []
    behind = 0
    for at in range(1, len(lines.query.stages) + 1):
        if at < behind or at in counted.series or counted.lines[at] <= 1 or _same(lines, counted, at):
            continue
        if counted.lines[at] > MOST:
            continue
        run = lines.run(at) if grouped else ()
        found.append(_part(lines, counted, at, run))
        behind = at + len(run) + 1
    return found


def read_label_sets(
    lines: RangeLines,
    counted: PrefixCounts,
    answers: Sequence[tuple[PrefixCount, Sequence[tuple[Labels, float]]]],
    refusal: str,
) -> None:
    """Put the answers into what was counted; `refusal` is why Loki gave none, in its words."""
    for part, rows in answers:
        counted.series[part.stages] = round(sum(sets for _, sets in rows))
        left = [(row_of_labels(labels), sets) for labels, sets in rows]
        for at, stage in enumerate(lines.run(part.stages)[: part.run], start=part.stages):
            keep = compile_predicate(stage.predicate)
            left = [(row, sets) for row, sets in left if keep(row)]
            counted.series[at + 1] = round(sum(sets for _, sets in left))
    for at in range(1, len(lines.query.stages) + 1):
        if at in counted.series:
            continue
        if counted.lines[at] <= 1:
            counted.series[at] = counted.lines[at]
        elif _same(lines, counted, at):
            if at - 1 in counted.series:
                counted.series[at] = counted.series[at - 1]
            elif at - 1 in counted.unknown:
                counted.unknown[at] = counted.unknown[at - 1]
        elif counted.lines[at] > MOST:
            counted.unknown[at] = (
                f"series are not counted behind more than {MOST:,} lines: Loki would hold as many label sets; "
                "a shorter window shows them"
            )
        else:
            counted.unknown[at] = f"series are not counted: {refusal}"


def _part(lines: RangeLines, counted: PrefixCounts, at: int, run: tuple[ast.LabelFilter, ...]) -> PrefixCount:
    stages = lines.query.stages[:at]
    names = compared_in(run)
    # Loki 3.5 counts behind a `drop` in one piece, and refuses that beyond 500 label sets: only where it has to be.
    if _has_errors(stages, counted):
        copy = copy_errors(stages, lines.of_logs, details=True)
        count = lines.count(at, copy)
        by = tuple(COPY if name == ERROR else name for name in names)
    else:
        if not any(counted.errors.values()):
            stages = tuple(stage for stage in stages if not effect_of(stage).takes_only_errors)
        count, by = lines.count(at, stages), tuple(name for name in names if name != ERROR)
    return PrefixCount(at, ast.VectorAggregation("count", count, ast.Grouping(by) if by else None), by, len(run))


def _has_errors(stages: Sequence[ast.Stage], counted: PrefixCounts) -> bool:
    """Whether a line that passed the stages has an error."""
    since = next((n + 1 for n in reversed(range(len(stages))) if effect_of(stages[n]).clears_errors), 0)
    return any(counted.errors.get(number) for number in range(since, len(stages)))


def _same(lines: RangeLines, counted: PrefixCounts, at: int) -> bool:
    """Whether the stage before the place neither dropped a line nor changed a label."""
    effect = effect_of(lines.query.stages[at - 1])
    return (
        not effect.sets_labels
        and not effect.takes_labels
        and counted.lines[at] == counted.lines[at - 1]
        and not counted.errors.get(at - 1)
    )
