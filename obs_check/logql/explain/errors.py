"""How a count is grouped by `__error__` on a Loki that refuses metrics with errors."""

from collections.abc import Mapping, Sequence

from obs_check.logql.stages.registry import effect_of
from obs_check.logql.stages.row import ERROR, ERROR_DETAILS
from obs_check.logql.syntax import ast

COPY = "obs_check_error"
"""The label that is a copy of the error."""
_DETAILS = "obs_check_details"
_DROP = ast.DropLabels((ast.LabelChoice(ERROR), ast.LabelChoice(ERROR_DETAILS)))
_EVERY_LINE = ast.LineFilter("|=", (ast.LineMatch(""),))


def error_label(stages: Sequence[ast.Stage]) -> str | None:
    """The label by which lines that passed the stages are counted by their error; None when there can be none.

    Loki 3.5 lets `by (__error__)` count the errors of parsers alone: others are counted by a copy of the label, which
    costs a template a line.
    """
    failing = [stage for stage in stages if effect_of(stage).error]
    if not failing:
        return None
    parsers = all(isinstance(stage, ast.Parser) for stage in failing)
    return ERROR if parsers else COPY


def copy_errors(stages: Sequence[ast.Stage], of_logs: bool, details: bool = False) -> tuple[ast.Stage, ...]:
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
