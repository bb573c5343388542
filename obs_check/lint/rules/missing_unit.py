"""missing-unit: numbers drawn without a unit."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.panel_options import computes, field_setting, shows_numbers
from obs_check.lint.plain_counts import is_plain_count
from obs_check.lint.rule import LintRule

_NUMBERS = {"stat", "gauge", "bargauge", "timeseries", "graph", "barchart", "piechart"}


def _find(material: Material) -> Iterator[Found]:
    seen = set()
    for question in material.questions:
        panel = question.panel
        if question.board is None or panel is None or panel.type not in _NUMBERS or not question.is_metric:
            continue
        if not shows_numbers(panel):
            continue
        if not question.is_asked or (is_plain_count(question) and not computes(panel)):
            continue
        key = (question.board.path, question.board.dashboard.uid, panel.id)
        if key not in seen and not any(field_setting(panel, "unit") + field_setting(panel, "mappings")):
            seen.add(key)
            claim = f"the {panel.type} shows numbers without a unit"
            yield question.board.spot(panel), claim, "set fieldConfig.defaults.unit; `none` shows the number as it is"


RULE = LintRule("missing-unit", "info", "a panel shows numbers without a unit", _find)
