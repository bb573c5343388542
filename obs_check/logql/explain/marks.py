"""A chain of line filters counted by one scan: a label says how many of them a line passes, in place of the filters."""

from collections.abc import Sequence

from obs_check.golang.quoting import quote
from obs_check.logql.syntax import ast
from obs_check.model.entry import Labels

_PASSED = "obs_check_passed"


def markable(stages: Sequence[ast.Stage], at: int) -> tuple[ast.LineFilter, ...]:
    """The line filters that begin at a stage and only look for texts: what a template can tell as exactly."""
    found = []
    for stage in stages[at:]:
        if not isinstance(stage, ast.LineFilter) or stage.op not in ("|=", "!="):
            break
        if any(match.ip or not match.value for match in stage.matches):
            break
        found.append(stage)
    return tuple(found)


def mark(filters: Sequence[ast.LineFilter]) -> ast.LabelFormat:
    """A stage that sets the label: the number of filters, from the first on, that the line passes."""
    template = str(len(filters))
    for number in reversed(range(len(filters))):
        template = f"{{{{if {_condition(filters[number])}}}}}{template}{{{{else}}}}{number}{{{{end}}}}"
    return ast.LabelFormat((ast.LabelAssignment(_PASSED, template),))


def _condition(stage: ast.LineFilter) -> str:
    tests = [f"(contains {quote(match.value)} __line__)" for match in stage.matches]
    either = f"or {' '.join(tests)}" if len(tests) > 1 else tests[0]
    return either if stage.op == "|=" else f"not ({either})"


def counts_of_marks(series: Sequence[tuple[Labels, float]], filters: int) -> list[tuple[int, int]]:
    """Lines and label sets behind the first 0, 1, .. `filters` filters."""
    found = []
    for passed in range(filters + 1):
        left = [(labels, lines) for labels, lines in series if int(labels[_PASSED]) >= passed]
        sets = {frozenset((k, v) for k, v in labels.items() if k != _PASSED) for labels, _ in left}
        found.append((round(sum(lines for _, lines in left)), len(sets)))
    return found
