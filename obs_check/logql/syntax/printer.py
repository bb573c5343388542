"""Tree to text, in Loki's way of writing it; `parse(to_text(x)) == x`."""

import math
import re

from obs_check.golang.durations import format_duration, format_range
from obs_check.golang.quoting import quote
from obs_check.logql.syntax import ast

PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""A name that Loki 3.5 prints without quotes."""


def to_text(expr: ast.Expr) -> str:
    """One line."""
    match expr:
        case ast.LogQuery():
            return " ".join([selector_text(expr.selector), *(stage_text(s) for s in expr.stages)])
        case ast.RangeAggregation():
            parameter = "" if expr.parameter is None else f"{number_text(expr.parameter)}, "
            return f"{expr.op}({parameter}{_range(expr.range)}){grouping_text(expr.grouping)}".rstrip()
        case ast.VectorAggregation():
            parameter = "" if expr.parameter is None else f"{expr.parameter}, "
            return f"{expr.op}{grouping_text(expr.grouping)}({parameter}{to_text(expr.expr)})"
        case ast.BinaryOperation():
            return f"{_operand(expr.left)} {expr.op}{modifiers_text(expr)} {_operand(expr.right)}"
        case ast.Number():
            return number_text(expr.value)
        case ast.VectorLiteral():
            return f"vector({number_text(expr.value)})"
        case ast.LabelReplace():
            texts = ", ".join(quote(t) for t in (expr.destination, expr.replacement, expr.source, expr.regex))
            return f"label_replace({to_text(expr.expr)}, {texts})"


def _operand(expr: ast.Metric) -> str:
    text = to_text(expr)
    return f"({text})" if isinstance(expr, ast.BinaryOperation) else text


def modifiers_text(expr: ast.BinaryOperation) -> str:
    """` bool`, ` on (a) group_left (b)`: what stands behind a binary operator."""
    text = " bool" if expr.return_bool else ""
    if (matching := expr.matching) is not None:
        text += f" {'on' if matching.on else 'ignoring'} ({', '.join(matching.labels)})"
        if matching.card != "one-to-one":
            side = "group_left" if matching.card == "many-to-one" else "group_right"
            text += f" {side} ({', '.join(matching.include)})"
    return text


def grouping_text(grouping: ast.Grouping | None) -> str:
    """` by (a, b) ` or ` without (a, b) ` with the blanks around it; empty without a grouping."""
    if grouping is None:
        return ""
    return f" {'without' if grouping.without else 'by'} ({', '.join(grouping.labels)}) "


def _range(found: ast.LogRange) -> str:
    text = to_text(found.query)
    if found.unwrap is not None:
        text += f" {unwrap_text(found.unwrap)}"
    return f"{text} {range_text(found)}"


def unwrap_text(unwrap: ast.Unwrap) -> str:
    """`| unwrap duration(took) | took > 1s`: the unwrap and the filters after it."""
    label = f"{unwrap.conversion}({unwrap.label})" if unwrap.conversion else unwrap.label
    return " ".join([f"| unwrap {label}", *(stage_text(f) for f in unwrap.filters)])


def range_text(found: ast.LogRange) -> str:
    """`[5m] offset 1h`."""
    offset = f" offset {format_duration(found.offset_ns)}" if found.offset_ns else ""
    return f"[{format_range(found.interval_ns)}]{offset}"


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


def stage_text(stage: ast.Stage, comma: str = ", ") -> str:
    """One stage with its pipe; `comma` stands between the labels of a list (Loki 3.5: "," in its refusals)."""
    match stage:
        case ast.LineFilter():
            return f"{stage.op} " + " or ".join(
                f"ip({quote(m.value)})" if m.ip else quote(m.value) for m in stage.matches
            )
        case ast.JsonParser():
            return f"| json{_extractions(stage.extractions, comma)}"
        case ast.LogfmtParser():
            flags = (" --strict" if stage.strict else "") + (" --keep-empty" if stage.keep_empty else "")
            return f"| logfmt{flags}{_extractions(stage.extractions, comma)}"
        case ast.RegexpParser():
            return f"| regexp {quote(stage.pattern)}"
        case ast.PatternParser():
            return f"| pattern {quote(stage.pattern)}"
        case ast.UnpackParser():
            return "| unpack"
        case ast.LabelFilter():
            return f"| {predicate_text(stage.predicate)}"
        case ast.LineFormat():
            return f"| line_format {quote(stage.template)}"
        case ast.LabelFormat():
            parts = (f"{a.name}={a.value if a.rename else quote(a.value)}" for a in stage.assignments)
            return f"| label_format {comma.join(parts)}"
        case ast.DropLabels():
            return f"| drop {_choices(stage.choices, comma)}"
        case ast.KeepLabels():
            return f"| keep {_choices(stage.choices, comma)}"
        case ast.Decolorize():
            return "| decolorize"


def _extractions(extractions: tuple[ast.Extraction, ...], comma: str) -> str:
    return (" " + comma.join(f"{e.label}={quote(e.expression)}" for e in extractions)) if extractions else ""


def _choices(choices: tuple[ast.LabelChoice, ...], comma: str) -> str:
    return comma.join(matcher_text(c.matcher) if c.matcher else c.name for c in choices)


def predicate_text(predicate: ast.Predicate) -> str:
    """A label filter without its pipe; nested ones stand in parentheses."""
    match predicate:
        case ast.StringPredicate():
            return matcher_text(predicate.matcher)
        case ast.NumberPredicate():
            return f"{predicate.name}{predicate.op}{number_text(predicate.value)}"
        case ast.DurationPredicate():
            return f"{predicate.name}{predicate.op}{format_duration(predicate.ns)}"
        case ast.BytesPredicate():
            return f"{predicate.name}{predicate.op}{predicate.size}B"
        case ast.IpPredicate():
            return f"{predicate.name}{predicate.op}ip({quote(predicate.pattern)})"
        case ast.AndPredicate():
            return f"{_nested(predicate.left)} and {_nested(predicate.right)}"
        case ast.OrPredicate():
            return f"{_nested(predicate.left)} or {_nested(predicate.right)}"


def _nested(predicate: ast.Predicate) -> str:
    text = predicate_text(predicate)
    return f"({text})" if isinstance(predicate, ast.AndPredicate | ast.OrPredicate) else text
