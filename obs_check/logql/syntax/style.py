"""The two ways of writing a tree: what differs between them, and what does not know of stages and operators."""

import math
import re

from obs_check.golang.durations import (
    format_duration,
    format_go_duration,
    format_prometheus_duration,
    format_range,
)
from obs_check.golang.numbers import float_text, format_float
from obs_check.golang.quoting import quote
from obs_check.golang.sizes import format_bytes
from obs_check.logql.stages.simplify import simplify_pattern
from obs_check.logql.syntax import ast

PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""A name that Loki 3.5 prints without quotes."""


def selector_text(selector: ast.Selector) -> str:
    """`{a="b", c!="d"}`."""
    return "{" + ", ".join(matcher_text(m) for m in selector.matchers) + "}"


def matcher_text(matcher: ast.Matcher) -> str:
    """`a="b"`; Loki 3.5 writes a name that is none to Prometheus in quotes."""
    name = matcher.name if PLAIN_NAME.fullmatch(matcher.name) else quote(matcher.name)
    return f"{name}{matcher.op}{quote(matcher.value)}"


def number_text(value: float) -> str:
    """A number without an exponent where that is short: `5`, `0.25`."""
    if math.isinf(value):
        return "1e999" if value > 0 else "-1e999"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


class Style:
    """As a person writes it: what is printed is read again as the same tree."""

    comma = ", "
    before_interval = " "
    negated_apart = False
    """Whether each text of a negative line filter with `or` is a filter of its own."""
    computes = False
    """Whether numbers that are computed from numbers are written as their value."""

    def number(self, value: float) -> str:
        """A number that is an expression."""
        return number_text(value)

    def constant(self, value: float) -> str:
        """What a `vector()` holds."""
        return number_text(value)

    def parameter(self, value: float) -> str:
        """A number that an operator or a label filter is given."""
        return number_text(value)

    def duration(self, ns: int) -> str:
        """A time (ns) that is compared with, or that a range lies back."""
        return format_duration(ns)

    def interval(self, ns: int) -> str:
        """The length (ns) of a range."""
        return format_range(ns)

    def size(self, size: int) -> str:
        """A number of bytes."""
        return f"{size}B"

    def range_grouping(self, grouping: ast.Grouping | None) -> str:
        """` by (a, b)` behind a range aggregation; empty without a grouping."""
        if grouping is None:
            return ""
        return f" {'without' if grouping.without else 'by'} ({self.comma.join(grouping.labels)})"

    def vector_grouping(self, grouping: ast.Grouping | None) -> str:
        """The same between a vector aggregation and its operand."""
        return f"{text} " if (text := self.range_grouping(grouping)) else ""

    def modifiers(self, expr: ast.BinaryOperation) -> str:
        """` bool`, ` on (a) group_left (b)`: what stands behind a binary operator."""
        text = " bool" if expr.return_bool else ""
        if (matching := expr.matching) is not None:
            text += f" {'on' if matching.on else 'ignoring'} ({self.comma.join(matching.labels)})"
            if matching.card != "one-to-one":
                side = "group_left" if matching.card == "many-to-one" else "group_right"
                text += f" {side} ({self.comma.join(matching.include)})"
        return text

    def operation(self, expr: ast.BinaryOperation, left: str, right: str) -> str:
        """A binary operation of which the sides are written already."""
        sides = (
            f"({text})" if isinstance(side, ast.BinaryOperation) else text
            for side, text in ((expr.left, left), (expr.right, right))
        )
        return f" {expr.op}{self.modifiers(expr)} ".join(sides)

    def predicate(self, predicate: ast.Predicate) -> str:
        """A label filter without its pipe."""
        match predicate:
            case ast.StringPredicate():
                return self.compared(predicate.matcher)
            case ast.NumberPredicate():
                return f"{predicate.name}{predicate.op}{self.parameter(predicate.value)}"
            case ast.DurationPredicate():
                return f"{predicate.name}{predicate.op}{self.duration(predicate.ns)}"
            case ast.BytesPredicate():
                return f"{predicate.name}{predicate.op}{self.size(predicate.size)}"
            case ast.IpPredicate():
                return f"{predicate.name}{predicate.op}ip({quote(predicate.pattern)})"
            case ast.AndPredicate() | ast.OrPredicate():
                return self.both(predicate)

    def compared(self, matcher: ast.Matcher) -> str:
        """A comparison of texts."""
        return matcher_text(matcher)

    def both(self, predicate: ast.AndPredicate | ast.OrPredicate) -> str:
        """Two predicates; those that are two themselves stand in parentheses."""
        sides = (
            f"({self.predicate(side)})"
            if isinstance(side, ast.AndPredicate | ast.OrPredicate)
            else self.predicate(side)
            for side in (predicate.left, predicate.right)
        )
        return f" {'and' if isinstance(predicate, ast.AndPredicate) else 'or'} ".join(sides)


class LokiStyle(Style):
    """As Loki 3.5 writes it on one line, to send it on and in refusals."""

    comma = ","
    before_interval = ""
    negated_apart = True
    computes = True

    def number(self, value: float) -> str:
        return float_text(value)

    def constant(self, value: float) -> str:
        return f"{value:f}"

    def parameter(self, value: float) -> str:
        return format_float(value)

    def duration(self, ns: int) -> str:
        return format_go_duration(ns)

    def interval(self, ns: int) -> str:
        return format_prometheus_duration(ns)

    def size(self, size: int) -> str:
        return format_bytes(size)

    def vector_grouping(self, grouping: ast.Grouping | None) -> str:
        return self.range_grouping(grouping) if grouping and (grouping.without or grouping.labels) else ""

    def modifiers(self, expr: ast.BinaryOperation) -> str:
        matching = expr.matching
        return self.matching(expr, written=matching is not None and bool(matching.labels or matching.on))

    def matching(self, expr: ast.BinaryOperation, *, written: bool) -> str:
        """What stands behind an operator; the labels that it matches by where they are `written`."""
        text = " bool" if expr.return_bool else ""
        matching = expr.matching
        if matching is None or not written:
            return text
        group = {"one-to-one": "", "many-to-one": "group_left", "one-to-many": "group_right"}[matching.card]
        if matching.include:
            group += f" ({self.comma.join(matching.include)})"
        return f"{text} {'on' if matching.on else 'ignoring'} ({self.comma.join(matching.labels)}) {group}"

    def operation(self, expr: ast.BinaryOperation, left: str, right: str) -> str:
        return f"({left} {expr.op}{self.modifiers(expr)} {right})"

    def compared(self, matcher: ast.Matcher) -> str:
        kept = matcher.op == "=~" and simplify_pattern(matcher.value, is_label=True) is None
        return f"{matcher.name}=~`{matcher.value}`" if kept else matcher_text(matcher)

    def both(self, predicate: ast.AndPredicate | ast.OrPredicate) -> str:
        word = "," if isinstance(predicate, ast.AndPredicate) else "or"
        return f"( {self.predicate(predicate.left)} {word} {self.predicate(predicate.right)} )"


WRITTEN, LOKI = Style(), LokiStyle()
