"""Queries whose answers are counts of things: whole numbers, which are drawn without a unit as with `none`."""

import re
from typing import Any

from obs_check.lint.counted_ranges import ADDS, FILTERS, compares_to_bool
from obs_check.lint.question import Question
from obs_check.logql.syntax import ast

_CHOOSE = {"sum", "min", "max", "topk", "bottomk", "approx_topk", "sort", "sort_desc"}
_PROMQL_COUNTS = {"count_over_time", "changes", "resets"}
_PROMQL_PASSES = {"sort", "sort_desc", "label_replace", "label_join", "vector"}
_STATE = re.compile(
    r"(?:\w+_)?up|ALERTS|probe_success|\w+_has_leader|\w+_info|kube_\w+_status_(?:phase|condition|ready|running|scheduled|(?:waiting|terminated|replicas)\w*)"
)
"""Metrics whose values are 0 and 1, or numbers of replicas (kube-state-metrics' documentation of each resource). No
`increase`: it extrapolates, so its answers are fractions."""


def is_plain_count(question: Question) -> bool:
    """Whether all numbers that a query answers are counts."""
    if question.logql is not None:
        return _of_logql(question.logql)
    if question.promql is not None:
        return _of_promql(question.promql)
    return question.sql is not None and _of_sql(question.sql)


def _of_logql(node: ast.Expr) -> bool:
    match node:
        case ast.RangeAggregation():
            return node.op == "count_over_time"
        case ast.VectorAggregation():
            return node.op == "count" or (node.op in _CHOOSE and _of_logql(node.expr))
        case ast.LabelReplace():
            return _of_logql(node.expr)
        case ast.Number() | ast.VectorLiteral():
            return float(node.value).is_integer()
        case ast.BinaryOperation() if node.op in ADDS:
            return _of_logql(node.left) and _of_logql(node.right)
        case ast.BinaryOperation() if node.op in FILTERS:
            return node.return_bool or _of_logql(node.left)
        case _:
            return False


def _of_promql(node: Any) -> bool:
    """A tree of promql-parser's."""
    import promql_parser

    match node:
        case promql_parser.ParenExpr():
            return _of_promql(node.expr)
        case promql_parser.VectorSelector():
            return bool(_STATE.fullmatch(node.name or ""))
        case promql_parser.NumberLiteral():
            return float(node.val).is_integer()
        case promql_parser.AggregateExpr():
            counts = str(node.op) in {"count", "count_values", "group"}
            return counts or (str(node.op) in _CHOOSE and _of_promql(node.expr))
        case promql_parser.Call() if node.func.name in _PROMQL_PASSES:
            return _of_promql(node.args[0])
        case promql_parser.Call():
            return node.func.name in _PROMQL_COUNTS
        case promql_parser.BinaryExpr() if str(node.op) in ADDS:
            return _of_promql(node.lhs) and _of_promql(node.rhs)
        case promql_parser.BinaryExpr() if str(node.op) in FILTERS:
            equal = str(node.op) == "==" and isinstance(node.rhs, promql_parser.NumberLiteral)
            return compares_to_bool(node) or _of_promql(node.rhs if equal else node.lhs)
        case _:
            return False


def _of_sql(tree: Any) -> bool:
    """What stands beside the aggregates of a SELECT is what it groups by: times and names."""
    from sqlglot import exp

    columns = [column.unalias() for column in tree.selects] if isinstance(tree, exp.Select) else []
    with_aggregates = [column for column in columns if column.find(exp.AggFunc)]
    return bool(with_aggregates) and all(isinstance(column, exp.Count) for column in with_aggregates)
