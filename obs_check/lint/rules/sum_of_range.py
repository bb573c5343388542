"""sum-of-range: every step counts the whole range, and the panel adds the steps up."""

import re
from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.panel_options import added_up, reducers
from obs_check.lint.rule import LintRule
from obs_check.panel.elements import Panel

_WHOLE = re.compile(r"\[\s*\$\{?__range(?:_s|_ms)?\}?\s*(?:s|ms)?\s*[\]:]")
_TILES = {"stat", "gauge", "bargauge", "piechart"}


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        panel = question.panel
        if panel is None or question.instant or not question.is_asked or not _WHOLE.search(question.raw):
            continue
        if _adds_up(panel):
            claim = (
                "a range query over `[$__range]` counts the whole range at every step, and the panel adds the steps up"
            )
            yield question.spot, claim, "make it an instant query, or reduce with lastNotNull"


def _adds_up(panel: Panel) -> bool:
    calcs, by_row = reducers(panel)
    return (panel.type in _TILES and "sum" in calcs and not by_row) or "sum" in added_up(panel)


RULE = LintRule("sum-of-range", "error", "steps that each count the whole range are added up", _find)
