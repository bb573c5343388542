"""Comparisons that no value of the lines can be brought to: a number with a duration, a size with a number.

Such a line gets `__error__` and passes (Loki 3.5): a metric query ends with it, `| __error__=""` drops the line.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from obs_check.logql.stages.row import Row
from obs_check.logql.stages.unwrap import CONVERSIONS
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import comparisons

_KINDS = {"": "number", "duration": "duration", "bytes": "size"}
"""What unwrap's conversions read, plain numbers first: they are sizes too."""


@dataclass(frozen=True, slots=True)
class Incomparable:
    """The label, some of its values, what they are, and what to compare them with."""

    name: str
    values: str
    why: str
    remedy: str


def incomparable(stage: ast.LabelFilter, reaching: Sequence[Row]) -> Incomparable | None:
    """The first comparison of the filter that the values of all lines are no match for."""
    for one in comparisons(stage.predicate):
        if not isinstance(one, ast.NumberPredicate | ast.DurationPredicate | ast.BytesPredicate):
            continue
        values = list(dict.fromkeys(value for row in reaching if (value := row.get(one.name))))
        if (told := _told(one, values)) is not None:
            return Incomparable(one.name, ", ".join(f"`{value}`" for value in values[:3]), *told)
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
