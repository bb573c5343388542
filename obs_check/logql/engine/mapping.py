"""What Loki 3.5's query frontend makes of a metric query before it is evaluated.

It rewrites queries so that shards of the streams can be read in parallel, also where there is one shard only, and two
of the rewrites show. An `avg` is a sum divided by a count; for `avg_over_time(.. | unwrap x [5m]) by (y)` the count is
that of all lines, those without an `x` included. And a range aggregation behind `keep`, `drop` or a renaming
`label_format` stands in a `sum without ()`, which loses empty labels.
"""

from dataclasses import replace

from obs_check.errors import QueryError
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.check import EMPTY_SELECTOR, leftmost
from obs_check.logql.syntax.walk import walk, with_children

_ALL = ast.Grouping((), without=True)
_MERGED_BY = {
    **dict.fromkeys(("count_over_time", "rate", "bytes_over_time", "bytes_rate", "sum_over_time"), "sum"),
    "max_over_time": "max",
    "min_over_time": "min",
}
_IN_PARALLEL = frozenset({*_MERGED_BY, "avg_over_time", "first_over_time", "last_over_time"})


def map_query(expr: ast.Metric, outermost: bool = True) -> ast.Metric:
    """The metric query that is evaluated in place of `expr`."""
    match expr:
        case ast.RangeAggregation():
            return _mapped_range(expr)
        case ast.VectorAggregation():
            return _mapped_vector(expr, outermost)
        case _:
            return with_children(expr, lambda child: map_query(child, outermost))


def _mapped_range(expr: ast.RangeAggregation) -> ast.Metric:
    plain = not _reduces_labels(expr) and expr.grouping in (None, _ALL)
    if plain:
        return expr
    if expr.op == "avg_over_time":
        grouping = expr.grouping or _ALL
        unwrap = expr.range.unwrap
        counted = ast.RangeAggregation("count_over_time", replace(expr.range, unwrap=None))
        summed = ast.RangeAggregation("sum_over_time", expr.range)
        among = grouping
        if grouping.without and unwrap is not None:
            among = replace(grouping, labels=(*grouping.labels, unwrap.label))
        left, right = ast.VectorAggregation("sum", summed, grouping), ast.VectorAggregation("sum", counted, among)
        return ast.BinaryOperation("/", left, right, span=expr.span)
    if expr.op in _MERGED_BY and expr.grouping is None:
        return ast.VectorAggregation(_MERGED_BY[expr.op], expr, _ALL, span=expr.span)
    return expr


def _mapped_vector(expr: ast.VectorAggregation, outermost: bool) -> ast.Metric:
    if _in_parallel(expr, outermost):
        if isinstance(leftmost(expr), ast.Number):
            raise QueryError(f"parse error : {EMPTY_SELECTOR}")
        if expr.op == "avg":
            legs = (replace(expr, op="sum"), replace(expr, op="count"))
            return ast.BinaryOperation("/", legs[0], legs[1], span=expr.span)
        if expr.op == "sum" or not _reduces_labels(expr.expr):
            return expr
    return replace(expr, expr=map_query(expr.expr, outermost=False))


def _in_parallel(expr: ast.Metric, outermost: bool) -> bool:
    """Whether the whole can be evaluated on parts of the streams."""
    match expr:
        case ast.RangeAggregation():
            return expr.op in _IN_PARALLEL or (expr.op == "quantile_over_time" and outermost)
        case ast.VectorAggregation("sum", inner):
            combines = isinstance(inner, ast.VectorAggregation) and inner.op in ("min", "max")
            return _in_parallel(inner, outermost) and not combines
        case ast.VectorAggregation("avg" | "count", inner):
            return _in_parallel(inner, outermost) and not _reduces_labels(inner)
        case ast.VectorAggregation("min" | "max", inner):
            return isinstance(inner, ast.RangeAggregation) and _in_parallel(inner, outermost=False)
        case ast.BinaryOperation():
            matching = expr.matching
            same_labels = matching is None or not (matching.on or matching.labels)
            legs = _in_parallel(expr.left, outermost) and _in_parallel(expr.right, outermost)
            return expr.op in ("+", "*") and same_labels and legs
        case ast.Number():
            return True
        case _:
            return False


def _reduces_labels(expr: ast.Metric) -> bool:
    """Whether series of different streams may get the same labels."""
    for node in walk(expr):
        if isinstance(node, ast.RangeAggregation | ast.VectorAggregation) and node.grouping and node.grouping.labels:
            return True
        if isinstance(node, ast.RangeAggregation) and any(
            effect_of(stage).takes_labels for stage in node.range.query.stages
        ):
            return True
    return False
