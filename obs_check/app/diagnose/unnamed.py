"""Panels that read something, and that group by a label which no line has: Loki answers one series without a name,
where a person expects one for each value. Nobody says what such a panel has to read, so that it is only a warning."""

from collections.abc import Iterator
from dataclasses import replace

from obs_check.app.diagnose.explain_panel import broken_targets
from obs_check.causes.registry import UNNAMED
from obs_check.evidence.asked_queries import asked_queries
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.logql import parse
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import children
from obs_check.model.finding import Finding


def of_unnamed(context: Context, broken: BrokenPanel) -> Finding | None:
    """Why the series that the panel shows have no name, where its lines tell. Raises what Loki's client raises."""
    if not _nameless(broken):
        return None
    for target in broken_targets(context.for_panel(broken), broken):
        for cause in UNNAMED:
            found = cause.find(context.for_panel(broken), target)
            if found is not None:
                return replace(found, severity="warning")
    return None


def _nameless(broken: BrokenPanel) -> bool:
    """Whether a query that groups was answered with a single series, and none of what it groups by is in its name."""
    asked = list(asked_queries(broken))
    groups = {label for one in asked for label in _groups(parse(one.expr))}
    if not groups or not broken.reading.trail:
        return False
    answered = broken.reading.trail[0]
    # `json` sets an empty label for a path that leads nowhere (Loki 3.5).
    named = any(f'{label}="' in column.replace(f'{label}=""', "") for label in groups for column in answered.columns)
    return answered.frames <= len({one.target.ref_id for one in asked}) and not named


def _groups(expr: ast.Expr) -> Iterator[str]:
    """Labels that the series of the answer are told apart by."""
    match expr:
        case ast.VectorAggregation(grouping=ast.Grouping(labels=labels, without=False)):
            yield from labels
        case ast.RangeAggregation(grouping=ast.Grouping(labels=labels, without=False)):
            yield from labels
        case ast.VectorAggregation(op="topk" | "bottomk" | "sort" | "sort_desc") | ast.BinaryOperation():
            for child in children(expr):
                yield from _groups(child)
        case ast.LabelReplace():
            yield from (label for label in _groups(expr.expr) if label != expr.destination)
        case _:
            return
