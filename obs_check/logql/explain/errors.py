"""Which stages set `__error__`, and how a count is grouped by it on a Loki that refuses metrics with errors."""

from collections.abc import Mapping, Sequence

from obs_check.logql.stages.formats import FORMAT_ERROR
from obs_check.logql.stages.json_full import JSON_ERROR
from obs_check.logql.stages.label_filter import FILTER_ERROR
from obs_check.logql.stages.logfmt import LOGFMT_ERROR
from obs_check.logql.stages.row import ERROR, ERROR_DETAILS
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import comparisons

COPY = "obs_check_error"
"""The label that is a copy of the error."""
_DETAILS = "obs_check_details"
_DROP = ast.DropLabels((ast.LabelChoice(ERROR), ast.LabelChoice(ERROR_DETAILS)))
_EVERY_LINE = ast.LineFilter("|=", (ast.LineMatch(""),))


def can_fail(stage: ast.Stage) -> bool:
    """Whether the stage can set an error on a line."""
    return any(sets_error(stage, kind) for kind in (JSON_ERROR, LOGFMT_ERROR, FORMAT_ERROR, FILTER_ERROR))


def sets_error(stage: ast.Stage, kind: str) -> bool:
    """Whether an error of that kind can come from the stage."""
    match stage:
        case ast.JsonParser() | ast.UnpackParser():
            return kind == JSON_ERROR
        case ast.LogfmtParser(strict=strict):
            return strict and kind == LOGFMT_ERROR
        case ast.LineFormat():
            return kind == FORMAT_ERROR
        case ast.LabelFormat(assignments):
            return kind == FORMAT_ERROR and not all(one.rename for one in assignments)
        case ast.LabelFilter(predicate):
            return kind == FILTER_ERROR and not texts_only(predicate)
        case _:
            return False


def drops_errors(stage: ast.Stage) -> bool:
    """Whether the stage takes errors off lines, all of them or some."""
    return isinstance(stage, ast.DropLabels) and any(choice.name == ERROR for choice in stage.choices)


def drops_only_errors(stage: ast.Stage) -> bool:
    """Whether the stage changes nothing on a line without an error."""
    return isinstance(stage, ast.DropLabels) and all(c.name in (ERROR, ERROR_DETAILS) for c in stage.choices)


def leaves_no_error(stage: ast.Stage) -> bool:
    """Whether no line has an error behind the stage."""
    match stage:
        case ast.DropLabels(choices):
            return any(choice.name == ERROR and choice.matcher is None for choice in choices)
        case ast.LabelFilter(ast.StringPredicate(ast.Matcher(name, op, value))):
            return (name, op, value) == (ERROR, "=", "")
        case _:
            return False


def texts_only(predicate: ast.Predicate) -> bool:
    """Whether a predicate compares texts and nothing else."""
    return all(isinstance(comparison, ast.StringPredicate) for comparison in comparisons(predicate))


def error_label(stages: Sequence[ast.Stage]) -> str | None:
    """The label by which lines that passed the stages are counted by their error; None when there can be none.

    Loki 3.5 lets `by (__error__)` count the errors of parsers alone: others are counted by a copy of the label, which
    costs a template a line.
    """
    failing = [stage for stage in stages if can_fail(stage)]
    if not failing:
        return None
    parsers = all(isinstance(stage, ast.JsonParser | ast.UnpackParser | ast.LogfmtParser) for stage in failing)
    return ERROR if parsers else COPY


def copied(stages: Sequence[ast.Stage], of_logs: bool, details: bool = False) -> tuple[ast.Stage, ...]:
    """The stages, and behind them those that put a copy of the error, and of its `details`, in the error's place.

    Loki 3.5 leaves a `line_format` out of a metric query where nothing reads the line behind it. When the stages are
    `of_logs`, a filter that keeps every line reads it.
    """
    names = {COPY: ERROR, **({_DETAILS: ERROR_DETAILS} if details else {})}
    copies = tuple(ast.LabelAssignment(copy, f"{{{{.{name}}}}}") for copy, name in names.items())
    read = (_EVERY_LINE,) if of_logs and any(isinstance(stage, ast.LineFormat) for stage in stages) else ()
    return (*stages, ast.LabelFormat(copies), _DROP, *read)


def without_errors(stages: Sequence[ast.Stage]) -> tuple[ast.Stage, ...]:
    """The stages, and behind them one that drops the error of a line."""
    return (*stages, _DROP)


def error_of(labels: Mapping[str, str]) -> str:
    """The kind of error of lines that were counted by error_label; empty for none."""
    return labels.get(ERROR) or labels.get(COPY, "")
