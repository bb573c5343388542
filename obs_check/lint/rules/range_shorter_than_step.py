"""range-shorter-than-step: lines between two steps are looked at by neither."""

from collections.abc import Iterator

from obs_check.errors import QueryError
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.logql import parse
from obs_check.logql.syntax.walk import ranges
from obs_check.panel.interval import format_interval


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        if question.instant or not question.step_ms or question.problem:
            continue
        short = [ms for ms in _written_ranges(question) if ms < question.step_ms]
        if short:
            step = format_interval(question.step_ms)
            claim = f"[{format_interval(min(short))}] is shorter than the step of {step}: what is between is not seen"
            yield question.spot, claim, "write `[$__interval]` (PromQL: `[$__rate_interval]`)"


def _written_ranges(question: Question) -> list[int]:
    """The ranges in ms that the query itself says: macros are a hundred years in `spread`."""
    if question.language == "promql":
        return _promql_ranges(question.spread)
    try:
        return [found.interval_ns // 1_000_000 for found in ranges(parse(question.spread))]
    except QueryError:
        return []


def _promql_ranges(text: str) -> list[int]:
    """Ranges that are evaluated once a step of the panel: inside of a subquery it is once a step of its own."""
    import promql_parser

    found: list[int] = []
    inside = 0

    def before(node: object) -> None:
        nonlocal inside
        own = node.range if isinstance(node, promql_parser.MatrixSelector | promql_parser.SubqueryExpr) else None
        if own is not None and not inside:
            found.append(round(own.total_seconds() * 1000))
        inside += isinstance(node, promql_parser.SubqueryExpr)

    def behind(node: object) -> None:
        nonlocal inside
        inside -= isinstance(node, promql_parser.SubqueryExpr)

    try:
        promql_parser.walk(promql_parser.parse(text), before, behind)
    except ValueError:
        return []
    return found


RULE = LintRule("range-shorter-than-step", "warning", "a written range is shorter than the step of its panel", _find)
