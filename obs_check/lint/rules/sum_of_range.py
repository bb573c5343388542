"""sum-of-range: every step counts a range that is longer than the step, and the panel adds the steps up."""

import re
from collections.abc import Iterator

from obs_check.lint.counted_ranges import BARS, counted_ranges, counts_whole_range
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.panel_options import TILES, legend_reducers, reducers, transforming_reducers
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.panel.elements import Panel
from obs_check.panel.interpolate import references
from obs_check.panel.interval import format_interval

_RANGE = re.compile(r"\[[^\]]*\]")
_SCRAPE_MS = 60_000
"""The longest usual distance of a metric's samples: a Prometheus datasource that is set to it (`timeInterval`) asks at
no shorter step, and nobody tells here."""


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        panel = question.panel
        if panel is None or question.instant or not question.step_ms or not question.is_asked:
            continue
        remedy = _adds_up(panel, question)
        if not remedy or question.unknown & _of_ranges(question.raw):
            continue
        counted = counted_ranges(question)
        step = max(question.step_ms, _SCRAPE_MS if question.logql is None else 0)
        if counted and (longest := max(counted)) > step:
            claim = (
                f"every step counts the last {format_interval(longest)}, steps come more often than that, and the "
                "panel adds them up: what happens once counts in several of them"
            )
            yield question.spot, claim, remedy


def _of_ranges(text: str) -> set[str]:
    """The variables that ranges are written with."""
    return {name for found in _RANGE.findall(text) for name in references(found)}


def _adds_up(panel: Panel, question: Question) -> str:
    """What to do about a panel that adds its steps up; "" for one that does not."""
    calcs, by_row = reducers(panel)
    if (panel.type in TILES and "sum" in calcs and not by_row) or "sum" in transforming_reducers(panel):
        return "make it an instant query, or reduce with lastNotNull"
    if "sum" in legend_reducers(panel):
        if counts_whole_range(question):
            return BARS
        return "write `[$__interval]`" if question.logql is not None else "take the total out of the legend"
    return ""


RULE = LintRule("sum-of-range", "error", "steps that each count more than a step are added up", _find)
