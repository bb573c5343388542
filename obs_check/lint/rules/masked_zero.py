"""masked-zero: a panel that shows 0 when there is nothing, so that a break looks like quiet."""

import math
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from obs_check.lint.colors import is_red
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.panel_options import field_setting, mapping, mappings, shows_numbers
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.lint.without_series import is_absence, logql_answer, promql_answer
from obs_check.panel.elements import Panel
from obs_check.panel.masking import shows_zero_for_nothing
from obs_check.panel.request import is_asked

_ZERO = re.compile(r"\s*[+-]?0+(\.0*)?\s*%?\s*")
_MAPS_NOTHING = {"stat", "singlestat", "gauge", "bargauge"}
"""Panels that put a missing value through the mappings (Grafana 11: others show No data, or noValue)."""
_NUMBERS = {"timeseries", "graph", *_MAPS_NOTHING, "piechart"}
"""Panels of numbers, which write noValue where there is no series. Others have words of their own (Grafana 11); in
a table that is joined of several answers, and in what is drawn over time as states, a zero fills single cells."""
_ABSENT = re.compile(r"\babsent(?:_over_time)?\b")
_NULL_KEYS = ("null", "null+nan")
_UPGRADED = 30
"""The schema version before which Grafana writes mappings of old anew as it loads a dashboard (DashboardMigrator)."""
_NO_DATA = "let the panel say No data"
_REMEDY = f"{_NO_DATA}, and alert on absence by itself"
_ANYTHING = f"{_REMEDY}; or fall back on what is there in any case"
_OF_SERVER = {"information_schema", "performance_schema", "sys"}
"""Schemas of what a database server knows of itself, with or without a pipeline."""
_OF_SQL = "let the panel say No data (`HAVING count(*) > 0`, no fallback), and alert on absence by itself"
_FALL_BACK = {
    "logql": ("lines that are", "sum(count_over_time({...} [...]))"),
    "promql": ("a metric that is", "count(METRIC)"),
}
"""What tells a quiet system from a broken one, where zero is the healthy answer."""


def _find(material: Material) -> Iterator[Found]:
    asked = [one for one in material.questions if one.is_asked and (one.panel is None or _shows_answer(one.panel))]
    for question in asked:
        if question.target is not None and question.target.hidden:
            # What an expression makes of it is shown.
            continue
        answer = _answer_in_place(question)
        if question.panel and _is_alarm(question.panel, answer or 0.0):
            continue
        if answer is not None:
            why = f"the query answers {answer:g} where there is no series (`or vector(0)`, `absent`)"
            remedy = _remedy(question)
            if question.panel and _ZERO.fullmatch(_no_value(question.panel)):
                remedy = remedy.replace(_NO_DATA, f"{_NO_DATA} (without `noValue`)")
            yield question.spot, why, remedy
        # A table that can be asked is there, with or without rows.
        yield from ((question.spot, why, _OF_SQL, "info") for why in _in_sql(question.sql))
    of_panels: dict[int, list[Question]] = {}
    for question in asked:
        of_panels.setdefault(id(question.panel), []).append(question)
    for board in material.boards:
        for panel in board.dashboard.panels:
            own = of_panels.get(id(panel), [])
            if not _shows_answer(panel) or _is_alarm(panel, -math.inf):
                continue
            if any(map(_always_answers, own)) or not any(is_asked(panel, target) for target in panel.targets):
                # Nothing of the panel's is reached then, or nothing is asked.
                continue
            remedies = {_remedy(one) for one in own}
            version = board.dashboard.document.get("schemaVersion")
            for why in islice(_in_panel(panel, isinstance(version, int) and version < _UPGRADED), 1):
                yield board.spot(panel), why, next(iter(remedies)) if len(remedies) == 1 else _ANYTHING


def _shows_answer(panel: Panel) -> bool:
    """Whether a panel shows as a number what its queries answer: a transformation makes something else of it."""
    is_number = panel.type in _NUMBERS and shows_numbers(panel)
    return is_number and all(step.disabled for step in panel.transformations)


def _always_answers(question: Question) -> bool:
    """Whether a query answers a number in any case."""
    from sqlglot import exp

    tree = question.sql
    if isinstance(tree, exp.Select) and not tree.args.get("group") and not tree.args.get("having"):
        return all(isinstance(column.unalias(), exp.Count | exp.Coalesce) for column in tree.selects)
    return _without_series(question) is not None


def _answer_in_place(question: Question) -> float | None:
    """What a query answers in place of nothing; None for one that answers nothing, or that series are absent."""
    answer = _without_series(question)
    if answer is None or not answer >= 0 or not shows_zero_for_nothing(question.text):
        return None
    if answer and _ABSENT.search(question.text):
        # A number that only an absence has is meant to be seen, as one below zero is.
        return None
    in_words = question.panel is not None and _writes_words(question.panel, answer)
    return None if in_words or is_absence(_tree(question)) else answer


