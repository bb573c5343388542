"""The operators of a metric query: what each is called, and what it works on."""

from collections.abc import Iterator

from obs_check.golang.quoting import quote
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import grouping_text, modifiers_text, number_text, range_text


def operator_text(expr: ast.Metric) -> str:
    """The operator without its operands: `sum by (host)`, `count_over_time [1h]`, `> bool`."""
    match expr:
        case ast.RangeAggregation():
            parameter = "" if expr.parameter is None else f"({number_text(expr.parameter)})"
            return f"{expr.op}{parameter} {range_text(expr.range)}{grouping_text(expr.grouping)}".strip()
        case ast.VectorAggregation():
            parameter = "" if expr.parameter is None else f"({expr.parameter})"
            return f"{expr.op}{parameter}{grouping_text(expr.grouping)}".strip()
        case ast.BinaryOperation():
            return f"{expr.op}{modifiers_text(expr)}"
        case ast.Number():
            return number_text(expr.value)
        case ast.VectorLiteral():
            return f"vector({number_text(expr.value)})"
        case ast.LabelReplace():
            texts = (expr.destination, expr.replacement, expr.source, expr.regex)
            return f"label_replace({', '.join(quote(text) for text in texts)})"


def operands(expr: ast.Metric) -> tuple[ast.Metric, ...]:
    """The metrics that the operator works on; none for a range and for numbers."""
    match expr:
        case ast.VectorAggregation() | ast.LabelReplace():
            return (expr.expr,)
        case ast.BinaryOperation():
            return (expr.left, expr.right)
        case _:
            return ()


def ranges_of(expr: ast.Metric) -> Iterator[ast.RangeAggregation]:
    """The range aggregations of a metric, from left to right."""
    if isinstance(expr, ast.RangeAggregation):
        yield expr
    for one in operands(expr):
        yield from ranges_of(one)
