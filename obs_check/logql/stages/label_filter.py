"""`| predicate`: text, number, duration, size and address comparisons on labels."""

import operator
from collections.abc import Callable, Iterator
from typing import Any

from obs_check.golang.durations import parse_go_duration
from obs_check.golang.numbers import parse_float
from obs_check.golang.sizes import parse_bytes, rounded_size
from obs_check.logql.stages.address import compile_address
from obs_check.logql.stages.kind import Effect, StageKind
from obs_check.logql.stages.matching import compile_label_test
from obs_check.logql.stages.row import ERROR, Row, StageFunction
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import comparisons

FILTER_ERROR = "LabelFilterErr"
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def compile_predicate(predicate: ast.Predicate) -> StageFunction:
    """The predicate as a function over rows; QueryError on a bad regular expression or address."""
    match predicate:
        case ast.StringPredicate(matcher):
            return _string(matcher)
        case ast.NumberPredicate(name, op, value):
            return _typed(name, op, value, parse_float)
        case ast.DurationPredicate(name, op, ns):
            return _typed(name, op, ns, parse_go_duration)
        case ast.BytesPredicate(name, op, size):
            return _typed(name, op, rounded_size(size), parse_bytes)
        case ast.IpPredicate(name, ip_op, pattern):
            return _address(name, ip_op == "!=", pattern)
        case ast.AndPredicate(left, right):
            return _and(compile_predicate(left), compile_predicate(right))
        case ast.OrPredicate(left, right):
            one, other = compile_predicate(left), compile_predicate(right)
            return lambda row: one(row) or other(row)


def checked_label(predicate: ast.Predicate) -> str | None:
    """The label of a filter that is a single comparison; None for others and for one that keeps every line."""
    match predicate:
        case ast.AndPredicate() | ast.OrPredicate():
            return None
        case ast.StringPredicate(matcher):
            return None if compile_label_test(matcher.op, matcher.value) is None else matcher.name
        case _:
            return predicate.name


def _and(left: StageFunction, right: StageFunction) -> StageFunction:
    """Both sides always run, since the right one may set an error (Loki 3.5)."""

    def both(row: Row) -> bool:
        kept = left(row)
        return right(row) and kept

    return both


def _string(matcher: ast.Matcher) -> StageFunction:
    name, value = matcher.name, matcher.value
    test = compile_label_test(matcher.op, value)
    if test is None:
        return lambda _row: True
    if name == ERROR:
        return lambda row: test(row.error)
    return lambda row: test(row.find(name) or "")


def _typed(name: str, op: str, wanted: float, parse: Callable[[str], float]) -> StageFunction:
    """An absent label drops the line; a value that cannot be read keeps it, with an error (Loki 3.5)."""
    compare = COMPARE[op]

    def keep(row: Row) -> bool:
        text = row.find(name)
        if text is None:
            return False
        try:
            return compare(parse(text), wanted)
        except ValueError as error:
            if not row.error:
                row.fail(FILTER_ERROR, str(error))
            return True

    return keep


def _address(name: str, negative: bool, pattern: str) -> StageFunction:
    inside = compile_address(pattern)

    def keep(row: Row) -> bool:
        if row.error:
            return True
        text = row.find(name)
        return text is not None and inside(text) != negative

    return keep


def texts_only(predicate: ast.Predicate) -> bool:
    """Whether a predicate compares texts and nothing else."""
    return all(isinstance(comparison, ast.StringPredicate) for comparison in comparisons(predicate))


def _effect(stage: ast.LabelFilter) -> Effect:
    return Effect(
        reads=tuple(_read_by(stage.predicate)),
        drops_lines=True,
        error="" if texts_only(stage.predicate) else FILTER_ERROR,
        clears_errors=stage.predicate == _NO_ERROR,
    )


def _read_by(predicate: ast.Predicate) -> Iterator[str]:
    for comparison in comparisons(predicate):
        matcher = comparison.matcher if isinstance(comparison, ast.StringPredicate) else None
        # A regular expression that holds for every value is dropped before labels are looked at (Loki 3.5).
        if matcher is None or compile_label_test(matcher.op, matcher.value) is not None:
            yield comparison.name


_NO_ERROR = ast.StringPredicate(ast.Matcher(ERROR, "=", ""))
LABEL_FILTER = StageKind(
    ast.LabelFilter,
    lambda stage, _settings, _hints: compile_predicate(stage.predicate),
    _effect,
    lambda stage, style: f"| {style.predicate(stage.predicate)}",
)
