"""PromQL, as far as the lab has it, evaluated from promql-parser's tree.

There is: selectors with matchers and offset, range selectors, the functions of FUNCTIONS, the aggregations sum, count,
min, max, avg and topk, + - * /, comparisons, and/or/unless, number literals. Everything else is a QueryError that
names it.

By hand, because promql-parser reads PromQL and does not evaluate it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from obs_check.errors import QueryError
from obs_check.model.entry import Labels
from obs_check.standin.prometheus.binary import ARITHMETIC, COMPARISONS, SET_OPERATIONS, Value, VectorMatching, binary
from obs_check.standin.prometheus.functions import (
    AGGREGATIONS,
    RANGE_FUNCTIONS,
    Element,
    RangeSeries,
    aggregate,
    over_range,
    without_name,
)
from obs_check.standin.prometheus.store import NAME, Key, LabelMatcher, Points, Store, label_key

if TYPE_CHECKING:
    import promql_parser

LOOKBACK_MS = 300_000
"""How long a sample stands for its series (ms): Prometheus's default of 5 minutes."""
MAX_STEPS = 11_000
"""Points a series that a range query may have."""
FUNCTIONS = RANGE_FUNCTIONS | {"absent", "vector", "scalar"}

_OPERATIONS = frozenset(ARITHMETIC) | frozenset(COMPARISONS) | SET_OPERATIONS


def parse(query: str) -> "promql_parser.Expr":
    """The tree of a query; QueryError with the parser's words when it does not parse."""
    import promql_parser

    try:
        return promql_parser.parse(query)
    except ValueError as error:
        raise QueryError(f"PromQL: {error}", query) from error


_MATCH = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


def matchers_of(selector: Any) -> list[LabelMatcher]:
    """The matchers of promql-parser's VectorSelector, the metric's name among them."""
    if selector.matchers.or_matchers:
        raise _unsupported("`or` between matchers")
    found = [LabelMatcher(m.name, _MATCH[str(m.op).rpartition(".")[2]], m.value) for m in selector.matchers.matchers]
    return [LabelMatcher(NAME, "=", selector.name), *found] if selector.name else found


def parse_selector(text: str) -> list[LabelMatcher]:
    """The matchers of a `match[]` parameter; QueryError for anything but a vector selector."""
    import promql_parser

    tree = parse(text)
    if not isinstance(tree, promql_parser.VectorSelector):
        raise QueryError('expected a selector such as up{job="coderd"}', text)
    return matchers_of(tree)


@dataclass(frozen=True, slots=True)
class Ranges:
    """What a range selector gives: the samples between `start_ms` (exclusive) and `end_ms`."""

    series: list[RangeSeries]
    start_ms: float
    end_ms: float


def evaluate(store: Store, expr: object, at_ms: int) -> Value | Ranges:
    """The value of an expression at one time (ms): a number, an instant vector, or a range where it is a range."""
    import promql_parser as promql

    match expr:
        case promql.NumberLiteral():
            return float(expr.val)
        case promql.ParenExpr():
            return evaluate(store, expr.expr, at_ms)
        case promql.UnaryExpr():
            inner = _value(store, expr.expr, at_ms)
            return -inner if isinstance(inner, float) else [Element(without_name(e.labels), -e.value) for e in inner]
        case promql.VectorSelector():
            return _instant(store, expr, at_ms)
        case promql.MatrixSelector():
            return _range(store, expr, at_ms)
        case promql.Call():
            return _call(store, expr, at_ms)
        case promql.AggregateExpr():
            return _aggregate(store, expr, at_ms)
        case promql.BinaryExpr():
            return _binary(store, expr, at_ms)
    names = {"SubqueryExpr": "subqueries", "StringLiteral": "strings as values"}
    raise _unsupported(names.get(type(expr).__name__, type(expr).__name__))


def evaluate_range(store: Store, expr: object, start_ms: int, end_ms: int, step_ms: int) -> list[RangeSeries]:
    """The value at every step from start to end, as one series a label set; a number is a series without labels."""
    if step_ms <= 0:
        raise QueryError("step has to be positive")
    if end_ms < start_ms:
        raise QueryError("end lies before start")
    if (end_ms - start_ms) // step_ms > MAX_STEPS:
        raise QueryError(f"more than {MAX_STEPS} points a series: use a longer step or a shorter range")
    series: dict[Key, RangeSeries] = {}
    for at_ms in range(start_ms, end_ms + 1, step_ms):
        value = _value(store, expr, at_ms)
        vector = [Element({}, value)] if isinstance(value, float) else value
        for labels, number in vector:
            series.setdefault(label_key(labels), RangeSeries(labels, [])).points.append((at_ms, number))
    return [series[key] for key in sorted(series)]


