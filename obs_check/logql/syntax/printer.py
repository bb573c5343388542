"""Tree to text on one line: one walk for both styles."""

from obs_check.golang.quoting import quote
from obs_check.logql.stages.registry import kind_of
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.folding import fold_number
from obs_check.logql.syntax.style import LOKI, WRITTEN, Style, selector_text


def to_text(expr: ast.Expr, style: Style = WRITTEN) -> str:
    """The whole; `parse(to_text(x)) == x` as a person writes it."""
    match expr:
        case ast.LogQuery():
            return " ".join([selector_text(expr.selector), *(stage_text(stage, style) for stage in expr.stages)])
        case ast.RangeAggregation():
            parameter = "" if expr.parameter is None else f"{style.parameter(expr.parameter)}{style.comma}"
            return f"{expr.op}({parameter}{_range(expr.range, style)}){style.range_grouping(expr.grouping)}"
        case ast.VectorAggregation():
            parameter = "" if expr.parameter is None else f"{expr.parameter}{style.comma}"
            return f"{expr.op}{style.vector_grouping(expr.grouping)}({parameter}{to_text(expr.expr, style)})"
        case ast.BinaryOperation():
            if style.computes and (number := fold_number(expr)) is not None:
                return style.number(number)
            return style.operation(expr, to_text(expr.left, style), to_text(expr.right, style))
        case ast.Number():
            return style.number(expr.value)
        case ast.VectorLiteral():
            return f"vector({style.constant(expr.value)})"
        case ast.LabelReplace():
            texts = map(quote, (expr.destination, expr.replacement, expr.source, expr.regex))
            return f"label_replace({style.comma.join([to_text(expr.expr, style), *texts])})"


def loki_text(expr: ast.Expr) -> str:
    """The whole as Loki 3.5 writes it."""
    return to_text(expr, LOKI)


def stage_text(stage: ast.Stage, style: Style = WRITTEN) -> str:
    """One stage with its pipe."""
    return kind_of(stage).text(stage, style)


def unwrap_text(unwrap: ast.Unwrap, style: Style = WRITTEN) -> str:
    """`| unwrap duration(took) | took > 1s`: the unwrap and the filters after it."""
    label = f"{unwrap.conversion}({unwrap.label})" if unwrap.conversion else unwrap.label
    return " ".join([f"| unwrap {label}", *(stage_text(one, style) for one in unwrap.filters)])


def range_text(found: ast.LogRange, style: Style = WRITTEN) -> str:
    """`[5m] offset 1h`."""
    offset = f" offset {style.duration(found.offset_ns)}" if found.offset_ns else ""
    return f"[{style.interval(found.interval_ns)}]{offset}"


def _range(found: ast.LogRange, style: Style) -> str:
    unwrap = f" {unwrap_text(found.unwrap, style)}" if found.unwrap is not None else ""
    return f"{to_text(found.query, style)}{unwrap}{style.before_interval}{range_text(found, style)}"
