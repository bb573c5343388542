"""Labels that a query uses behind one of its stages."""

import re

from obs_check.logql.syntax import ast

_FIELD = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)")


def _of_predicate(predicate: ast.Predicate) -> list[str]:
    match predicate:
        case ast.AndPredicate() | ast.OrPredicate():
            return _of_predicate(predicate.left) + _of_predicate(predicate.right)
        case ast.StringPredicate():
            return [predicate.matcher.name]
        case _:
            return [predicate.name]


def _of_stage(stage: ast.Stage) -> list[str]:
    match stage:
        case ast.LabelFilter():
            return _of_predicate(stage.predicate)
        case ast.LineFormat():
            return _FIELD.findall(stage.template)
        case ast.LabelFormat():
            return [name for a in stage.assignments for name in ([a.value] if a.rename else _FIELD.findall(a.value))]
        case _:
            return []


def _set_by(stage: ast.Stage) -> list[str]:
    match stage:
        case ast.RegexpParser():
            return re.findall(r"\(\?P<([^>]+)>", stage.pattern)
        case ast.PatternParser():
            return re.findall(r"<([A-Za-z]\w*)>", stage.pattern)
        case ast.LabelFormat():
            return [a.name for a in stage.assignments]
        case _:
            return []


def labels_needed(expr: ast.Expr, place: int) -> list[str]:
    """Labels used after stage number `place` of the expression's log queries and set by no later stage, in order."""
    found: list[str] = []
    later: list[str] = []
    match expr:
        case ast.LogQuery():
            for stage in expr.stages[place + 1 :]:
                found += _of_stage(stage)
                later += _set_by(stage)
        case ast.RangeAggregation():
            found = labels_needed(expr.range.query, place)
            later = [n for s in expr.range.query.stages[place + 1 :] for n in _set_by(s)]
            if expr.range.unwrap:
                found.append(expr.range.unwrap.label)
            found += _grouped(expr.grouping)
        case ast.VectorAggregation():
            found = labels_needed(expr.expr, place) + _grouped(expr.grouping)
            later = _set_inside(expr.expr, place)
        case ast.LabelReplace():
            found = [*labels_needed(expr.expr, place), expr.source]
            later = _set_inside(expr.expr, place)
        case ast.BinaryOperation():
            found = labels_needed(expr.left, place) + labels_needed(expr.right, place)
        case _:
            pass
    return [n for n in dict.fromkeys(found) if n not in later and not n.startswith("__")]


def _grouped(grouping: ast.Grouping | None) -> list[str]:
    return list(grouping.labels) if grouping and not grouping.without else []


def _set_inside(expr: ast.Metric, place: int) -> list[str]:
    match expr:
        case ast.RangeAggregation():
            return [n for s in expr.range.query.stages[place + 1 :] for n in _set_by(s)]
        case ast.VectorAggregation() | ast.LabelReplace():
            return _set_inside(expr.expr, place)
        case _:
            return []


def grouped_by(expr: ast.Expr) -> list[str]:
    """Labels that the expression groups by, in order."""
    match expr:
        case ast.RangeAggregation():
            return _grouped(expr.grouping)
        case ast.VectorAggregation():
            return list(dict.fromkeys([*_grouped(expr.grouping), *grouped_by(expr.expr)]))
        case ast.LabelReplace():
            return grouped_by(expr.expr)
        case ast.BinaryOperation():
            return list(dict.fromkeys([*grouped_by(expr.left), *grouped_by(expr.right)]))
        case _:
            return []
