"""instant-needs-range: a panel that draws over time asks for one moment."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule

_OVER_TIME = {"timeseries", "graph", "state-timeline", "status-history", "heatmap"}

_REMEDY = "make it a range query (its type is Range in the query's options), or the panel one of single values or rows"


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        panel = question.panel
        if panel and any(not step.disabled for step in panel.transformations):
            # What is made of it may be limits, or no points at all (`configFromData`).
            continue
        if type(question.promql).__name__ == "MatrixSelector":
            # It answers all samples of its range.
            continue
        if panel and panel.type in _OVER_TIME and question.instant and question.is_asked:
            claim = f"a {panel.type} panel draws a single point of an instant query"
            yield question.spot, claim, _REMEDY


RULE = LintRule("instant-needs-range", "warning", "an instant query feeds a panel that draws over time", _find)
