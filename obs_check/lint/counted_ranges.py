"""The ranges of a query that count what happens in them, as far as adding up the answer adds up the counts."""

from typing import Any

from obs_check.lint.question import Question
from obs_check.logql.syntax import ast
from obs_check.model.window import NS

_LOGQL_COUNTS = {"count_over_time", "bytes_over_time", "sum_over_time"}
_PROMQL_COUNTS = {"increase", "count_over_time", "sum_over_time", "changes", "resets"}
_PROMQL_PASSES = {"round", "ceil", "floor", "sort", "sort_desc", "label_replace", "label_join"}
_SUMS = {"sum", "topk", "bottomk", "sort", "sort_desc"}
_SEVERAL = {"topk", "bottomk", "approx_topk", "count_values", "sort", "sort_desc", "limitk", "limit_ratio"}
"""Aggregations whose answer may have several series without a grouping."""
ADDS = {"+", "-", "or"}
"""Operators whose answer is a count where both sides are."""
FILTERS = {">", "<", ">=", "<=", "==", "!=", "and", "unless"}
"""Operators that leave numbers of their left side as they are, without `bool`."""


def counted_ranges(question: Question) -> list[int]:
    """The ranges in ms; none where what is made of a count is no count (a quotient, a maximum)."""
    return _promql_counts(question.promql) if question.logql is None else _logql_counts(question.logql)


def counts_whole_range(question: Question) -> bool:
    """Whether a bar chart counts all of its range at every step: it draws a bar for each of them."""
    if question.panel is None or question.panel.type != "barchart":
        return False
    counted = counted_ranges(question)
    return bool(counted) and max(counted) >= question.length_ms > 0


def chooses(question: Question) -> str:
    """`topk` or `bottomk` where that decides which series a query answers; "" where nothing does."""
    return _chooser(question.promql if question.logql is None else question.logql)


def answers_one_series(question: Question) -> bool:
    """Whether all that a query selects becomes one series."""
    return _is_one(question.promql if question.logql is None else question.logql)


def _is_one(tree: Any) -> bool:
    match type(tree).__name__:
        case "ParenExpr" | "UnaryExpr" | "LabelReplace":
            return _is_one(tree.expr)
        case "Call":
            return bool(tree.args) and all(map(_is_one, tree.args))
        case "BinaryExpr":
            return _is_one(tree.lhs) and _is_one(tree.rhs)
        case "BinaryOperation":
            return _is_one(tree.left) and _is_one(tree.right)
        case "AggregateExpr":
            return str(tree.op) not in _SEVERAL and tree.modifier is None
        case "VectorAggregation":
            return tree.op not in _SEVERAL and tree.grouping is None
        case name:
            return name in ("NumberLiteral", "StringLiteral", "Number", "VectorLiteral")


def _chooser(tree: Any) -> str:
    match type(tree).__name__:
        case "ParenExpr" | "LabelReplace":
            return _chooser(tree.expr)
        case "Call" if tree.func.name in _PROMQL_PASSES:
            return _chooser(tree.args[0])
        case "VectorAggregation" if tree.op in ("sort", "sort_desc"):
            return _chooser(tree.expr)
        case "BinaryExpr" if str(tree.op) != "unless":
            return _chooser(tree.lhs) or _chooser(tree.rhs)
        case "BinaryOperation" if tree.op != "unless":
            return _chooser(tree.left) or _chooser(tree.right)
        case "AggregateExpr" if tree.modifier is not None or _is_one(tree.expr):
            # Each group may have no more series than are taken.
            return ""
        case "VectorAggregation" if tree.grouping is not None or _is_one(tree.expr):
            return ""
        case "AggregateExpr" | "VectorAggregation" if str(tree.op) in ("topk", "bottomk"):
            return str(tree.op)
        case _:
            return ""


def compares_to_bool(node: Any) -> bool:
    """Whether a comparison of promql-parser's answers 0 and 1."""
    return node.modifier is not None and bool(node.modifier.return_bool)


def _logql_counts(node: ast.Expr) -> list[int]:
    match node:
        case ast.RangeAggregation() if node.op in _LOGQL_COUNTS:
            return [node.range.interval_ns * 1000 // NS]
        case ast.VectorAggregation() if node.op in _SUMS:
            return _logql_counts(node.expr)
        case ast.LabelReplace():
            return _logql_counts(node.expr)
        case ast.BinaryOperation() if node.op in ADDS:
            return _logql_counts(node.left) + _logql_counts(node.right)
        case ast.BinaryOperation() if node.op in FILTERS and not node.return_bool:
            return _logql_counts(node.left)
        case _:
            return []


def _promql_counts(node: Any) -> list[int]:
    """A tree of promql-parser's."""
    import promql_parser

    match node:
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr():
            return _promql_counts(node.expr)
        case promql_parser.AggregateExpr() if str(node.op) in _SUMS:
            return _promql_counts(node.expr)
        case promql_parser.Call() if node.func.name in _PROMQL_COUNTS:
            return [round(arg.range.total_seconds() * 1000) for arg in node.args if hasattr(arg, "range")]
        case promql_parser.Call() if node.func.name in _PROMQL_PASSES:
            return [ms for arg in node.args for ms in _promql_counts(arg)]
        case promql_parser.BinaryExpr() if str(node.op) in ADDS:
            return _promql_counts(node.lhs) + _promql_counts(node.rhs)
        case promql_parser.BinaryExpr() if str(node.op) in FILTERS:
            return [] if compares_to_bool(node) else _promql_counts(node.lhs)
        case _:
            return []
