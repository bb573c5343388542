"""range-needs-instant: a panel with one row a series asks for every step."""

from collections.abc import Iterator

from obs_check.lint.counted_ranges import logql_counts, promql_counts
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.panel_options import legend_reducers, reducers
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.panel.elements import Panel

_ROWS = {"table", "table-old"}
_TILES = {"stat", "gauge", "bargauge", "piechart"}

_INSTANT = "make it an instant query, over `[$__range]` where it counts"
_REMEDY = (_INSTANT, f"{_INSTANT}, of the format Table: as a time series every series is a table of its own")

BARS = "make it an instant query, of the format Table where it is PromQL: a bar for every series"


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        panel = question.panel
        if panel is None or question.language == "sql" or question.instant or not question.is_metric:
            continue
        if not question.is_asked or question.length_ms < question.step_ms:
            # A range shorter than its step has one point.
            continue
        # A total in the legend is worse: sum-of-range speaks of that.
        bars = counts_whole_range(question) and "sum" not in legend_reducers(panel)
        if (_shows_rows(panel) or bars) and not any(not t.disabled for t in panel.transformations):
            claim = f"the {panel.type} shows a row for every step of a range query, not one for every series"
            rows = _REMEDY[question.language == "promql" and panel.type in _ROWS]
            yield question.spot, claim, BARS if bars else rows


def counts_whole_range(question: Question) -> bool:
    """Whether a bar chart counts all of its range at every step: it draws a bar for each of them."""
    if question.panel is None or question.panel.type != "barchart":
        return False
    counted = promql_counts(question.promql) if question.logql is None else logql_counts(question.logql)
    return bool(counted) and max(counted) >= question.length_ms > 0


def _shows_rows(panel: Panel) -> bool:
    return panel.type in _ROWS or (panel.type in _TILES and reducers(panel)[1])


RULE = LintRule("range-needs-instant", "warning", "a range query feeds a panel with one row a series", _find)
