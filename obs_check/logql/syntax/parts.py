"""The log queries inside an expression, and the ranges that they are counted over."""

from obs_check.logql.syntax import ast


def log_queries(expr: ast.Expr) -> list[ast.LogQuery]:
    """The log queries inside an expression, left to right (a log query holds itself)."""
    match expr:
        case ast.LogQuery():
            return [expr]
        case ast.RangeAggregation():
            return [expr.range.query]
        case ast.VectorAggregation() | ast.LabelReplace():
            return log_queries(expr.expr)
        case ast.BinaryOperation():
            return log_queries(expr.left) + log_queries(expr.right)
        case _:
            return []


def ranges(expr: ast.Expr) -> list[ast.LogRange]:
    """The ranges of an expression, left to right: that number n holds is log query number n."""
    match expr:
        case ast.RangeAggregation():
            return [expr.range]
        case ast.VectorAggregation() | ast.LabelReplace():
            return ranges(expr.expr)
        case ast.BinaryOperation():
            return ranges(expr.left) + ranges(expr.right)
        case _:
            return []
