"""Stages of the tree made into one function over rows."""

from collections.abc import Iterable, Sequence

from obs_check.errors import QueryError
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.hints import NO_HINTS, Hints, ParserHints
from obs_check.logql.stages.label_filter import checked_label, compile_predicate
from obs_check.logql.stages.registry import kind_of
from obs_check.logql.stages.row import Row, StageFunction
from obs_check.logql.syntax import ast


def compile_stage(stage: ast.Stage, settings: EngineSettings, hints: Hints = NO_HINTS) -> StageFunction:
    """One stage; QueryError with the stage's place when Loki would refuse it. `hints` are for parsers."""
    try:
        return kind_of(stage).compile(stage, settings, ParserHints(hints, settings.loki))
    except QueryError as error:
        if error.start is None:
            error.start, error.end = stage.span
        raise


def check_stage(stage: ast.Stage) -> None:
    """QueryError with the stage's place when Loki would refuse it, whatever lines it meets and when."""
    compile_stage(stage, EngineSettings(lambda: 0))


def compile_stages(stages: Sequence[ast.Stage], settings: EngineSettings) -> StageFunction:
    """All stages in order, as one function."""
    return chain([compile_stage(stage, settings) for stage in stages])


_PARTS = ast.LabelFilter | ast.LineFormat | ast.UnpackParser
"""Stages that no line filter is moved across."""


def run_as_one(stages: Sequence[ast.Stage], place: int) -> tuple[ast.Stage, ...]:
    """The line filters that Loki 3.5 makes one stage of with that of number `place`; any other stage alone."""
    if not isinstance(stages[place], ast.LineFilter):
        return (stages[place],)
    parts = [number for number, stage in enumerate(stages) if isinstance(stage, _PARTS)]
    first = max((number for number in parts if number < place), default=-1) + 1
    end = min((number for number in parts if number > place), default=len(stages))
    return tuple(stage for stage in stages[first:end] if isinstance(stage, ast.LineFilter))


def loki_order(stages: Sequence[ast.Stage]) -> list[tuple[int, ast.Stage]]:
    """The stages with their places, in the order in which Loki 3.5 runs them: line filters come before a `decolorize`
    that no label filter, line_format or unpack parts them from. (It moves them before parsers too, which changes no
    answer and is left out here.)"""
    ordered: list[tuple[int, ast.Stage]] = []
    held: list[tuple[int, ast.Stage]] = []
    for numbered in enumerate(stages):
        stage = numbered[1]
        ends = isinstance(stage, _PARTS)
        if isinstance(stage, ast.LineFilter):
            ordered.append(numbered)
        elif isinstance(stage, ast.Decolorize) or (held and not ends):
            held.append(numbered)
        else:
            ordered += [*held, numbered]
            held.clear()
    return ordered + held


def first_checks(stages: Iterable[ast.Stage]) -> dict[str, StageFunction]:
    """The first plain label filter by label: see Hints.checks."""
    checks: dict[str, StageFunction] = {}
    for stage in stages:
        if isinstance(stage, ast.LabelFilter) and (name := checked_label(stage.predicate)) is not None:
            checks.setdefault(name, compile_predicate(stage.predicate))
    return checks


def compile_pipeline(stages: Sequence[ast.Stage], settings: EngineSettings) -> StageFunction:
    """The stages of a log query as Loki 3.5 runs them."""
    hints = Hints(checks=first_checks(stages))
    return chain([compile_stage(stage, settings, hints) for _, stage in loki_order(stages)])


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
