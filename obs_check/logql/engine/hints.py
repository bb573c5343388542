"""What the parsers of a metric query are asked to extract (Loki 3.5)."""

from collections.abc import Iterable, Iterator

from obs_check.logql.stages.compile import first_checks
from obs_check.logql.stages.hints import Hints
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, ERROR, StageFunction
from obs_check.logql.syntax import ast


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
    # Several filters after an unwrap are one with "and" for Loki, which is not a plain one.
    return first_checks([*found.query.stages, *(after_unwrap if len(after_unwrap) == 1 else ())])


def names_in(stages: Iterable[ast.Stage]) -> Iterator[str]:
    """The labels that Loki 3.5 sees the stages look at."""
    for effect in map(effect_of, stages):
        yield from (name for name in effect.reads if name not in effect.by_variable)
