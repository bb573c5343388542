"""missing-unit: numbers of a unit drawn without it."""

import re
from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.measures import has_unit
from obs_check.lint.panel_options import TILES, axis_labels, field_setting, reducers, shows_numbers
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.panel.elements import Panel

_NUMBERS = {"stat", "gauge", "bargauge", "timeseries", "graph", "barchart", "piechart"}
_TOLD = re.compile(
    r"[(\[][^)\]]*[)\]]|[%°$€]|\w ?/ ?\w"
    r"|\b(?:per|percent|percentage|[bpqrt]ps|[kmgt]i?bp?s?|iops|rpm|cores|usd|eur|ms|load|apdex|scores?|index"
    r"|(?:(?:milli)?second|minute|hour|day|byte|bit)s?)\b",
    re.IGNORECASE,
)
"""What names a unit in a title or legend."""
_LABEL = re.compile(r"\{\{.*?\}\}|\$\{.*?\}|\[\[.*?\]\]")


def _find(material: Material) -> Iterator[Found]:
    panels: dict[tuple[int, int], list[Question]] = {}
    for question in material.questions:
        if question.board is not None and question.panel is not None and question.is_asked:
            panels.setdefault((id(question.board), id(question.panel)), []).append(question)
    for questions in panels.values():
        board, panel = questions[0].board, questions[0].panel
        if board is None or panel is None or panel.type not in _NUMBERS or not shows_numbers(panel):
            continue
        # One unit for rates and counts of things would be wrong for some of them.
        if not _tells_unit(panel) and not _counts_points(panel) and all(map(has_unit, questions)):
            claim = f"the {panel.type} shows numbers without a unit"
            yield board.spot(panel), claim, "set fieldConfig.defaults.unit; `none` shows the number as it is"


def _tells_unit(panel: Panel) -> bool:
    """Whether a panel has a unit, words for its values, or names a unit in its title or at its axis."""
    set_there = field_setting(panel, "unit") + field_setting(panel, "mappings") + axis_labels(panel)
    legends = [target.query.get("legendFormat") for target in panel.targets] + field_setting(panel, "displayName")
    return any(set_there) or any(_TOLD.search(_LABEL.sub("", str(one or ""))) for one in (panel.title, *legends))


def _counts_points(panel: Panel) -> bool:
    """Whether a panel shows how many points or values there are."""
    return panel.type in TILES and set(reducers(panel)[0]) <= {"count", "distinctCount", "changeCount"}


RULE = LintRule("missing-unit", "info", "a panel shows numbers without a unit", _find)
