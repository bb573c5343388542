"""What a metric query answers when no series is there: nothing, or a number that then stands for an absence."""

import math
import operator
from collections.abc import Callable
from typing import Any

from obs_check.logql.syntax import ast

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le,
}  # fmt: skip
_REACH: dict[str, Callable[[float, float], float]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_SAME = {"label_replace", "label_join", "sort", "sort_desc", "abs", "ceil", "floor", "round", "last_over_time"}
"""Functions that keep 0 and 1."""


def logql_answer(tree: ast.Expr) -> float | None:
    """What Loki answers while no line is there: the value of the one sample, NaN for one that is not followed here,
    None for nothing."""
    match tree:
        case ast.RangeAggregation():
            return 1.0 if tree.op == "absent_over_time" else None
        case ast.VectorAggregation():
            return _aggregated(tree.op, logql_answer(tree.expr))
        case ast.LabelReplace():
            return logql_answer(tree.expr)
        case ast.Number() | ast.VectorLiteral():
            return tree.value
        case ast.BinaryOperation():
            return _combined(tree.op, logql_answer(tree.left), logql_answer(tree.right), tree.return_bool)
        case _:
            return None


def promql_answer(tree: Any) -> float | None:
    """As `logql_answer`, of a tree of promql-parser."""
    match type(tree).__name__:
        case "NumberLiteral":
            return float(tree.val)
        case "ParenExpr" | "SubqueryExpr":
            return promql_answer(tree.expr)
        case "UnaryExpr":
            value = promql_answer(tree.expr)
            return None if value is None else -value
        case "AggregateExpr":
            return _aggregated(str(tree.op), promql_answer(tree.expr))
        case "BinaryExpr":
            by_bool = tree.modifier is not None and tree.modifier.return_bool
            return _combined(str(tree.op), promql_answer(tree.lhs), promql_answer(tree.rhs), by_bool)
        case "Call":
            return _called(str(tree.func.name), [arg for arg in tree.args if type(arg).__name__ != "StringLiteral"])
        case _:
            return None


def _compares(tree: Any) -> bool:
    if type(tree).__name__ == "BinaryOperation":
        return tree.op in _COMPARE and not tree.return_bool
    own = type(tree).__name__ == "BinaryExpr" and str(tree.op) in _COMPARE
    return own and not (tree.modifier is not None and tree.modifier.return_bool)


def is_absence(tree: Any) -> bool:
    """Whether a query answers that series are absent, and nothing while they are there (`absent(x)`)."""
    match type(tree).__name__:
        case "ParenExpr" | "AggregateExpr" | "VectorAggregation":
            return is_absence(tree.expr)
        case "Call":
            return str(tree.func.name) in ("absent", "absent_over_time")
        case "RangeAggregation":
            return bool(tree.op == "absent_over_time")
        case "BinaryExpr" | "BinaryOperation":
            left, right = (tree.lhs, tree.rhs) if hasattr(tree, "lhs") else (tree.left, tree.right)
            if str(tree.op) in ("or", "and", "+"):
                return is_absence(left) and is_absence(right)
            if str(tree.op) == "-" and type(left).__name__ in ("NumberLiteral", "Number"):
                # 0 says there that series are absent, as `1 - absent(x)` is meant.
                return is_absence(_before_or(right))
            return _compares(tree) and is_absence(left)
        case _:
            return False


def _before_or(tree: Any) -> Any:
    """The left side of a fallback, whatever stands around that; another query as it is."""
    while type(tree).__name__ == "ParenExpr":
        tree = tree.expr
    return (tree.lhs if hasattr(tree, "lhs") else tree.left) if str(getattr(tree, "op", "")) == "or" else tree


def _called(name: str, arguments: list[Any]) -> float | None:
    answers = [promql_answer(one) for one in arguments]
    if name in ("absent", "absent_over_time"):
        return 1.0 if answers == [None] else None
    if name == "scalar":
        return math.nan
    if None in answers:
        return None
    return answers[0] if answers and name in _SAME | {"vector"} else math.nan


def _aggregated(op: str, value: float | None) -> float | None:
    if value is None:
        return None
    return {"count": 1.0, "group": 1.0, "stddev": 0.0, "stdvar": 0.0}.get(op, value)


def _combined(op: str, left: float | None, right: float | None, return_bool: bool) -> float | None:
    if op == "or":
        return right if left is None else left
    if op == "unless":
        return left if right is None else None
    if left is None or right is None:
        return None
    if op == "and":
        return left
    if op in _COMPARE:
        holds = _COMPARE[op](left, right)
        return float(holds) if return_bool else left if holds else None
    if op == "/":
        return left / right if right else math.nan
    return _REACH[op](left, right) if op in _REACH else math.nan
