"""masked-zero: a panel that shows 0 when there is nothing, so that a break looks like quiet."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from obs_check.lint.colors import is_red
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.panel_options import field_setting, mapping, mappings
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.lint.without_series import beside_series, filters_by_value, grouping_of, logql_answer, promql_answer
from obs_check.logql.syntax.walk import log_queries
from obs_check.panel.elements import Panel
from obs_check.panel.masking import shows_zero_for_nothing

_ZERO = re.compile(r"\s*[+-]?0+(\.0*)?\s*%?\s*")
_NULL_KEYS = ("null", "null+nan", "nan", "empty")
_IN_PLACE = "the query answers 0 or 1 where there is no series (`or vector(0)`, `absent`)"
_BESIDE = "`or vector(0)` has no labels: its 0 stands beside the series at all times, and alone where there is none"
_REMEDY = "let the panel say No data, and alert on absence by itself"
_BOOL = "compare with `bool` and add up: it answers 0 while there are series, and nothing without them"
_FALL_BACK = {
    "logql": "fall back on the stream without its filters",
    "promql": "fall back on a metric that is there in any case",
}
"""What tells a quiet system from a broken one, where zero is the healthy answer."""
_WITHOUT_LABELS = "leave the fallback out, and alert on absence by itself"
_COUNTED = {"logql": "sum{}(count_over_time({{...}} [...]))", "promql": "count{}(METRIC)"}


def _find(material: Material) -> Iterator[Found]:
    asked = [question for question in material.questions if question.is_asked]
    for question in asked:
        if question.panel and _zero_is_red(question.panel):
            continue
        for why in _in_query(question):
            yield question.spot, why, _remedy(question)
    for board in material.boards:
        for panel in board.dashboard.panels:
            for why in dict.fromkeys(_in_panel(panel)):
                remedies = {_instead(one) for one in asked if one.board is board and one.panel is panel}
                yield board.spot(panel), why, remedies.pop() if len(remedies) == 1 else _REMEDY


def _in_query(question: Question) -> Iterator[str]:
    if question.language != "sql":
        tree = question.logql
        answer = promql_answer(question.promql) if tree is None else logql_answer(tree)
        if answer is not None and not math.isnan(answer) and shows_zero_for_nothing(question.text):
            yield _BESIDE if _beside(question) else _IN_PLACE
        return
    if question.sql is None:
        return
    from sqlglot import exp

    if question.sql.find(exp.Count) and not question.sql.find(exp.Group) and not question.sql.find(exp.Having):
        yield "count() without GROUP BY answers 0 where no row fits, a wrong WHERE included"
    for coalesce in question.sql.find_all(exp.Coalesce):
        zero = any(isinstance(e, exp.Literal) and _ZERO.fullmatch(str(e.this)) for e in coalesce.expressions)
        if zero and _without_rows(coalesce):
            yield "coalesce(..., 0) answers 0 where there is no value"


def _without_rows(coalesce: Any) -> bool:
    """Whether there is a row with it where no row fits: an aggregate over all rows, or a query within."""
    from sqlglot import exp

    if coalesce.this.find(exp.Subquery):
        return True
    select = coalesce.find_ancestor(exp.Select)
    return bool(coalesce.this.find(exp.AggFunc)) and not (select and select.args.get("group"))


def _remedy(question: Question) -> str:
    """What to do about a fallback in a query."""
    series = _beside(question)
    if series is None or _filters(question):
        return _instead(question)
    same = _counted(question, series)
    return f"{_WITHOUT_LABELS}; or fall back with the same labels: {same}" if same else _WITHOUT_LABELS


def _instead(question: Question) -> str:
    """What tells a quiet system from a broken one, where a query has no fallback or one that stands in for all."""
    if question.language == "sql" or "absent" in question.text:
        return _REMEDY
    if _filters(question):
        return _BOOL
    if question.logql is not None and not any(query.stages for query in log_queries(question.logql)):
        # There is nothing that it could be without.
        return _REMEDY
    series = grouping_of(_tree(question))
    fallback = _counted(question, series)
    return f"{_REMEDY}; or {_FALL_BACK[question.language]}: {fallback}" if fallback else _REMEDY


def _counted(question: Question, series: tuple[str, tuple[str, ...]] | None) -> str:
    """The fallback with the labels that the series have, not by their names: the same habit in other panels is told in
    the same words. "" for series with labels of their own."""
    if series is not None and not series[0]:
        return ""
    by = f" {series[0]} (...) " if series else ""
    return f"`or 0 * {_COUNTED[question.language].format(by)}`"


def _filters(question: Question) -> bool:
    lists = question.panel is not None and question.panel.type == "table"
    return filters_by_value(_tree(question)) and not lists


def _beside(question: Question) -> tuple[str, tuple[str, ...]] | None:
    return beside_series(_tree(question)) if shows_zero_for_nothing(question.text) else None


def _tree(question: Question) -> Any:
    return question.promql if question.logql is None else question.logql


def _zero_is_red(panel: Panel) -> bool:
    """Whether a panel draws 0 as the alarm: what is absent is then seen."""
    colors: list[object] = []
    for listed in field_setting(panel, "mappings"):
        colors += [mapping(mapping(one.get("options")).get("0")).get("color") for one in mappings(listed)]
    if not any(colors):
        steps = [list(mappings(mapping(one).get("steps"))) for one in field_setting(panel, "thresholds")]
        colors = [listed[0].get("color") for listed in steps if len(listed) > 1]
    return any(map(is_red, colors))


def _in_panel(panel: Panel) -> Iterator[str]:
    for text in field_setting(panel, "noValue"):
        if text is not None and _ZERO.fullmatch(str(text)):
            yield f"noValue is {str(text)!r}: an answer without any series reads as that"
    for listed in field_setting(panel, "mappings"):
        if any(_maps_null(one) for one in mappings(listed)):
            yield "a value mapping writes 0 for null"
    if "null as zero" in (*field_setting(panel, "nullValueMode"), panel.options.get("nullValueMode")):
        yield "nullValueMode is `null as zero`"


def _maps_null(given: Mapping[str, object]) -> bool:
    options = mapping(given.get("options"))
    if given.get("type") == "special" and options.get("match") in _NULL_KEYS:
        text = mapping(options.get("result")).get("text")
    elif given.get("type") == "value":
        text = mapping(options.get("null")).get("text")
    else:
        text = given.get("text") if given.get("value") == "null" else None
    return bool(_ZERO.fullmatch(str(text if text is not None else "")))


RULE = LintRule(
    "masked-zero", "warning", "a panel shows 0 for nothing: or vector(0), noValue, mapping, count(*)", _find
)
