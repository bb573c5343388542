"""Queries whose answers have a unit for certain: rates, quotients, and metrics whose names say it."""

import re
from typing import Any

from obs_check.lint.counted_ranges import FILTERS, compares_to_bool
from obs_check.lint.question import Question
from obs_check.logql.syntax import ast

_LOGQL_RATES = {"rate", "rate_counter", "bytes_rate", "bytes_over_time"}
_PROMQL_RATES = {"rate", "irate", "deriv"}
_COUNTS = {"count", "count_values", "group", "stdvar"}
_COUNTING = {"count_over_time", "changes", "resets", "absent", "absent_over_time", "present_over_time", "timestamp"}
_UNIT = re.compile(
    r".*(?:^|_)(?:(?:nano|micro|milli)?seconds|[mnu]s|bytes|ratio|percent(?:age)?|celsius|volts|amperes|joules|watts|hertz|meters)"
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
        case ast.BinaryOperation():
            return node.op == "/" or _of_logql(node.left) or _of_logql(node.right)
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
            return any(_UNIT.fullmatch(name) for name in _buckets(node.args[1]))
        case promql_parser.Call() if node.func.name in _PROMQL_RATES:
            return True
        case promql_parser.Call():
            return node.func.name not in _COUNTING and any(_of_promql(part) for part in node.args)
        case promql_parser.BinaryExpr() if str(node.op) in FILTERS:
            return not compares_to_bool(node) and _of_promql(node.lhs)
        case promql_parser.BinaryExpr():
            return str(node.op) == "/" or _of_promql(node.lhs) or _of_promql(node.rhs)
        case _:
            return False


def _buckets(node: Any) -> list[str]:
    """The names of the histograms of a query, without the ending of their buckets."""
    name = getattr(getattr(node, "vector_selector", node), "name", None)
    if isinstance(name, str):
        return [name.removesuffix(_BUCKET)]
    parts = (getattr(node, "expr", None), getattr(node, "lhs", None), getattr(node, "rhs", None))
    return [found for part in (*parts, *getattr(node, "args", ())) if part is not None for found in _buckets(part)]
