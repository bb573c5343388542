"""Lines of a Loki that show what a stage does: one request for each."""

from dataclasses import replace

from obs_check.app.query.explain_questions import Questions
from obs_check.errors import Unavailable
from obs_check.logql.explain.negated import negate_stage
from obs_check.logql.stages.label_filter import compile_predicate
from obs_check.logql.stages.line_filter import compile_line_filter
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax import ast
from obs_check.model.window import Window

_CHANGES_LINE = ast.LineFormat | ast.Decolorize | ast.UnpackParser
_BEFORE = "obs_check_line_"


def kept_line(query: ast.LogQuery, window: Window, questions: Questions) -> tuple[Row | None, list[str | None]]:
    """The newest row that passes the query, and its line behind the selector and behind each stage.

    Labels remember what the line was before a stage that changes it; a `keep` behind that takes them away, and the line
    is not known there.
    """
    stages: list[ast.Stage] = []
    for number, stage in enumerate(query.stages):
        if isinstance(stage, _CHANGES_LINE):
            stages.append(ast.LabelFormat((ast.LabelAssignment(f"{_BEFORE}{number}", "{{__line__}}"),)))
        stages.append(stage)
    row = _example(replace(query, stages=tuple(stages)), window, questions)
    lines: list[str | None] = [row.line if row else None]
    for number in reversed(range(len(query.stages))):
        changes = isinstance(query.stages[number], _CHANGES_LINE)
        before = row.parsed.pop(f"{_BEFORE}{number}", None) if row and changes else lines[0]
        lines.insert(0, before)
    return row, lines


def dropped_line(query: ast.LogQuery, number: int, window: Window, questions: Questions) -> Row | None:
    """A row that a stage drops, as it is before it; None where the stages that keep such rows let another one pass."""
    before, stage = query.stages[:number], query.stages[number]
    match stage:
        case ast.LineFilter():
            keeps = compile_line_filter(stage)
        case ast.LabelFilter():
            keeps = compile_predicate(stage.predicate)
        case _:
            return None
    row = _example(replace(query, stages=(*before, *negate_stage(stage))), window, questions)
    return row if row is not None and not keeps(row.copy()) else None


def _example(query: ast.LogQuery, window: Window, questions: Questions) -> Row | None:
    """None also where Loki refuses or takes too long: an explanation is worth more than its examples."""
    try:
        return questions.example(query, window)
    except Unavailable:
        return None
