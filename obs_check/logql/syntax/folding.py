"""Numbers that are computed from numbers only: Loki 3.5 does that as it reads a query."""

from obs_check.logql.engine.binary import arithmetic
from obs_check.logql.syntax import ast


def fold_number(expr: ast.Metric) -> float | None:
    """The value of a number, written or computed; None where anything else takes part."""
    if isinstance(expr, ast.Number):
        return expr.value
    if not isinstance(expr, ast.BinaryOperation):
        return None
    left, right = fold_number(expr.left), fold_number(expr.right)
    return None if left is None or right is None else arithmetic(expr.op, left, right)
