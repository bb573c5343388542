"""labels-not-fields: a transformation looks for labels where lines have them in a field."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.logql.syntax import ast

_REMEDY = "take them with extractFields from the field `labels`"


def _find(material: Material) -> Iterator[Found]:
    panels: dict[tuple[int, int], list[Question]] = {}
    for question in material.questions:
        if question.board is not None and question.panel is not None and question.is_asked:
            panels.setdefault((id(question.board), question.panel.id), []).append(question)
    for questions in panels.values():
        board, panel = questions[0].board, questions[0].panel
        # Grafana: a frame of log lines has all labels of a line in the field `labels`, as JSON, and none on its fields.
        if board is None or panel is None or not all(isinstance(one.logql, ast.LogQuery) for one in questions):
            continue
        # What stands in front of it may make labels, or take them out of that field.
        if [step.id for step in panel.transformations if not step.disabled][:1] == ["labelsToFields"]:
            claim = "labelsToFields finds no labels: those of log lines stand in the field `labels`"
            yield board.spot(panel), claim, _REMEDY


RULE = LintRule("labels-not-fields", "warning", "labelsToFields over frames of log lines", _find)
