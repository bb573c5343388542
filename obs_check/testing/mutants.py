"""Changed copies of a panel's targets: each differs in one place that a good test has to notice."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from obs_check.errors import QueryError
from obs_check.evidence.promql import selectors
from obs_check.logql import parse, to_text
from obs_check.logql.syntax import ast
from obs_check.model.tree import Json
from obs_check.panel.elements import Dashboard, Panel, Target

_MACRO = re.compile(r"\[\s*(\$\{?(?:__range|__interval|__auto|__rate_interval|\w+)\}?)\s*\]")
_NEGATED: Mapping[str, str] = {
    "=": "!=",
    "!=": "=",
    "=~": "!~",
    "!~": "=~",
    "|=": "!=",
    "|~": "!~",
    "|>": "!>",
    "!>": "|>",
}
_FILTERS_NEGATED: Mapping[str, str] = {**_NEGATED, "!=": "|=", "!~": "|~"}
_SWAPPED: Mapping[str, str] = {
    "sum": "count",
    "count": "sum",
    "avg": "sum",
    "min": "max",
    "max": "min",
    "topk": "bottomk",
}
_RANGES: Mapping[str, str] = {"count_over_time": "bytes_over_time", "rate": "bytes_rate", "bytes_over_time": "rate"}
_PROM_MATCHER = re.compile(r"(?P<name>\w+)\s*(?P<op>=~|!~|!=|=)\s*(?P<value>\"[^\"]*\")")
_PROM_BY = re.compile(r"\s*\b(?:by|without)\s*\([^)]*\)")
_PROM_CALL = re.compile(r"\b(sum|count|avg|min|max)\b(?=\s*(?:\(|by\b|without\b))")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A dashboard with one target changed or deleted; `change` says how, in words."""

    panel: int
    ref_id: str
    change: str
    dashboard: Dashboard


def mutants(dashboard: Dashboard) -> Iterator[Mutant]:
    """Every mutant of every target that is not hidden, in the order of the panels."""
    for panel in dashboard.panels:
        for target in panel.targets:
            if target.hidden or not target.text:
                continue
            yield Mutant(panel.id, target.ref_id, "deleted", _with(dashboard, panel, target, None))
            for change, text in _texts(target):
                changed = replace(target, query={**target.query, _key(target): text})
                yield Mutant(panel.id, target.ref_id, change, _with(dashboard, panel, target, changed))


def _key(target: Target) -> str:
    return "expr" if target.query.get("expr") else "rawSql"


def _with(dashboard: Dashboard, panel: Panel, target: Target, changed: Target | None) -> Dashboard:
    targets = tuple(t for t in (changed if t is target else t for t in panel.targets) if t is not None)
    edited = replace(panel, targets=targets)
    return replace(dashboard, panels=tuple(edited if p is panel else p for p in dashboard.panels))


def _texts(target: Target) -> Iterator[tuple[str, str]]:
    """(what was changed, the changed query); nothing for a query that is in no language known here."""
    if _key(target) != "expr":
        return
    try:
        yield from _logql(target.text)
    except QueryError:
        yield from _promql(target.text)


def _logql(text: str) -> list[tuple[str, str]]:
    """Raises QueryError where the query, with durations in place of `$__range` and its kind, does not parse."""
    held: dict[str, str] = {}

    def hold(match: re.Match[str]) -> str:
        # A duration that nobody writes, and that is printed as it stands here.
        stand_in = f"13h{37 + len(held)}m7s"
        held[stand_in] = match[1]
        return f"[{stand_in}]"

    expr = parse(_MACRO.sub(hold, text))
    found = []
    for change, changed in _changed(expr):
        printed = to_text(changed)
        for stand_in, macro in held.items():
            printed = printed.replace(f"[{stand_in}]", f"[{macro}]")
        found.append((change, printed))
    return found


