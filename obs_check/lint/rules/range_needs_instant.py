"""range-needs-instant: a panel with one row a series asks for every step."""

import re
from collections.abc import Iterator

from obs_check.lint.counted_ranges import answers_one_series, chooses, counted_ranges, counts_whole_range
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.panel_options import TILES, legend_reducers, reducers
from obs_check.lint.rule import LintRule
from obs_check.panel.elements import Panel

_ROWS = {"table", "table-old"}

_AT_A_MOMENT = re.compile(r"@\s*(?:end|start|\d)")
"""What PromQL says to be the same at each step."""
_INSTANT = "make it an instant query alone, over `[$__range]` where it counts"
_OF_TILES = f"{_INSTANT}; a line behind the numbers wants a query of its own"
_OF_ROWS = f"{_INSTANT} (Prometheus: of the format Table, else every series is a frame of its own)"


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        panel = question.panel
        if panel is None or question.language == "sql" or question.instant or not question.is_metric:
            continue
        if not question.is_asked or question.length_ms <= question.step_ms:
            # A range of a single step has one point, or two.
            continue
        if any(not step.disabled for step in panel.transformations) or _AT_A_MOMENT.search(question.text):
            continue
        if chooser := _tiles_of(panel) and chooses(question):
            claim = f"{chooser} chooses anew at each step of a range query: every series that it ever chose is shown"
            yield question.spot, claim, _OF_TILES
            continue
        # A total in the legend is worse: sum-of-range speaks of that.
        bars = counts_whole_range(question) and "sum" not in legend_reducers(panel)
        has_own_step = panel.interval or question.target is None or question.target.query.get("interval")
        is_history = answers_one_series(question) or (has_own_step and counted_ranges(question))
        if (_shows_rows(panel) and not is_history) or bars:
            claim = f"the {panel.type} shows a row for every step of a range query, not one for every series"
            yield question.spot, claim, _INSTANT if panel.type in TILES else _OF_ROWS


def _tiles_of(panel: Panel) -> bool:
    """Whether a panel has a tile for the last value of each series."""
    calcs, by_row = reducers(panel)
    return panel.type in TILES and not by_row and set(calcs) <= {"last", "lastNotNull"}


def _shows_rows(panel: Panel) -> bool:
    return panel.type in _ROWS or (panel.type in TILES and reducers(panel)[1])


RULE = LintRule("range-needs-instant", "warning", "a range query feeds a panel with one row a series", _find)
