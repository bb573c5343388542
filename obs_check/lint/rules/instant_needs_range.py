"""instant-needs-range: a panel that draws over time asks for one moment."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule

_OVER_TIME = {"timeseries", "graph", "trend", "state-timeline", "status-history", "heatmap"}


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        if question.panel and question.panel.type in _OVER_TIME and question.instant:
            claim = f"a {question.panel.type} panel draws a single point of an instant query"
            yield question.spot, claim, "make it a range query: its type is Range in the query's options"


RULE = LintRule("instant-needs-range", "warning", "an instant query feeds a panel that draws over time", _find)
