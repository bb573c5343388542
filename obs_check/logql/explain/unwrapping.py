"""An unwrap as label filters that keep the same lines and set an error on the same ones."""

from dataclasses import replace

from obs_check.logql.stages.label_filter import FILTER_ERROR
from obs_check.logql.stages.row import ERROR
from obs_check.logql.stages.unwrap import SAMPLE_ERROR
from obs_check.logql.syntax import ast


def as_filters(unwrap: ast.Unwrap) -> tuple[ast.LabelFilter, ...]:
    """First one that drops lines without the label, or with an empty one, and sets FILTER_ERROR where an unwrap sets
    SAMPLE_ERROR (both read numbers, durations and sizes alike), then the unwrap's own filters."""
    there = ast.StringPredicate(ast.Matcher(unwrap.label, "!=", ""))
    read = ast.OrPredicate(_reads(unwrap), there)
    return (ast.LabelFilter(ast.AndPredicate(there, read)), *map(_renamed, unwrap.filters))


def _reads(unwrap: ast.Unwrap) -> ast.Predicate:
    """A comparison that fails on what the unwrap cannot read; whether it holds does not matter."""
    match unwrap.conversion:
        case "":
            return ast.NumberPredicate(unwrap.label, ">=", 0)
        case "bytes":
            # Loki 3.5 reads `0B` as the beginning of a binary number.
            return ast.BytesPredicate(unwrap.label, ">=", 1)
        case _:
            return ast.DurationPredicate(unwrap.label, ">=", 0)


def _renamed(stage: ast.LabelFilter) -> ast.LabelFilter:
    match stage.predicate:
        case ast.StringPredicate(matcher) if (matcher.name, matcher.value) == (ERROR, SAMPLE_ERROR):
            return ast.LabelFilter(ast.StringPredicate(replace(matcher, value=FILTER_ERROR)))
        case _:
            return stage
