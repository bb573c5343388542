"""The ranges of a query that count what happens in them, as far as adding up the answer adds up the counts."""

from typing import Any

from obs_check.logql.syntax import ast
from obs_check.model.window import NS

_LOGQL_COUNTS = {"count_over_time", "bytes_over_time", "sum_over_time"}
_PROMQL_COUNTS = {"increase", "count_over_time", "sum_over_time", "changes", "resets"}
_PROMQL_PASSES = {"round", "ceil", "floor", "sort", "sort_desc", "label_replace", "label_join"}
_SUMS = {"sum", "topk", "bottomk", "sort", "sort_desc"}
_ADDS = {"+", "-", "or"}
_FILTERS = {">", "<", ">=", "<=", "==", "!=", "and", "unless"}


def logql_counts(node: ast.Expr) -> list[int]:
    """The ranges in ms of LogQL; none where what is made of a count is no count (a quotient, a maximum)."""
    match node:
        case ast.RangeAggregation() if node.op in _LOGQL_COUNTS:
            return [node.range.interval_ns * 1000 // NS]
        case ast.VectorAggregation() if node.op in _SUMS:
            return logql_counts(node.expr)
        case ast.LabelReplace():
            return logql_counts(node.expr)
        case ast.BinaryOperation() if node.op in _ADDS:
            return logql_counts(node.left) + logql_counts(node.right)
        case ast.BinaryOperation() if node.op in _FILTERS and not node.return_bool:
            return logql_counts(node.left)
        case _:
            return []


def promql_counts(node: Any) -> list[int]:
    """The ranges in ms of PromQL, a tree of promql-parser's."""
    import promql_parser

    match node:
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr():
            return promql_counts(node.expr)
        case promql_parser.AggregateExpr() if str(node.op) in _SUMS:
            return promql_counts(node.expr)
        case promql_parser.Call() if node.func.name in _PROMQL_COUNTS:
            return [round(arg.range.total_seconds() * 1000) for arg in node.args if hasattr(arg, "range")]
        case promql_parser.Call() if node.func.name in _PROMQL_PASSES:
            return [ms for arg in node.args for ms in promql_counts(arg)]
        case promql_parser.BinaryExpr() if str(node.op) in _ADDS:
            return promql_counts(node.lhs) + promql_counts(node.rhs)
        case promql_parser.BinaryExpr() if str(node.op) in _FILTERS:
            compares_to_bool = node.modifier is not None and node.modifier.return_bool
            return [] if compares_to_bool else promql_counts(node.lhs)
        case _:
            return []
