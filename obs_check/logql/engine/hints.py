"""What the parsers of a metric query are asked to extract (Loki 3.5)."""

from collections.abc import Iterable

from obs_check.golang.template.compile import compile_template
from obs_check.logql.stages.compile import first_checks
from obs_check.logql.stages.hints import Hints
from obs_check.logql.stages.matching import compile_label_test
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, ERROR, StageFunction
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import comparisons


def hints_for(found: ast.LogRange, grouping: ast.Grouping | None, no_labels: bool) -> Hints:
    """The hints of a range under the grouping that is applied to its samples; `no_labels` is grouping to nothing."""
    names = set(names_in(found.query.stages))
    if found.unwrap is not None:
        names.update(names_in(found.unwrap.filters), {found.unwrap.label})
    if not no_labels:
        if grouping is None or grouping.without or not grouping.labels:
            return Hints(checks=_checks(found))
        names.update(grouping.labels)
    if not names:
        return Hints(skip=True)
    names.update({n.removesuffix(DUPLICATE_SUFFIX) for n in names})
    return Hints(frozenset(names), keeps_errors=ERROR in names, checks=_checks(found) if no_labels else {})


def _checks(found: ast.LogRange) -> dict[str, StageFunction]:
    after_unwrap = found.unwrap.filters if found.unwrap is not None else ()
    # Several filters after an unwrap are one with "and" for Loki, which is no plain one.
    return first_checks([*found.query.stages, *(after_unwrap if len(after_unwrap) == 1 else ())])


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
    for comparison in comparisons(predicate):
        matcher = comparison.matcher if isinstance(comparison, ast.StringPredicate) else None
        # A regular expression that holds for every value is dropped before names are collected.
        if matcher is None or compile_label_test(matcher.op, matcher.value) is not None:
            yield comparison.name


def _fields(template: str) -> frozenset[str]:
    return compile_template(template, "line").fields
