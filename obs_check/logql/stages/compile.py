"""Stages of the tree made into one function over rows."""

from collections.abc import Sequence

from obs_check.errors import QueryError
from obs_check.logql.stages.formats import compile_label_format, compile_line_format
from obs_check.logql.stages.json_expressions import compile_json_expressions
from obs_check.logql.stages.json_full import compile_json
from obs_check.logql.stages.label_filter import compile_predicate
from obs_check.logql.stages.line_filter import compile_line_filter
from obs_check.logql.stages.logfmt import compile_logfmt, compile_logfmt_expressions
from obs_check.logql.stages.pattern import compile_pattern
from obs_check.logql.stages.regexp import compile_regexp
from obs_check.logql.stages.row import Row, StageFunction
from obs_check.logql.stages.select import compile_decolorize, compile_drop, compile_keep
from obs_check.logql.stages.unpack import compile_unpack
from obs_check.logql.syntax import ast


def compile_stage(stage: ast.Stage) -> StageFunction:
    """One stage; QueryError with the stage's place when Loki would refuse it."""
    try:
        return _compile(stage)
    except QueryError as error:
        if error.start is None:
            error.start, error.end = stage.span
        raise


def _compile(stage: ast.Stage) -> StageFunction:
    match stage:
        case ast.LineFilter():
            return compile_line_filter(stage)
        case ast.JsonParser():
            return compile_json_expressions(stage) if stage.extractions else compile_json()
        case ast.LogfmtParser():
            return compile_logfmt_expressions(stage) if stage.extractions else compile_logfmt(stage)
        case ast.RegexpParser():
            return compile_regexp(stage)
        case ast.PatternParser():
            return compile_pattern(stage)
        case ast.UnpackParser():
            return compile_unpack()
        case ast.LabelFilter():
            return compile_predicate(stage.predicate)
        case ast.LineFormat():
            return compile_line_format(stage)
        case ast.LabelFormat():
            return compile_label_format(stage)
        case ast.DropLabels():
            return compile_drop(stage)
        case ast.KeepLabels():
            return compile_keep(stage)
        case ast.Decolorize():
            return compile_decolorize()


def compile_stages(stages: Sequence[ast.Stage]) -> StageFunction:
    """All stages in order, as one function."""
    return chain([compile_stage(stage) for stage in stages])


def chain(functions: Sequence[StageFunction]) -> StageFunction:
    """The functions one after the other; the row is dropped at the first that answers False."""
    if not functions:
        return lambda _row: True
    if len(functions) == 1:
        return functions[0]

    def run(row: Row) -> bool:
        for function in functions:  # noqa: SIM110 - a generator would cost a fifth of the speed
            if not function(row):
                return False
        return True

    return run
