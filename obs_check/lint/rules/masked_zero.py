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
from obs_check.lint.series_labels import OWN, SeriesLabels, series_labels
from obs_check.lint.without_series import (
    beside_series,
    counts_filtered,
    is_absence,
    logql_answer,
    promql_answer,
    zero_by_itself,
)
from obs_check.logql.syntax.walk import log_queries
from obs_check.panel.elements import Panel
from obs_check.panel.masking import shows_zero_for_nothing

_ZERO = re.compile(r"\s*[+-]?0+(\.0*)?\s*%?\s*")
_MAPS_NOTHING = {"stat", "singlestat", "gauge", "bargauge"}
"""Panels that put a missing value through the mappings (Grafana 11: others show No data, or noValue)."""
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
_NO_COMPARISON = (
    "leave the comparison and the fallback out: the rest answers 0 while there are series, and nothing without them"
)
_NO_ALERT = "fall back on what is there while Prometheus works: `or 0 * count(up)`"
"""Prometheus has series of ALERTS only while an alert is pending or fires."""
_COUNTED = {"logql": "sum{}(count_over_time({{...}} [...]))", "promql": "count{}(METRIC)"}


def _find(material: Material) -> Iterator[Found]:
    asked = [question for question in material.questions if question.is_asked]
    for question in asked:
        if question.panel and _is_alarm(question.panel, 0.0):
            continue
        for why in _in_query(question):
            yield question.spot, why, _remedy(question)
    for board in material.boards:
        for panel in board.dashboard.panels:
            own = [one for one in asked if one.board is board and one.panel is panel]
            if _is_alarm(panel, -math.inf) or any(_without_series(one) is not None for one in own):
                # Where a query always answers, nothing of the panel's is reached.
                continue
            for why in dict.fromkeys(_in_panel(panel)):
                remedies = {_instead(one) for one in own}
                yield board.spot(panel), why, remedies.pop() if len(remedies) == 1 else _REMEDY


def _in_query(question: Question) -> Iterator[str]:
    if question.language != "sql":
        answer = _without_series(question)
        masks = answer is not None and not math.isnan(answer) and shows_zero_for_nothing(question.text)
        if masks and not is_absence(_tree(question)):
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


def _without_series(question: Question) -> float | None:
    """What a metric query answers where no series is there."""
    return promql_answer(question.promql) if question.logql is None else logql_answer(question.logql)


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
    if "ALERTS" in question.text:
        return _NO_ALERT
    if zero_by_itself(_tree(question)):
        return _NO_COMPARISON
    labels = series_labels(_tree(question))
    fallback = "" if labels is None else _counted(question, labels)
    return f"{_REMEDY}; or {_FALL_BACK[question.language]}: {fallback}" if fallback else _REMEDY


def _counted(question: Question, series: SeriesLabels) -> str:
    """The fallback with the labels that the series have, not by their names: the same habit in other panels is told in
    the same words. "" for series with labels of their own."""
    if series == OWN:
        return ""
    by = f" {series[0]} (...) " if series[1] else ""
    return f"`or 0 * {_COUNTED[question.language].format(by)}`"


def _filters(question: Question) -> bool:
    lists = question.panel is not None and question.panel.type == "table"
    return counts_filtered(_tree(question)) and not lists


def _beside(question: Question) -> SeriesLabels | None:
    return beside_series(_tree(question)) if shows_zero_for_nothing(question.text) else None


def _tree(question: Question) -> Any:
    return question.promql if question.logql is None else question.logql


def _is_alarm(panel: Panel, value: float) -> bool:
    """Whether a panel draws a value in red, as the alarm: what is absent is then seen. What has no value is drawn as
    minus infinity (Grafana 11)."""
    if panel.type == "stat" and panel.options.get("colorMode") == "none":
        return False
    colors: list[object] = []
    for listed in field_setting(panel, "mappings"):
        colors += [_mapped_color(one, value) for one in mappings(listed)]
    if not any(colors):
        for thresholds in field_setting(panel, "thresholds"):
            steps = list(mappings(mapping(thresholds).get("steps")))
            below = [one for one in steps if not _is_above(one.get("value"), value)] or steps[:1]
            # What is red at all times is no alarm.
            colors += [one.get("color") for one in below[-1:] if not all(is_red(step.get("color")) for step in steps)]
    return any(map(is_red, colors))


def _is_above(limit: object, value: float) -> bool:
    try:
        return limit is not None and float(str(limit)) > value
    except ValueError:
        return False


def _mapped_color(given: Mapping[str, object], value: float) -> object:
    options = mapping(given.get("options"))
    if math.isfinite(value):
        return mapping(options.get(f"{value:g}")).get("color")
    return mapping(options.get("result")).get("color") if options.get("match") in _NULL_KEYS else None


def _in_panel(panel: Panel) -> Iterator[str]:
    for text in field_setting(panel, "noValue"):
        if text is not None and _ZERO.fullmatch(str(text)):
            yield f"noValue is {str(text)!r}: an answer without any series reads as that"
    for listed in field_setting(panel, "mappings") if panel.type in _MAPS_NOTHING else ():
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
