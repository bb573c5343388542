"""Queries as Loki 3.5 writes them: on one line as it sends them on and shows them in refusals, and on several as its
format_query does."""

from collections.abc import Sequence

from obs_check.golang.durations import format_go_duration, format_prometheus_duration
from obs_check.golang.numbers import float_text, format_float
from obs_check.golang.quoting import quote
from obs_check.golang.sizes import format_bytes
from obs_check.logql.stages.simplify import simplified
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.folding import folded
from obs_check.logql.syntax.printer import matcher_text, selector_text, stage_text

_WIDTH = 100
"""Bytes that a part may have before it is written on several lines."""
_INDENT = "  "
_COUNTED = frozenset({"topk", "bottomk", "approx_topk"})


def loki_text(expr: ast.Expr) -> str:
    """One line."""
    match expr:
        case ast.LogQuery():
            return " ".join([selector_text(expr.selector), *map(loki_stage, expr.stages)])
        case ast.RangeAggregation():
            parameter = "" if expr.parameter is None else f"{format_float(expr.parameter)},"
            grouping = "" if expr.grouping is None else _grouping(expr.grouping, ",")
            return f"{expr.op}({parameter}{_range(expr.range)}){grouping}"
        case ast.VectorAggregation():
            parameter = f"{expr.parameter}," if expr.op in _COUNTED else ""
            some = expr.grouping is not None and (expr.grouping.without or expr.grouping.labels)
            grouping = _grouping(expr.grouping, ",") if some and expr.grouping is not None else ""
            return f"{expr.op}{grouping}({parameter}{loki_text(expr.expr)})"
        case ast.BinaryOperation():
            if (number := folded(expr)) is not None:
                return float_text(number)
            return f"({loki_text(expr.left)} {_operator(expr, ',', always=True)} {loki_text(expr.right)})"
        case ast.Number():
            return float_text(expr.value)
        case ast.VectorLiteral():
            return f"vector({expr.value:f})"
        case ast.LabelReplace():
            texts = (expr.destination, expr.replacement, expr.source, expr.regex)
            return f"label_replace({','.join([loki_text(expr.expr), *map(quote, texts)])})"


def pretty_text(expr: ast.Expr, level: int = 0) -> str:
    """On several lines where one would be long, indented by two blanks a level."""
    indent, inner = _INDENT * level, _INDENT * (level + 1)
    line = loki_text(expr)
    if not _is_long(line) or (isinstance(expr, ast.BinaryOperation) and folded(expr) is not None):
        return indent + line
    match expr:
        case ast.LogQuery() if expr.stages:
            return "\n".join([indent + selector_text(expr.selector), *_pretty_stages(expr.stages, level + 1)])
        case ast.RangeAggregation():
            parameter = "" if expr.parameter is None else f"{inner}{float_text(expr.parameter)},\n"
            body = _pretty_range(expr.range, level + 1)
            return f"{indent}{expr.op}(\n{parameter}{body}\n{indent}){_kept(expr.grouping)}"
        case ast.VectorAggregation():
            parameter = f"{inner}{expr.parameter},\n" if expr.op in _COUNTED else ""
            body = pretty_text(expr.expr, level + 1)
            return f"{indent}{expr.op}{_kept(expr.grouping)}(\n{parameter}{body}\n{indent})"
        case ast.BinaryOperation():
            sides = [pretty_text(side, level + 1) for side in (expr.left, expr.right)]
            return f"{sides[0]}\n{indent}{_operator(expr, ', ', always=False)}\n{sides[1]}"
        case ast.LabelReplace():
            texts = (expr.destination, expr.replacement, expr.source, expr.regex)
            parts = [pretty_text(expr.expr, level + 1), *(inner + quote(text) for text in texts)]
            return f"{indent}label_replace(\n" + ",\n".join(parts) + f"\n{indent})"
        case _:
            return indent + line


def loki_stage(stage: ast.Stage) -> str:
    """One stage with its pipe."""
    match stage:
        case ast.LineFilter() if stage.op in ("!=", "!~", "!>"):
            return " ".join(stage_text(ast.LineFilter(stage.op, (match,))) for match in stage.matches)
        case ast.LabelFilter():
            return f"| {_predicate(stage.predicate)}"
        case _:
            return stage_text(stage, ",")


