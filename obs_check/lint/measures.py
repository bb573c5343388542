"""Queries whose answers have a unit for certain: rates, quotients, and metrics whose names say it."""

import re
from typing import Any

from obs_check.lint.counted_ranges import FILTERS, compares_to_bool
from obs_check.lint.question import Question
from obs_check.logql.syntax import ast

_LOGQL_RATES = {"rate", "rate_counter", "bytes_rate", "bytes_over_time"}
_PROMQL_RATES = {"rate", "irate", "deriv"}
_COUNTS = {"count", "count_values", "group", "stdvar"}
_COUNTING = {
    "count_over_time",
    "changes",
    "resets",
    "absent",
    "absent_over_time",
    "present_over_time",
    "timestamp",
    "sgn",
}
_UNIT = re.compile(
    r".*(?:^|_)(?:(?:nano|micro|milli)?seconds|[mnu]s|bytes|percent(?:age)?|celsius|volts|amperes|joules|watts|hertz|meters)"
    r"(?:_total|_sum|_max|_min|_avg)?"
)
"""Names as Prometheus wants them (prometheus.io/docs/practices/naming): they end with their unit."""
_BUCKET = "_bucket"


def has_unit(question: Question) -> bool:
    """Whether what a query answers has a unit; any other number may be a count of things, which needs none."""
    if question.logql is not None:
        return _of_logql(question.logql)
    return question.promql is not None and _of_promql(question.promql)


def _of_logql(node: ast.Expr) -> bool:
    match node:
        case ast.RangeAggregation():
            return node.op in _LOGQL_RATES
        case ast.VectorAggregation():
            return node.op not in _COUNTS and _of_logql(node.expr)
        case ast.LabelReplace():
            return _of_logql(node.expr)
        case ast.BinaryOperation() if node.op in FILTERS:
            return not node.return_bool and _of_logql(node.left)
        case ast.BinaryOperation() if node.op == "/":
            return isinstance(node.right, ast.VectorAggregation | ast.RangeAggregation) or _of_logql(node.left)
        case ast.BinaryOperation():
            return _of_logql(node.left) or _of_logql(node.right)
        case _:
            return False


def _of_promql(node: Any) -> bool:
    """A tree of promql-parser's."""
    import promql_parser

    match node:
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr() | promql_parser.SubqueryExpr():
            return _of_promql(node.expr)
        case promql_parser.VectorSelector():
            return bool(_UNIT.fullmatch(node.name or ""))
        case promql_parser.MatrixSelector():
            return _of_promql(node.vector_selector)
        case promql_parser.AggregateExpr():
            return str(node.op) not in _COUNTS and _of_promql(node.expr)
        case promql_parser.Call() if node.func.name == "histogram_quantile":
            return any(_UNIT.fullmatch(name.removesuffix(_BUCKET)) for name in _names(node.args[1]))
        case promql_parser.Call() if node.func.name in _PROMQL_RATES:
            return True
        case promql_parser.Call():
            return node.func.name not in _COUNTING and any(_of_promql(part) for part in node.args)
        case promql_parser.BinaryExpr() if str(node.op) in FILTERS:
            return not compares_to_bool(node) and _of_promql(node.lhs)
        case promql_parser.BinaryExpr() if str(node.op) == "/":
            if isinstance(node.rhs, promql_parser.NumberLiteral):
                return _of_promql(node.lhs)
            return _is_share(node) or any(map(_UNIT.fullmatch, _names(node.lhs)))
        case promql_parser.BinaryExpr():
            return _of_promql(node.lhs) or _of_promql(node.rhs)
        case _:
            return False


def _is_share(node: Any) -> bool:
    """Whether a quotient is of one metric, or of two that differ in a word: a part of a whole."""
    left, right = set(_names(node.lhs)), set(_names(node.rhs))
    means = any(name.endswith("_sum") for name in left) and any(name.endswith("_count") for name in right)
    return bool(left) and not means and (left <= right or (_is_rate(node.lhs) and _is_rate(node.rhs)))


def _is_rate(node: Any) -> bool:
    import promql_parser

    if isinstance(node, promql_parser.Call):
        return node.func.name in _PROMQL_RATES | {"increase"}
    parts = (getattr(node, name, None) for name in ("expr", "lhs", "rhs"))
    return any(part is not None and _is_rate(part) for part in parts)


def _names(node: Any) -> list[str]:
    """The names of the metrics of a query."""
    name = getattr(getattr(node, "vector_selector", node), "name", None)
    if isinstance(name, str):
        return [name]
    parts = (getattr(node, "expr", None), getattr(node, "lhs", None), getattr(node, "rhs", None))
    return [found for part in (*parts, *getattr(node, "args", ())) if part is not None for found in _names(part)]
