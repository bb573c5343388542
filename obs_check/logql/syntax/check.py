"""What Loki refuses in a query that is well formed."""

from collections.abc import Iterable

from obs_check.errors import QueryError
from obs_check.golang.regex import compile_re2
from obs_check.logql.stages.compile import check_stage, run_as_one
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.folding import fold_number
from obs_check.logql.syntax.printer import stage_text
from obs_check.logql.syntax.refusals import refuse
from obs_check.logql.syntax.style import LOKI
from obs_check.logql.syntax.walk import children, walk

EMPTY_SELECTOR = (
    "queries require at least one regexp or equality matcher that does not have an empty-compatible value. "
    'For instance, app=~".*" does not meet this requirement, but app=~".+" will'
)
_GROUPED = frozenset(
    {
        "avg_over_time",
        "first_over_time",
        "last_over_time",
        "max_over_time",
        "min_over_time",
        "quantile_over_time",
        "stddev_over_time",
        "stdvar_over_time",
    }
)
_WITHOUT_UNWRAP = frozenset({"bytes_over_time", "bytes_rate", "count_over_time", "rate", "absent_over_time"})
_WITH_UNWRAP = _GROUPED | {"sum_over_time", "rate", "rate_counter", "absent_over_time"}
_PARAMETER = frozenset({"topk", "bottomk", "approx_topk"})


def check(expr: ast.Expr, text: str, *, stages: bool = True) -> None:
    """Raises QueryError for the first thing that Loki 3.5 would refuse; `stages` are looked into unless told not to."""
    for node in walk(expr):
        match node:
            case ast.LogQuery():
                _check_query(node, text, stages)
            case ast.RangeAggregation():
                _check_range_aggregation(node, text, stages)
            case ast.VectorAggregation():
                _check_vector_aggregation(node, text)
            case ast.BinaryOperation():
                _check_set_operation(node, text)
            case ast.LabelReplace():
                _check_label_replace(node, text)
            case ast.Number() | ast.VectorLiteral():
                pass


def _check_label_replace(expr: ast.LabelReplace, text: str) -> None:
    try:
        compile_re2(f"^(?:{expr.regex})$")
    except QueryError as error:
        refuse(text, expr.span, f"invalid regex in label_replace: {error.message}")
    # Loki 3.5 looks for a selector on the left of operators only and takes a number for an empty one.
    if isinstance(leftmost(expr), ast.Number):
        refuse(text, expr.span, EMPTY_SELECTOR)


def leftmost(expr: ast.Metric) -> ast.Metric:
    """Where Loki 3.5 looks for the selector of an expression: on the left of operators; a computed number is one."""
    while below := children(expr):
        if fold_number(expr) is not None:
            return ast.Number(0)
        expr = below[0]
    return expr


def _check_query(query: ast.LogQuery, text: str, stages: bool) -> None:
    if not any(_selects(m) for m in query.selector.matchers):
        refuse(text, query.selector.span, EMPTY_SELECTOR)
    for place, stage in enumerate(query.stages if stages else ()):
        try:
            check_stage(stage)
        except QueryError as error:
            _reword(error, stage, run_as_one(query.stages, place), text)


def _reword(error: QueryError, stage: ast.Stage, run: Iterable[ast.Stage], text: str) -> None:
    """Gives an error of a stage its place in the whole query; Loki names all stages that it runs as one with it."""
    message = error.message
    if not message.startswith("parse error"):
        named = " ".join(stage_text(one, LOKI) for one in run)
        message = f"parse error : stage '{named}' : {message}"
    raise QueryError(message, text, stage.span.start, stage.span.end) from error


def _selects(matcher: ast.Matcher) -> bool:
    """Whether a matcher leaves out streams without the label."""
    if matcher.op == "=":
        return matcher.value != ""
    if matcher.op == "!=":
        return matcher.value == ""
    matches_empty = compile_re2(f"^(?s:{matcher.value})$").search("") is not None
    return matches_empty == (matcher.op == "!~")


def _check_range_aggregation(expr: ast.RangeAggregation, text: str, stages: bool) -> None:
    if expr.parameter is None and expr.op == "quantile_over_time":
        refuse(text, expr.span, f"parameter required for operation {expr.op}")
    if expr.grouping is not None and expr.op not in _GROUPED:
        refuse(text, expr.span, f"grouping not allowed for {expr.op} aggregation")
    unwrap = expr.range.unwrap
    if unwrap is not None and expr.op not in _WITH_UNWRAP:
        refuse(text, unwrap.span, f"invalid aggregation {expr.op} with unwrap")
    if unwrap is None and expr.op not in _WITHOUT_UNWRAP:
        refuse(text, expr.span, f"invalid aggregation {expr.op} without unwrap")
    _check_query(expr.range.query, text, stages)
    if unwrap is not None:
        _check_query(ast.LogQuery(expr.range.query.selector, unwrap.filters), text, stages)


def _check_vector_aggregation(expr: ast.VectorAggregation, text: str) -> None:
    if expr.op in _PARAMETER:
        if expr.parameter is None:
            refuse(text, expr.span, f"parameter required for operation {expr.op}")
        if expr.parameter <= 0:
            refuse(text, expr.span, f"invalid parameter (must be greater than 0) {expr.op}({expr.parameter}")
        if expr.op == "approx_topk" and expr.grouping is not None:
            refuse(text, expr.span, f"grouping not allowed for {expr.op} aggregation")
    elif expr.parameter is not None:
        refuse(text, expr.span, f"unsupported parameter for operation {expr.op}({expr.parameter},")
    if expr.op in ("sort", "sort_desc") and expr.grouping is not None and expr.grouping.labels:
        refuse(text, expr.span, "sort and sort_desc doesn't allow grouping by ")


def _check_set_operation(expr: ast.BinaryOperation, text: str) -> None:
    if expr.op not in ("and", "or", "unless"):
        return
    for side, leg in (("left", expr.left), ("right", expr.right)):
        if (number := fold_number(leg)) is not None:
            words = f"unexpected literal for {side} leg of logical/set binary operation ({expr.op})"
            refuse(text, leg.span, f"{words}: {number:f}")