def _pretty_stages(stages: Sequence[ast.Stage], level: int) -> list[str]:
    """Line filters that follow each other stand on one line where there is room; where there is none, Loki 3.5 loses
    all but the first text of an `or`."""
    indent = _INDENT * level
    lines: list[str] = []
    at = 0
    while at < len(stages):
        if not isinstance(stages[at], ast.LineFilter):
            lines.append(("" if isinstance(stages[at], ast.Decolorize) else indent) + loki_stage(stages[at]))
            at += 1
            continue
        chain = []
        while at < len(stages) and isinstance(filter_ := stages[at], ast.LineFilter):
            chain.append(filter_)
            at += 1
        line = " ".join(map(loki_stage, chain))
        if not _is_long(line):
            lines.append(indent + line)
            continue
        for found in chain:
            matches = found.matches if found.op in ("!=", "!~", "!>") else found.matches[:1]
            lines += [indent + stage_text(ast.LineFilter(found.op, (match,))) for match in matches]
    return lines


def _range(found: ast.LogRange) -> str:
    unwrap = f" {_unwrap(found.unwrap)}" if found.unwrap is not None else ""
    filters = [f" {loki_stage(stage)}" for stage in found.unwrap.filters] if found.unwrap is not None else []
    offset = f" offset {format_go_duration(found.offset_ns)}" if found.offset_ns else ""
    interval = format_prometheus_duration(found.interval_ns)
    return f"{loki_text(found.query)}{unwrap}{''.join(filters)}[{interval}]{offset}"


def _pretty_range(found: ast.LogRange, level: int) -> str:
    text = pretty_text(found.query, level)
    if found.unwrap is not None:
        inner = _INDENT * (level + 1)
        text += "".join(f"\n{inner}{part}" for part in (_unwrap(found.unwrap), *map(loki_stage, found.unwrap.filters)))
    offset = f" offset {format_prometheus_duration(found.offset_ns)}" if found.offset_ns else ""
    return f"{text} [{format_prometheus_duration(found.interval_ns)}]{offset}"


def _unwrap(unwrap: ast.Unwrap) -> str:
    return f"| unwrap {f'{unwrap.conversion}({unwrap.label})' if unwrap.conversion else unwrap.label}"


def _grouping(grouping: ast.Grouping, comma: str) -> str:
    return f" {'without' if grouping.without else 'by'} ({comma.join(grouping.labels)})"


def _kept(grouping: ast.Grouping | None) -> str:
    """A grouping on several lines: one of no labels is left out, or at least its parentheses (Loki 3.5)."""
    if grouping is None or not grouping.labels:
        return " without" if grouping is not None and grouping.without else ""
    return _grouping(grouping, ", ")


def _operator(expr: ast.BinaryOperation, comma: str, *, always: bool) -> str:
    """The operator with what stands behind it; labels that are none are left out unless `always`."""
    text = expr.op + (" bool" if expr.return_bool else "")
    matching = expr.matching
    if matching is None or not (matching.labels or (always and matching.on)):
        return text
    group = {"one-to-one": "", "many-to-one": "group_left", "one-to-many": "group_right"}[matching.card]
    if matching.include:
        group += f" ({comma.join(matching.include)})"
    return f"{text} {'on' if matching.on else 'ignoring'} ({comma.join(matching.labels)}) {group}"


def _predicate(predicate: ast.Predicate) -> str:
    match predicate:
        case ast.StringPredicate(matcher):
            kept = matcher.op == "=~" and simplified(matcher.value, is_label=True) is None
            return f"{matcher.name}=~`{matcher.value}`" if kept else matcher_text(matcher)
        case ast.NumberPredicate():
            return f"{predicate.name}{predicate.op}{format_float(predicate.value)}"
        case ast.DurationPredicate():
            return f"{predicate.name}{predicate.op}{format_go_duration(predicate.ns)}"
        case ast.BytesPredicate():
            return f"{predicate.name}{predicate.op}{format_bytes(predicate.size)}"
        case ast.IpPredicate():
            return f"{predicate.name}{predicate.op}ip({quote(predicate.pattern)})"
        case ast.AndPredicate():
            return f"( {_predicate(predicate.left)} , {_predicate(predicate.right)} )"
        case ast.OrPredicate():
            return f"( {_predicate(predicate.left)} or {_predicate(predicate.right)} )"


def _is_long(text: str) -> bool:
    return len(text.encode()) > _WIDTH
