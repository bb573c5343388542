"""range-shorter-than-step: lines between two steps are looked at by neither."""

from collections.abc import Iterator

from obs_check.golang.durations import format_prometheus_duration
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.panel_options import TILES, reducers
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.lint.written_ranges import names_in_ranges, written_ranges
from obs_check.model.window import MS
from obs_check.panel.elements import Panel

_REMEDY = (
    "let the range follow the step, `[$__interval]` (PromQL: `[$__rate_interval]`, and no intervalFactor), in a "
    "function that looks at all of it"
)


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        if question.instant or not question.step_ms or question.problem or not question.is_asked:
            continue
        if question.panel is not None and not _draws_steps(question.panel):
            # There the range is what the number is of.
            continue
        if question.unknown & names_in_ranges(question.raw) or not _has_one_length(question):
            continue
        short = [ms for ms in written_ranges(question.language, question.spread) if ms < question.step_ms]
        if short:
            step = format_prometheus_duration(question.step_ms * MS)
            least = format_prometheus_duration(min(short) * MS)
            claim = f"[{least}] is shorter than the step of {step}: what is between is not seen"
            yield question.spot, claim, _REMEDY


def _has_one_length(question: Question) -> bool:
    """Whether the time range has one length, and the step so, whenever it is looked at: that since a day or a week
    began has none."""
    dashboard = question.board.dashboard if question.board else None
    whole = (dashboard.time_from, dashboard.time_to) if dashboard else ()
    own = question.panel.time_from if question.panel else ""
    return "/" not in own if own else len(set(whole)) == 1 or not any("/" in end for end in whole)


_OVER_TIME = {"timeseries", "graph", "trend", "barchart", "histogram", "heatmap", "state-timeline", "status-history"}
_ROWS = {"table", "table-old"}


def _draws_steps(panel: Panel) -> bool:
    """Whether a panel shows more than the last point of each series; of other plugins nobody knows."""
    if panel.type in _OVER_TIME:
        return True
    if panel.type not in {*TILES, *_ROWS, "singlestat"} or any(not step.disabled for step in panel.transformations):
        return False
    calcs, by_row = reducers(panel)
    sparkline = panel.type in ("stat", "singlestat") and panel.options.get("graphMode") != "none"
    return panel.type in _ROWS or by_row or sparkline or not set(calcs) <= {"last", "lastNotNull"}


RULE = LintRule("range-shorter-than-step", "warning", "a written range is shorter than the step of its panel", _find)
