"""What the parsers of a metric query are asked to extract.

Loki 3.5 tells its parsers which labels the query needs and skips the work that is not needed, which shows: an
ungrouped `sum(count_over_time(.. | json [5m]))` counts lines that are no JSON, the same query `by (x)` is refused.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from obs_check.logql.stages.row import ERROR
from obs_check.logql.syntax import ast

_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_FIELD = re.compile(r"\.([A-Za-z_]\w*)")
_EXTRACTED = "_extracted"


@dataclass(frozen=True, slots=True)
class Hints:
    """`required` is what parsers may stop at, empty for "everything"; with `skip` no parser runs at all; with
    `keeps_errors` the query looks at `__error__`, so that lines with a parser's error may be counted."""

    required: frozenset[str] = frozenset()
    skip: bool = False
    keeps_errors: bool = False


def hints_for(found: ast.LogRange, grouping: ast.Grouping | None, no_labels: bool) -> Hints:
    """The hints of a range under the grouping that is applied to its samples; `no_labels` is grouping to nothing."""
    names = set(names_in(found.query.stages))
    if found.unwrap is not None:
        names.update(names_in(found.unwrap.filters), {found.unwrap.label})
    if not no_labels:
        if grouping is None or grouping.without or not grouping.labels:
            return Hints()
        names.update(grouping.labels)
    if not names:
        return Hints(skip=True)
    names.update({n.removesuffix(_EXTRACTED) for n in names})
    return Hints(frozenset(names), keeps_errors=ERROR in names)


def names_in(stages: Iterable[ast.Stage]) -> Iterable[str]:
    """The labels that the stages look at; parsers are passed over."""
    for stage in stages:
        match stage:
            case ast.LabelFilter():
                yield from _compared(stage.predicate)
            case ast.LineFormat():
                yield from _fields(stage.template)
            case ast.LabelFormat():
                for assignment in stage.assignments:
                    yield from {assignment.value} if assignment.rename else _fields(assignment.value)
            case _:
                pass


def _compared(predicate: ast.Predicate) -> Iterable[str]:
    match predicate:
        case ast.AndPredicate() | ast.OrPredicate():
            yield from _compared(predicate.left)
            yield from _compared(predicate.right)
        case ast.StringPredicate():
            # A regular expression that holds for every value is dropped before names are collected.
            if not (predicate.matcher.op == "=~" and predicate.matcher.value in ("", ".*")):
                yield predicate.matcher.name
        case _:
            yield predicate.name


def _fields(template: str) -> set[str]:
    return {name for action in _ACTION.findall(template) for name in _FIELD.findall(action)}
