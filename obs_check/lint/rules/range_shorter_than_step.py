"""range-shorter-than-step: lines between two steps are looked at by neither."""

from collections.abc import Iterator
from typing import Any

from obs_check.errors import QueryError
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.panel_options import reads_last
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.logql import parse
from obs_check.logql.syntax.walk import ranges
from obs_check.panel.interval import format_interval

_INTERVAL = "write `[$__interval]` (PromQL: `[$__rate_interval]`)"
_INSTANT = "make it an instant query: the panel reads the last step alone"


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        if question.instant or not question.step_ms or question.problem or not question.is_asked:
            continue
        short = [ms for ms in _written_ranges(question) if ms < question.step_ms]
        if short:
            step = format_interval(question.step_ms)
            claim = f"[{format_interval(min(short))}] is shorter than the step of {step}: what is between is not seen"
            of_last = question.panel is not None and reads_last(question.panel)
            yield question.spot, claim, _INSTANT if of_last else _INTERVAL


def _written_ranges(question: Question) -> list[int]:
    """The ranges in ms that the query itself says: macros are a hundred years in `spread`."""
    if question.language == "promql":
        return _promql_ranges(question.spread)
    try:
        return [found.interval_ns // 1_000_000 for found in ranges(parse(question.spread))]
    except QueryError:
        return []


def _promql_ranges(text: str) -> list[int]:
    """Ranges that are evaluated once a step of the panel: inside of a subquery it is once a step of its own. Behind
    `or` stands what is looked at where the first side has nothing."""
    import promql_parser

    def below(node: Any) -> Iterator[int]:
        if isinstance(node, promql_parser.MatrixSelector | promql_parser.SubqueryExpr):
            if node.range is not None:
                yield round(node.range.total_seconds() * 1000)
            return
        if isinstance(node, promql_parser.BinaryExpr):
            first = list(below(node.lhs))
            yield from first
            if not (first and str(node.op) == "or"):
                yield from below(node.rhs)
            return
        for part in (getattr(node, "expr", None), *getattr(node, "args", ())):
            if part is not None:
                yield from below(part)

    try:
        return list(below(promql_parser.parse(text)))
    except (ValueError, RecursionError):
        return []


RULE = LintRule("range-shorter-than-step", "warning", "a written range is shorter than the step of its panel", _find)
