"""Queries on several lines, as format_query of Loki 3.5 writes them."""

from collections.abc import Sequence
from dataclasses import replace

from obs_check.golang.durations import format_prometheus_duration
from obs_check.golang.numbers import float_text
from obs_check.golang.quoting import quote
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.folding import fold_number
from obs_check.logql.syntax.printer import loki_text, stage_text, unwrap_text
from obs_check.logql.syntax.style import LOKI, LokiStyle, selector_text

_WIDTH = 100
"""Bytes that a part may have before it is written on several lines."""
_INDENT = "  "


class _Spaced(LokiStyle):
    """What stands on a line of its own has blanks behind its commas, and leaves out what says nothing."""

    comma = ", "

    def vector_grouping(self, grouping: ast.Grouping | None) -> str:
        if grouping is None or not grouping.labels:
            return " without" if grouping is not None and grouping.without else ""
        return self.range_grouping(grouping)

    def modifiers(self, expr: ast.BinaryOperation) -> str:
        return self.matching(expr, written=expr.matching is not None and bool(expr.matching.labels))


_SPACED = _Spaced()


def pretty_text(expr: ast.Expr, level: int = 0) -> str:
    """On several lines where one would be long, indented by two blanks a level."""
    indent, inner = _INDENT * level, _INDENT * (level + 1)
    line = loki_text(expr)
    if not _is_long(line) or (isinstance(expr, ast.BinaryOperation) and fold_number(expr) is not None):
        return indent + line
    match expr:
        case ast.LogQuery() if expr.stages:
            return "\n".join([indent + selector_text(expr.selector), *_pretty_stages(expr.stages, level + 1)])
        case ast.RangeAggregation():
            parameter = "" if expr.parameter is None else f"{inner}{float_text(expr.parameter)},\n"
            body = _pretty_range(expr.range, level + 1)
            return f"{indent}{expr.op}(\n{parameter}{body}\n{indent}){_SPACED.vector_grouping(expr.grouping)}"
        case ast.VectorAggregation():
            parameter = "" if expr.parameter is None else f"{inner}{expr.parameter},\n"
            body = pretty_text(expr.expr, level + 1)
            return f"{indent}{expr.op}{_SPACED.vector_grouping(expr.grouping)}(\n{parameter}{body}\n{indent})"
        case ast.BinaryOperation():
            sides = [pretty_text(side, level + 1) for side in (expr.left, expr.right)]
            return f"{sides[0]}\n{indent}{expr.op}{_SPACED.modifiers(expr)}\n{sides[1]}"
        case ast.LabelReplace():
            texts = (expr.destination, expr.replacement, expr.source, expr.regex)
            parts = [pretty_text(expr.expr, level + 1), *(inner + quote(text) for text in texts)]
            return f"{indent}label_replace(\n" + ",\n".join(parts) + f"\n{indent})"
        case _:
            return indent + line


def _pretty_stages(stages: Sequence[ast.Stage], level: int) -> list[str]:
    """Line filters that follow each other stand on one line where there is room; where there is none, Loki 3.5 loses
    all but the first text of an `or`."""
    indent = _INDENT * level
    lines: list[str] = []
    at = 0
    while at < len(stages):
        if not isinstance(stages[at], ast.LineFilter):
            lines.append(("" if isinstance(stages[at], ast.Decolorize) else indent) + stage_text(stages[at], LOKI))
            at += 1
            continue
        chain = []
        while at < len(stages) and isinstance(filter_ := stages[at], ast.LineFilter):
            chain.append(filter_)
            at += 1
        line = " ".join(stage_text(one, LOKI) for one in chain)
        if not _is_long(line):
            lines.append(indent + line)
            continue
        for found in chain:
            matches = found.matches if found.op in ("!=", "!~", "!>") else found.matches[:1]
            lines += [indent + stage_text(ast.LineFilter(found.op, (match,))) for match in matches]
    return lines


def _pretty_range(found: ast.LogRange, level: int) -> str:
    text = pretty_text(found.query, level)
    if found.unwrap is not None:
        parts = (unwrap_text(replace(found.unwrap, filters=())), *(stage_text(o, LOKI) for o in found.unwrap.filters))
        text += "".join(f"\n{_INDENT * (level + 1)}{part}" for part in parts)
    offset = f" offset {format_prometheus_duration(found.offset_ns)}" if found.offset_ns else ""
    return f"{text} [{format_prometheus_duration(found.interval_ns)}]{offset}"


def _is_long(text: str) -> bool:
    return len(text.encode()) > _WIDTH
