"""masked-zero: a panel that shows 0 when there is nothing, so that a break looks like quiet."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.panel_options import field_setting, mapping, mappings
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.lint.without_series import filters_by_value, logql_answer, promql_answer
from obs_check.panel.elements import Panel
from obs_check.panel.masking import shows_zero_for_nothing

_ZERO = re.compile(r"\s*[+-]?0+(\.0*)?\s*%?\s*")
_NULL_KEYS = ("null", "null+nan", "nan", "empty")
_REMEDY = "let the panel say No data, and alert on absence by itself"
_BOOL = "compare with `bool` and add up: it answers 0 while there are series, and nothing without them"
_FALL_BACK = {
    "logql": "fall back on the stream without its filters: `or 0 * sum(count_over_time({...} [...]))`",
    "promql": "fall back on a metric that is there in any case: `or 0 * count(METRIC)`",
}
"""What tells a quiet system from a broken one, where zero is the healthy answer."""


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        if not question.is_asked or (question.panel and _zero_is_red(question.panel)):
            continue
        for why in _in_query(question):
            yield question.spot, why, _remedy(question)
    for board in material.boards:
        for panel in board.dashboard.panels:
            for why in dict.fromkeys(_in_panel(panel)):
                yield board.spot(panel), why, _REMEDY


def _in_query(question: Question) -> Iterator[str]:
    if question.language != "sql":
        tree = question.logql
        answer = promql_answer(question.promql) if tree is None else logql_answer(tree)
        if answer is not None and not math.isnan(answer) and shows_zero_for_nothing(question.text):
            yield "the query answers 0 or 1 where there is no series (`or vector(0)`, `absent`)"
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
    if question.language == "sql" or "absent" in question.text:
        return _REMEDY
    tree = question.promql if question.logql is None else question.logql
    lists = question.panel is not None and question.panel.type == "table"
    return _BOOL if filters_by_value(tree) and not lists else f"{_REMEDY}; or {_FALL_BACK[question.language]}"


def _zero_is_red(panel: Panel) -> bool:
    """Whether a panel draws 0 as the alarm: what is absent is then seen."""
    colors: list[object] = []
    for listed in field_setting(panel, "mappings"):
        colors += [mapping(mapping(one.get("options")).get("0")).get("color") for one in mappings(listed)]
    if not any(colors):
        steps = [list(mappings(mapping(one).get("steps"))) for one in field_setting(panel, "thresholds")]
        colors = [listed[0].get("color") for listed in steps if len(listed) > 1]
    return any("red" in str(color) for color in colors)


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
