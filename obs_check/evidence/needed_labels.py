"""Labels that a query uses behind one of its stages."""

import re
from collections.abc import Iterator

from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import children, comparisons, walk

_FIELD = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)")


def used_by(stage: ast.Stage) -> list[str]:
    """Labels that a stage reads."""
    match stage:
        case ast.LabelFilter():
            return [comparison.name for comparison in comparisons(stage.predicate)]
        case ast.LineFormat():
            return _FIELD.findall(stage.template)
        case ast.LabelFormat():
            return [name for a in stage.assignments for name in ([a.value] if a.rename else _FIELD.findall(a.value))]
        case _:
            return []


def set_by(stage: ast.Stage) -> list[str]:
    """Labels that a stage says it sets; none for a parser that takes what the lines have."""
    match stage:
        case ast.RegexpParser():
            return re.findall(r"\(\?P<([^>]+)>", stage.pattern)
        case ast.PatternParser():
            return re.findall(r"<([A-Za-z]\w*)>", stage.pattern)
        case ast.LabelFormat():
            return [a.name for a in stage.assignments]
        case _:
            return []


def labels_needed(expr: ast.Expr, place: int, number: int = 0) -> list[str]:
    """Labels used behind stage number `place` (-1: behind the selector) of log query `number` of the expression, and
    set by no later stage, in order."""
    query, unwrap, around = list(_around(expr, ()))[number]
    later = query.stages[place + 1 :]
    found = [name for stage in later for name in used_by(stage)]
    found += [unwrap.label] if unwrap else []
    set_later = {name for stage in later for name in set_by(stage)}
    return [n for n in dict.fromkeys((*found, *around)) if n not in set_later and not n.startswith("__")]


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