def _changed(expr: object) -> Iterator[tuple[str, Any]]:
    """Copies of a tree with one node changed."""
    match expr:
        case ast.LogQuery():
            yield from _changed_log(expr)
        case ast.RangeAggregation():
            if expr.op in _RANGES and expr.range.unwrap is None:
                yield f"{expr.op} became {_RANGES[expr.op]}", replace(expr, op=_RANGES[expr.op])
            yield "the range became 1s", replace(expr, range=replace(expr.range, interval_ns=1_000_000_000))
            yield from _inside(_changed(expr.range.query), lambda q: replace(expr, range=replace(expr.range, query=q)))
        case ast.VectorAggregation():
            if expr.op in _SWAPPED:
                yield f"{expr.op} became {_SWAPPED[expr.op]}", replace(expr, op=_SWAPPED[expr.op])
            if expr.parameter and expr.parameter > 1:
                yield f"{expr.op} {expr.parameter} became 1", replace(expr, parameter=1)
            if expr.grouping and expr.grouping.labels:
                for name in expr.grouping.labels:
                    left = tuple(n for n in expr.grouping.labels if n != name)
                    yield f"no grouping by {name}", replace(expr, grouping=replace(expr.grouping, labels=left))
            yield from _inside(_changed(expr.expr), lambda e: replace(expr, expr=e))
        case ast.BinaryOperation():
            yield from _inside(_changed(expr.left), lambda e: replace(expr, left=e))
            yield from _inside(_changed(expr.right), lambda e: replace(expr, right=e))
        case ast.LabelReplace():
            yield from _inside(_changed(expr.expr), lambda e: replace(expr, expr=e))


def _inside(changes: Iterator[tuple[str, Any]], wrap: Callable[[Any], Any]) -> Iterator[tuple[str, Json]]:
    for change, inner in changes:
        yield change, wrap(inner)


def _changed_log(query: ast.LogQuery) -> Iterator[tuple[str, ast.LogQuery]]:
    matchers = query.selector.matchers
    for i, matcher in enumerate(matchers):
        other = ast.Matcher(matcher.name, "=", f"not {matcher.value}")
        selector = replace(query.selector, matchers=(*matchers[:i], other, *matchers[i + 1 :]))
        yield f"{matcher.name} of the selector became {other.value!r}", replace(query, selector=selector)
    for i, stage in enumerate(query.stages):
        before, after = query.stages[:i], query.stages[i + 1 :]
        yield f"without `{_stage(stage)}`", replace(query, stages=(*before, *after))
        for change, changed in _changed_stage(stage):
            yield change, replace(query, stages=(*before, changed, *after))


def _changed_stage(stage: ast.Stage) -> Iterator[tuple[str, ast.Stage]]:
    match stage:
        case ast.LineFilter():
            yield f"`{_stage(stage)}` negated", replace(stage, op=_FILTERS_NEGATED[stage.op])  # type: ignore[arg-type]
        case ast.LabelFilter(ast.StringPredicate(matcher)):
            other = replace(matcher, op=_NEGATED[matcher.op])  # type: ignore[arg-type]
            yield f"`{_stage(stage)}` negated", ast.LabelFilter(ast.StringPredicate(other))
        case ast.JsonParser() | ast.LogfmtParser() if len(stage.extractions) > 1:
            for one in stage.extractions:
                left = tuple(e for e in stage.extractions if e is not one)
                yield f"{one.label} is not extracted", replace(stage, extractions=left)


def _stage(stage: ast.Stage) -> str:
    """The stage alone: a query of it, without the selector."""
    whole = to_text(ast.LogQuery(ast.Selector((ast.Matcher("a", "=", "b"),)), (stage,)))
    return whole.removeprefix('{a="b"}').strip()


def _promql(text: str) -> Iterator[tuple[str, str]]:
    """Textual changes of a PromQL query: its parser has no printer."""
    for found in _PROM_CALL.finditer(text):
        other = _SWAPPED[found[1]]
        yield f"{found[1]} became {other}", text[: found.start()] + other + text[found.end() :]
    for found in _PROM_BY.finditer(text):
        yield f"without `{found[0].strip()}`", text[: found.start()] + text[found.end() :]
    for found in _PROM_MATCHER.finditer(text):
        changed = f"{found['name']}{_NEGATED[found['op']]}{found['value']}"
        yield f"`{found[0]}` negated", text[: found.start()] + changed + text[found.end() :]
    for name in sorted({selector.metric for selector in selectors(text)}):
        yield f"{name} became another metric", re.sub(rf"\b{re.escape(name)}\b", f"{name}_mutant", text)
