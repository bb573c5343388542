"""Binary operations: numbers with numbers, numbers with vectors, vectors with vectors."""

import math
import operator
from collections.abc import Callable

from obs_check.errors import EvaluationError
from obs_check.golang.numbers import power, remainder
from obs_check.logql.engine.vector import LabelSet, Step, drop_labels, keep_labels, without_empty
from obs_check.logql.syntax import ast

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def arithmetic(op: str, left: float, right: float) -> float:
    """`left op right`; a division by zero is NaN (Loki 3.5), a comparison 1 or 0."""
    if op in COMPARISONS:
        return float(COMPARISONS[op](left, right))
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right if right != 0 else math.nan
        case "%":
            return remainder(left, right)
        case _:
            return power(left, right)


def with_number(expr: ast.BinaryOperation, step: Step, number: float, number_is_left: bool) -> Step:
    """A vector with a number; a comparison without `bool` keeps what holds, with the vector's value."""
    result: Step = []
    for labels, value in step:
        left, right = (number, value) if number_is_left else (value, number)
        if expr.op in COMPARISONS and not expr.return_bool:
            if COMPARISONS[expr.op](left, right):
                result.append((labels, value))
        else:
            result.append((labels, arithmetic(expr.op, left, right)))
    return result


def signature(matching: ast.Matching | None) -> Callable[[LabelSet], LabelSet]:
    """What of the labels has to be equal on both sides."""
    if matching is None:
        # Every operation that is written has a matching for Loki, `ignoring ()` at least: empty labels do not count.
        return without_empty
    reduce = keep_labels if matching.on else drop_labels
    return lambda labels: without_empty(reduce(labels, matching.labels))


def set_operation(op: str, left: Step, right: Step, of: Callable[[LabelSet], LabelSet]) -> Step:
    """`and`, `or`, `unless` on the labels alone."""
    if op == "or":
        have = {of(labels) for labels, _ in left}
        return left + [found for found in right if of(found[0]) not in have]
    have = {of(labels) for labels, _ in right}
    wanted = op == "and"
    return [found for found in left if (of(found[0]) in have) == wanted]


def vector_operation(expr: ast.BinaryOperation, left: Step, right: Step, of: Callable[[LabelSet], LabelSet]) -> Step:
    """Each value of the many side with its one partner. Raises EvaluationError where a partner is not unique."""
    matching = expr.matching or ast.Matching()
    swapped = matching.card == "one-to-many"
    many, one = (right, left) if swapped else (left, right)
    partners: dict[LabelSet, tuple[LabelSet, float]] = {}
    for found in one:
        key = of(found[0])
        if key in partners:
            raise EvaluationError(
                f"found duplicate series on the {'left' if swapped else 'right'} hand-side;many-to-many matching not "
                "allowed: matching labels must be unique on one side"
            )
        partners[key] = found
    seen: dict[LabelSet, set[LabelSet]] = {}
    result: Step = []
    for labels, value in many:
        key = of(labels)
        partner = partners.get(key)
        if partner is None:
            continue
        metric = _result_labels(labels, partner[0], matching)
        if key in seen and matching.card == "one-to-one":
            raise EvaluationError(
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
            )
        if metric in seen.setdefault(key, set()):
            raise EvaluationError("multiple matches for labels: grouping labels must ensure unique matches")
        seen[key].add(metric)
        a, b = (partner[1], value) if swapped else (value, partner[1])
        if expr.op in COMPARISONS and not expr.return_bool:
            if COMPARISONS[expr.op](a, b):
                result.append((metric, a))
        else:
            result.append((metric, arithmetic(expr.op, a, b)))
    return result


def _result_labels(many: LabelSet, one: LabelSet, matching: ast.Matching) -> LabelSet:
    """The labels of a result: never an empty one (Loki 3.5)."""
    labels = many
    if matching.card == "one-to-one":
        labels = keep_labels(many, matching.labels) if matching.on else drop_labels(many, matching.labels)
    if matching.include:
        labels = tuple(sorted(drop_labels(labels, matching.include) + keep_labels(one, matching.include)))
    return without_empty(labels)
