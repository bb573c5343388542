"""Where a query loses its lines, found with few questions.

Some lines that pass the query's first line filters are asked for and run through the other stages here: that says at
which stage they die. Loki is then asked only for the counts before and after that stage; where the lines at hand
misled (the newest may not be like the rest), the stages are halved until two neighbours are left.

Counting uses `sum(count_over_time(...))`. Loki 3.5 skips a parser when no label behind it is needed, so a rung that
ends in a parser counts lines, not parsed lines; the rungs after it are what tells.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TypeVar

from obs_check.errors import QueryError, Refused
from obs_check.evidence.questions import Loki
from obs_check.logql import to_text
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.compile import compile_stage
from obs_check.logql.stages.label_filter import FILTER_ERROR
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax import ast
from obs_check.model.entry import Labels
from obs_check.model.probe import Probe
from obs_check.model.window import Window

SAMPLE = 50
"""Lines that are looked at to see where they die."""


@dataclass(frozen=True, slots=True)
class Rung:
    """Lines that survive the first `stages` stages (0 = the selector alone)."""

    stages: int
    text: str
    lines: float
    probe: Probe


def count_query(query: ast.LogQuery, window: Window) -> str:
    """A metric query that counts the lines of a log query in a window, to be asked at the window's end."""
    return f"sum(count_over_time({to_text(query)} [{range_s(window)}s]))"


def range_s(window: Window) -> int:
    """The length of a window as a range that ends with it: whole seconds, one at least."""
    return max(1, round(window.seconds))


@dataclass(frozen=True, slots=True)
class Funnel:
    """`rungs` are the counts that were asked for, upward: where lines die the last two are neighbours, one with lines
    and one without. `lines` pass the first `head` stages and carry the labels that these set; `probe` has them.
    `settings` are those of the engine for what is done with the lines."""

    rungs: tuple[Rung, ...]
    head: int
    lines: tuple[tuple[Labels, str], ...]
    probe: Probe
    settings: EngineSettings


def measure(query: ast.LogQuery, window: Window, loki: Loki, settings: EngineSettings) -> Funnel:
    """The funnel of a query in a window: one sample, and two counts unless the sample misleads."""
    stages = query.stages
    head = len(list(takewhile(lambda s: isinstance(s, ast.LineFilter), stages)))

    def rung(upto: int) -> Rung:
        return count_rung(query, upto, window, loki)

    lines, probe = loki.lines(to_text(replace(query, stages=stages[:head])), window, SAMPLE)
    if not lines:
        alone = rung(0) if head else Rung(0, to_text(replace(query, stages=())), 0.0, probe)
        rungs = [alone] if not alone.lines else _halved(alone, rung(head), rung) if head else [alone]
        return Funnel(tuple(rungs), head, (), probe, settings)
    known = Rung(head, to_text(replace(query, stages=stages[:head])), float(len(lines)), probe)
    guess = _dies_at(stages[head:], lines, settings)
    top = rung(len(stages) if guess is None else head + guess + 1)
    if top.lines:
        last = rung(len(stages)) if top.stages < len(stages) else top
        rungs = [last] if last.lines else _halved(top, last, rung)
    elif guess is None:
        rungs = _halved(known, top, rung)
    else:
        before = rung(top.stages - 1)
        rungs = [before, top] if before.lines else _halved(known, before, rung)
    if len(rungs) > 1 and not _passing(stages[head : rungs[-2].stages], lines, settings):
        # The newest lines are not like those that get this far, so these are looked at instead.
        head = rungs[-2].stages
        lines, probe = loki.lines(rungs[-2].text, window, SAMPLE)
    return Funnel(tuple(rungs), head, tuple(lines), probe, settings)


def _passing(stages: Sequence[ast.Stage], lines: Sequence[tuple[Labels, str]], settings: EngineSettings) -> bool:
    try:
        return bool(passing_rows(stages, lines, settings))
    except QueryError:
        return True


def count_rung(query: ast.LogQuery, upto: int, window: Window, loki: Loki) -> Rung:
    """Lines that pass the first `upto` stages. Lines with an error, which Loki refuses to count, are left out."""
    prefix = replace(query, stages=query.stages[:upto])
    if any(effect_of(stage).error == FILTER_ERROR for stage in prefix.stages):
        lines, probe = loki.count(count_query(replace(prefix, stages=(*prefix.stages, NO_ERROR)), window), window)
        return Rung(upto, to_text(prefix), lines, probe)
    try:
        lines, probe = loki.count(count_query(prefix, window), window)
    except Refused as refused:
        if "pipeline error" not in refused.body:
            raise
        sound = replace(prefix, stages=(*prefix.stages, NO_ERROR))
        lines, probe = loki.count(count_query(sound, window), window)
    return Rung(upto, to_text(prefix), lines, probe)


NO_ERROR = ast.LabelFilter(ast.StringPredicate(ast.Matcher("__error__", "=", "")))


def _halved(low: Rung, high: Rung, rung: Callable[[int], Rung]) -> list[Rung]:
    """Neighbours of which the lower has lines and the upper has none; `low` has lines. Where both are the same place,
    lines were there at one time and not at the other: no stage drops them."""
    if high.lines:
        return [high]
    if low.stages >= high.stages:
        return [low]
    while high.stages - low.stages > 1:
        middle = rung((low.stages + high.stages) // 2)
        low, high = (middle, high) if middle.lines else (low, middle)
    return [low, high]


def passing_rows(
    stages: Sequence[ast.Stage], lines: Sequence[tuple[Labels, str]], settings: EngineSettings
) -> list[Row]:
    """The lines that pass the stages, with the labels they have then. QueryError for a stage that Loki refuses."""
    found = [Row(0, line, labels, {}) for labels, line in lines]
    for stage in stages:
        function = compile_stage(stage, settings)
        found = [row for row in found if function(row)]
    return found


F = TypeVar("F", ast.LineFilter, ast.LabelFilter)


def first_passed(
    likely: Iterable[F],
    before: Sequence[ast.Stage],
    behind: Sequence[ast.Stage],
    lines: Sequence[tuple[Labels, str]],
    settings: EngineSettings,
) -> F | None:
    """The first filter that lines pass together with the stages behind it; else the first that they pass by itself."""
    alone: F | None = None
    for one in likely:
        try:
            if passing_rows((*before, one, *behind), lines, settings):
                return one
            if alone is None and passing_rows((*before, one), lines, settings):
                alone = one
        except QueryError:
            continue
    return alone


def _dies_at(stages: Sequence[ast.Stage], lines: Sequence[tuple[Labels, str]], settings: EngineSettings) -> int | None:
    """Number of the stage that the last of the lines does not pass; None when some pass all."""
    found = [Row(0, line, labels, {}) for labels, line in lines]
    for number, stage in enumerate(stages):
        try:
            function = compile_stage(stage, settings)
        except QueryError:
            return None
        # Loki keeps a line whose label is not a number, with an error, and refuses to count it.
        typed = effect_of(stage).error == FILTER_ERROR
        found = [row for row in found if function(row) and not (typed and row.error)]
        if not found:
            return number
    return None
