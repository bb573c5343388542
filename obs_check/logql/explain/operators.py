"""What the operators of a metric query are called."""

from obs_check.golang.quoting import quote
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import range_text
from obs_check.logql.syntax.style import WRITTEN, number_text


def operator_text(expr: ast.Metric) -> str:
    """The operator without its operands: `sum by (host)`, `count_over_time [1h]`, `> bool`."""
    match expr:
        case ast.RangeAggregation():
            parameter = "" if expr.parameter is None else f"({number_text(expr.parameter)})"
            return f"{expr.op}{parameter} {range_text(expr.range)}{WRITTEN.range_grouping(expr.grouping)}".strip()
        case ast.VectorAggregation():
            parameter = "" if expr.parameter is None else f"({expr.parameter})"
            return f"{expr.op}{parameter}{WRITTEN.range_grouping(expr.grouping)}".strip()
        case ast.BinaryOperation():
            return f"{expr.op}{WRITTEN.modifiers(expr)}"
        case ast.Number():
            return number_text(expr.value)
        case ast.VectorLiteral():
            return f"vector({number_text(expr.value)})"
        case ast.LabelReplace():
            texts = (expr.destination, expr.replacement, expr.source, expr.regex)
            return f"label_replace({', '.join(quote(text) for text in texts)})"