def _value(store: Store, expr: object, at_ms: int) -> Value:
    """An expression that has to be a number or an instant vector."""
    value = evaluate(store, expr, at_ms)
    if isinstance(value, Ranges):
        raise QueryError("a range selector is not an answer for a range query: apply rate() or another function")
    return value


def _shifted(selector: Any, at_ms: int) -> int:
    """The time that a selector looks at."""
    if selector.at is not None:
        raise _unsupported("the @ modifier")
    return at_ms - round(selector.offset.total_seconds() * 1000) if selector.offset else at_ms


def _instant(store: Store, selector: object, at_ms: int) -> list[Element]:
    """The last sample of each series within the lookback, unless the series has ended since."""
    until = _shifted(selector, at_ms)
    found = []
    for labels, points in store.select(matchers_of(selector), until - LOOKBACK_MS, until):
        value = points[-1][1]
        if value is not None:
            found.append(Element(labels, value))
    return sorted(found, key=lambda element: label_key(element.labels))


def _range(store: Store, matrix: Any, at_ms: int) -> Ranges:
    end = _shifted(matrix.vector_selector, at_ms)
    start = end - matrix.range.total_seconds() * 1000
    cut = store.select(matchers_of(matrix.vector_selector), start, end)
    series = [RangeSeries(labels, _live(points)) for labels, points in cut]
    return Ranges(sorted((s for s in series if s.points), key=lambda s: label_key(s.labels)), start, end)


def _live(points: Points) -> list[tuple[int, float]]:
    return [(ts, value) for ts, value in points if value is not None]


def _call(store: Store, call: Any, at_ms: int) -> Value:
    import promql_parser

    name = call.func.name
    if name not in FUNCTIONS:
        raise _unsupported(f"function {name}()")
    (argument,) = call.args
    while isinstance(argument, promql_parser.ParenExpr):
        argument = argument.expr
    if name in RANGE_FUNCTIONS:
        if not isinstance(argument, promql_parser.MatrixSelector):
            raise _unsupported(f"{name}() over anything but a range selector")
        ranges = _range(store, argument, at_ms)
        return over_range(name, ranges.series, ranges.start_ms, ranges.end_ms)
    value = _value(store, argument, at_ms)
    # promql-parser has checked the types: vector() has a number, the two others a vector.
    if isinstance(value, float):
        return [Element({}, value)]
    if name == "scalar":
        return value[0].value if len(value) == 1 else math.nan
    return [] if value else [Element(_absent_labels(argument), 1.0)]


def _absent_labels(argument: object) -> Labels:
    """absent()'s labels: those that the selector demands by `=`, once each."""
    import promql_parser

    if not isinstance(argument, promql_parser.VectorSelector):
        return {}
    matchers = [m for m in matchers_of(argument) if m.name != NAME]
    names = [m.name for m in matchers]
    return {m.name: m.value for m in matchers if m.op == "=" and m.value and names.count(m.name) == 1}


def _aggregate(store: Store, expr: Any, at_ms: int) -> list[Element]:
    op = str(expr.op)
    if op not in AGGREGATIONS:
        raise _unsupported(f"aggregation {op}")
    modifier = expr.modifier
    names: Sequence[str] = modifier.labels if modifier else ()
    by = modifier is None or str(modifier.type).endswith("By")
    vector = _value(store, expr.expr, at_ms)
    k = _value(store, expr.param, at_ms) if expr.param is not None else 0.0
    if not isinstance(vector, list) or not isinstance(k, float):
        # promql-parser has checked the types.
        raise _unsupported(f"{op} of what is not a vector")
    return aggregate(op, vector, names, by, k)


def _binary(store: Store, expr: Any, at_ms: int) -> Value:
    op = str(expr.op)
    if op not in _OPERATIONS:
        raise _unsupported(f"operation {op}")
    matching = _matching(expr.modifier) if expr.modifier else VectorMatching()
    return binary(op, _value(store, expr.lhs, at_ms), _value(store, expr.rhs, at_ms), matching)


def _matching(modifier: Any) -> VectorMatching:
    if modifier.fill_values.lhs is not None or modifier.fill_values.rhs is not None:
        raise _unsupported("fill modifiers")
    sides: Mapping[str, Literal["left", "right"]] = {"ManyToOne": "left", "OneToMany": "right"}
    return VectorMatching(
        names=tuple(modifier.matching.labels) if modifier.matching else (),
        on=modifier.matching is not None and str(modifier.matching.type).endswith("Include"),
        group=sides.get(str(modifier.card).rpartition(".")[2]),
        include=tuple(modifier.group_labels or ()),
        return_bool=modifier.return_bool,
    )


def _unsupported(what: str) -> QueryError:
    return QueryError(f"the lab's Prometheus does not support {what}")
