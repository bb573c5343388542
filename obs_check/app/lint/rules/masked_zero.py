"""masked-zero: a panel that shows 0 when there is nothing, so that a break looks like quiet."""

import re
from collections.abc import Iterator
from typing import Any

from obs_check.app.lint.material import Material
from obs_check.app.lint.question import Question
from obs_check.app.lint.rule import Found, Rule
from obs_check.panel.elements import Panel
from obs_check.panel.masking import shows_zero_for_nothing

_ZERO = re.compile(r"\s*[+-]?0+(\.0*)?\s*%?\s*")
_NULL_KEYS = ("null", "null+nan", "nan", "empty")
_REMEDY = "let the panel say No data, and alert on absence by itself"


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        for why in _in_query(question):
            yield question.spot, why, _REMEDY
    for board in material.boards:
        for panel in board.dashboard.panels:
            for why in dict.fromkeys(_in_panel(panel)):
                yield board.spot(panel), why, _REMEDY


def _in_query(question: Question) -> Iterator[str]:
    if question.language != "sql":
        if shows_zero_for_nothing(question.text):
            yield "the query answers 0 or 1 where there is no series (`or vector(0)`, `absent`)"
        return
    if question.sql is None:
        return
    from sqlglot import exp

    if question.sql.find(exp.Count) and not question.sql.find(exp.Group) and not question.sql.find(exp.Having):
        yield "count() without GROUP BY answers 0 where no row fits, a wrong WHERE included"
    for coalesce in question.sql.find_all(exp.Coalesce):
        if any(isinstance(e, exp.Literal) and _ZERO.fullmatch(str(e.this)) for e in coalesce.expressions):
            yield "coalesce(..., 0) answers 0 where there is no value"


def _in_panel(panel: Panel) -> Iterator[str]:
    defaults = panel.field_config.get("defaults") or {}
    properties = [p for o in panel.field_config.get("overrides") or () for p in o.get("properties") or ()]
    for text in (defaults.get("noValue"), *(p.get("value") for p in properties if p.get("id") == "noValue")):
        if text is not None and _ZERO.fullmatch(str(text)):
            yield f"noValue is {str(text)!r}: an answer without any series reads as that"
    for mappings in (defaults.get("mappings"), *(p.get("value") for p in properties if p.get("id") == "mappings")):
        if any(_maps_null(mapping) for mapping in mappings or ()):
            yield "a value mapping writes 0 for null"
    legacy = str(defaults.get("nullValueMode") or panel.options.get("nullValueMode") or "")
    if legacy == "null as zero":
        yield "nullValueMode is `null as zero`"


def _maps_null(mapping: dict[str, Any]) -> bool:
    options = mapping.get("options") or {}
    if mapping.get("type") == "special" and options.get("match") in _NULL_KEYS:
        return bool(_ZERO.fullmatch(str((options.get("result") or {}).get("text") or "")))
    if mapping.get("type") == "value":
        return bool(_ZERO.fullmatch(str((options.get("null") or {}).get("text") or "")))
    return mapping.get("value") == "null" and bool(_ZERO.fullmatch(str(mapping.get("text") or "")))


RULE = Rule("masked-zero", "warning", "a panel shows 0 for nothing: or vector(0), noValue, mapping, count(*)", _find)
