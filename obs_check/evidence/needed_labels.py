"""Labels that a query uses behind one of its stages."""

from collections.abc import Iterator

from obs_check.logql.stages.registry import effect_of
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import children, walk


def labels_needed(expr: ast.Expr, place: int, number: int = 0) -> list[str]:
    """Labels used behind stage number `place` (-1: behind the selector) of log query `number` of the expression, and
    set by no stage between, in order."""
    query, unwrap, around = list(_around(expr, ()))[number]
    found: list[str] = []
    set_since: set[str] = set()
    for effect in map(effect_of, query.stages[place + 1 :]):
        found += [name for name in effect.reads if name not in set_since]
        set_since.update(effect.sets or ())
    found += [name for name in ([unwrap.label] if unwrap else []) + list(around) if name not in set_since]
    return [name for name in dict.fromkeys(found) if not name.startswith("__")]


def _around(
    expr: ast.Expr, outer: tuple[str, ...]
) -> Iterator[tuple[ast.LogQuery, ast.Unwrap | None, tuple[str, ...]]]:
    """The log queries, left to right, each with its unwrap and the labels that the operators around it use."""
    match expr:
        case ast.LogQuery():
            yield expr, None, outer
        case ast.RangeAggregation():
            yield expr.range.query, expr.range.unwrap, (*_grouped(expr.grouping), *outer)
        case ast.VectorAggregation():
            outer = (*_grouped(expr.grouping), *outer)
        case ast.LabelReplace():
            outer = (expr.source, *(name for name in outer if name != expr.destination))
        case _:
            pass
    for child in children(expr):
        yield from _around(child, outer)


def _grouped(grouping: ast.Grouping | None) -> list[str]:
    return list(grouping.labels) if grouping and not grouping.without else []


def grouped_by(expr: ast.Expr) -> list[str]:
    """Labels that the expression groups by, in order."""
    grouping = (node for node in walk(expr) if isinstance(node, ast.RangeAggregation | ast.VectorAggregation))
    return list(dict.fromkeys(name for node in grouping for name in _grouped(node.grouping)))