def _in_sql(tree: Any) -> Iterator[str]:
    """What is said of whole columns of a statement that answers one row in any case."""
    from sqlglot import exp

    if not isinstance(tree, exp.Select) or tree.args.get("group") or tree.args.get("having"):
        return
    counts = [column for column in tree.selects if isinstance(column.unalias(), exp.Count)]
    of_server = any(table.name.startswith("pg_") or table.db in _OF_SERVER for table in tree.find_all(exp.Table))
    if counts and len(counts) == len(tree.selects) and tree.args.get("where") and not of_server:
        yield "count() without GROUP BY answers 0 where no row fits, a wrong WHERE included"
    for column in tree.selects:
        whole = column.unalias()
        if not isinstance(whole, exp.Coalesce) or whole.find(exp.Window, exp.Select):
            continue
        zero = any(isinstance(e, exp.Literal) and _ZERO.fullmatch(str(e.this)) for e in whole.expressions)
        if zero and whole.this.find(exp.AggFunc):
            yield "0 stands in for what has no value (`coalesce(..., 0)`, `ifnull`)"


def _without_series(question: Question) -> float | None:
    """What a metric query answers where no series is there."""
    return promql_answer(question.promql) if question.logql is None else logql_answer(question.logql)


def _remedy(question: Question) -> str:
    if question.language not in _FALL_BACK:
        return _ANYTHING
    what, text = _FALL_BACK[question.language]
    return f"{_REMEDY}; or fall back on {what} there in any case, with the same labels: `or 0 * {text}`"


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


def _writes_words(panel: Panel, value: float) -> bool:
    """Whether a panel writes words in place of a value."""
    texts: list[object] = []
    for given in (one for listed in field_setting(panel, "mappings") for one in mappings(listed)):
        options = mapping(given.get("options"))
        if given.get("type") == "value":
            texts.append(mapping(options.get(f"{value:g}")).get("text"))
        elif given.get("type") == "range" and _holds(options, value):
            texts.append(mapping(options.get("result")).get("text"))
        elif given.get("type") == "regex":
            # What an expression fits is left to Grafana: it may be this value.
            texts.append(mapping(options.get("result")).get("text"))
        elif str(given.get("value")) == f"{value:g}":
            texts.append(given.get("text"))
    return any(text and not re.search(r"\d", str(text)) for text in texts)


def _holds(options: Mapping[str, Any], value: float) -> bool:
    """Whether a value is in the range of a mapping, whose ends count."""
    low, high = options.get("from"), options.get("to")
    is_below = isinstance(low, int | float) and value < low
    return not is_below and not (isinstance(high, int | float) and value > high)


def _in_panel(panel: Panel, is_old: bool) -> Iterator[str]:
    text = _no_value(panel)
    of_null = [one for listed in field_setting(panel, "mappings") for one in mappings(listed) if _is_of_null(one)]
    if _ZERO.fullmatch(text) and not _writes_words(panel, 0.0) and not (of_null and panel.type in _MAPS_NOTHING):
        yield f"noValue is {text!r}: an answer without any series reads as that"
    for listed in field_setting(panel, "mappings") if panel.type in _MAPS_NOTHING else ():
        if any(_maps_null(one, is_old) for one in mappings(listed)):
            yield "a value mapping writes 0 for null"
    if "null as zero" in (*field_setting(panel, "nullValueMode"), panel.options.get("nullValueMode")):
        yield "nullValueMode is `null as zero`"


def _no_value(panel: Panel) -> str:
    """What a panel writes where there is no series, "" for Grafana's own words."""
    text = mapping(panel.field_config.get("defaults")).get("noValue")
    return "" if text is None else str(text)


def _is_of_null(given: Mapping[str, object]) -> bool:
    return given.get("type") == "special" and mapping(given.get("options")).get("match") in _NULL_KEYS


def _maps_null(given: Mapping[str, object], is_old: bool) -> bool:
    """Whether a mapping writes 0 for null: a special one does, none of texts (Grafana 11: getValueMappingResult)."""
    options = mapping(given.get("options"))
    text = given.get("text") if is_old and given.get("value") == "null" else None
    if _is_of_null(given):
        text = mapping(options.get("result")).get("text")
    return bool(_ZERO.fullmatch(str(text if text is not None else "")))


RULE = LintRule(
    "masked-zero", "warning", "a panel shows 0 for nothing: or vector(0), noValue, mapping, count(*)", _find
)
