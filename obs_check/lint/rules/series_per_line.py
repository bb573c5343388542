"""series-per-line: a parser that makes a label of every field, counted with nothing that puts the series together.

Loki counts by all labels that a line has behind a parser: lines that differ in one field are series of their own, and a
query with more than 500 of them is refused (`max_query_series`).
"""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule
from obs_check.logql.syntax import ast

_NUMBERS = {"stat", "singlestat", "gauge", "bargauge", "piechart", "barchart", "timeseries", "graph"}
_REMEDY = (
    "say by what it counts: an aggregation around it (`sum by (...) (...)`), or the grouping of what takes values, "
    "`quantile_over_time(...) by (...)`"
)
_KEEPS_SERIES = {"topk", "bottomk", "sort", "sort_desc", "approx_topk"}


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        panel = question.panel
        if panel is None or panel.type not in _NUMBERS or question.logql is None or not question.is_asked:
            continue
        if any(not step.disabled for step in panel.transformations):
            continue
        counted = _counted_apart(question.logql)
        if counted is not None:
            parser = _parser_of_all(counted.range.query.stages)
            claim = f"behind `| {parser}` every field is a label: lines that differ in one are series of their own"
            yield question.spot, claim, _REMEDY


def _counted_apart(node: ast.Expr) -> ast.RangeAggregation | None:
    """What counts lines by all labels that they have, with nothing around it that puts the series together."""
    match node:
        case ast.RangeAggregation() if node.grouping is None and node.op != "absent_over_time":
            return node if _parser_of_all(node.range.query.stages) else None
        case ast.VectorAggregation() if node.op in _KEEPS_SERIES or (node.grouping and node.grouping.without):
            return _counted_apart(node.expr)
        case ast.LabelReplace():
            return _counted_apart(node.expr)
        case ast.BinaryOperation():
            return _counted_apart(node.left) or _counted_apart(node.right)
        case _:
            return None


def _parser_of_all(stages: tuple[ast.Stage, ...]) -> str:
    """The last parser without a choice of fields; "" where a stage takes labels away."""
    if any(isinstance(stage, ast.KeepLabels | ast.DropLabels) for stage in stages):
        return ""
    bare = [
        str(stage.WORD)
        for stage in stages
        if isinstance(stage, ast.UnpackParser)
        or (isinstance(stage, ast.JsonParser | ast.LogfmtParser) and not stage.extractions)
    ]
    return bare[-1] if bare else ""


RULE = LintRule("series-per-line", "warning", "every field that is parsed makes series of its own", _find)
