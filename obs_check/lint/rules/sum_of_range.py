"""sum-of-range: every step counts a range that is longer than the step, and the panel adds the steps up."""

from collections.abc import Iterator

from obs_check.golang.durations import format_prometheus_duration
from obs_check.lint.counted_ranges import counted_ranges
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.panel_options import TILES, legend_reducers, reducers, transforming_reducers, writes_values
from obs_check.lint.rule import LintRule
from obs_check.lint.written_ranges import names_in_ranges
from obs_check.model.window import MS
from obs_check.panel.elements import Panel

_SCRAPE_MS = 60_000
"""The longest usual distance of a metric's samples: a Prometheus datasource that is set to it (`timeInterval`) asks at
no shorter step, and nobody tells here."""

_REMEDY = (
    "let one step count all (an instant query, or the last value alone), let each step count its own time "
    "(`[$__interval]`), or show no total"
)


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        panel = question.panel
        if panel is None or question.instant or not question.step_ms or not question.is_asked:
            continue
        if not _adds_up(panel) or question.unknown & names_in_ranges(question.raw):
            continue
        counted = counted_ranges(question)
        step = max(question.step_ms, _SCRAPE_MS if question.logql is None else 0)
        if counted and (longest := max(counted)) > step:
            told = format_prometheus_duration(longest * MS)
            claim = (
                f"every step counts the last {told}, steps come more often than that, and the "
                "panel adds them up: what happens once counts in several of them"
            )
            # Shares of a pie are weighed wrongly, by far less than a total.
            yield question.spot, claim, _REMEDY, "error" if writes_values(panel) else "warning"


def _adds_up(panel: Panel) -> bool:
    """Whether a panel, or its legend, adds its steps up."""
    calcs, by_row = reducers(panel)
    of_tiles = panel.type in TILES and "sum" in calcs and not by_row
    return of_tiles or "sum" in transforming_reducers(panel) or "sum" in legend_reducers(panel)


RULE = LintRule("sum-of-range", "error", "steps that each count more than a step are added up", _find)
