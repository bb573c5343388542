"""The queries of a case, run on its lines and compared with what the test wants."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from obs_check.errors import QueryError
from obs_check.logql import parse
from obs_check.logql.engine.evaluate import query_instant, query_range
from obs_check.logql.engine.logs import LineChoice
from obs_check.logql.syntax.ast import LogQuery
from obs_check.model.result import Matrix, Result, Scalar, Streams, Vector
from obs_check.model.window import Window
from obs_check.testing.offline import CaseApis
from obs_check.testing.outcome import Checked
from obs_check.testing.suite import Case, QueryWant

_MOST_LINES = 5000


def checked_query(case: Case, want: QueryWant, given: CaseApis) -> Checked:
    """One query and whether it answers what the test wants."""
    subject = f"query {' '.join(want.text.split())}"
    try:
        result = _answer(case, want, given)
    except QueryError as error:
        if want.error and want.error in error.message:
            return Checked(subject, "")
        wanted = (f"refused: {want.error}",) if want.error else _expected(want)
        return Checked(subject, f"refused: {error.message}", wanted, (f"refused: {error.message}",))
    got = _got(result)
    if want.error:
        return Checked(subject, f"was not refused: {want.error}", (f"refused: {want.error}",), got)
    expected = _expected(want)
    same = sorted(got) == sorted(expected) if want.lines is None else got == expected
    if not same and want.samples is not None and not isinstance(result, Streams):
        same = _close(want.samples, result)
    if same:
        return Checked(subject, "", expected, got)
    missing, extra = [x for x in expected if x not in got], [x for x in got if x not in expected]
    said = [f"missing {'; '.join(missing)}"] if missing else []
    said += [f"not expected {'; '.join(extra)}"] if extra else []
    return Checked(subject, "; ".join(said) or "another order or number of lines", expected, got)


def _answer(case: Case, want: QueryWant, given: CaseApis) -> Result:
    expr = parse(want.text)
    window = Window(case.at_ns - want.range_ns, case.at_ns)
    if isinstance(expr, LogQuery):
        # The end of a log query is exclusive; a line of the very moment belongs to the test.
        window = replace(window, end_ns=case.at_ns + 1)
        choice = LineChoice(_MOST_LINES, "forward")
        return query_range(expr, given.store, window, 0, settings=given.settings, choice=choice)
    if want.step_ns:
        return query_range(expr, given.store, window, want.step_ns, settings=given.settings)
    return query_instant(expr, given.store, case.at_ns, settings=given.settings)


def _got(result: Result) -> tuple[str, ...]:
    if isinstance(result, Streams):
        rows = [(entry.ts, entry.line) for stream in result.streams for entry in stream.entries]
        return tuple(line for _, line in sorted(rows, key=lambda row: row[0]))
    return tuple(_row(labels, numbers) for labels, numbers in _numbers(result))


def _expected(want: QueryWant) -> tuple[str, ...]:
    if want.lines is not None:
        return want.lines
    return tuple(_row(labels, numbers) for labels, numbers in want.samples or ())


def _numbers(result: Result) -> list[tuple[Mapping[str, str], tuple[float, ...]]]:
    match result:
        case Vector(samples):
            return [(s.labels, (s.value,)) for s in samples]
        case Matrix(series):
            return [(s.labels, tuple(value for _, value in s.points)) for s in series]
        case Scalar(_, value):
            return [({}, (value,))]
        case _:
            return []


def _close(want: Sequence[tuple[Mapping[str, str], tuple[float, ...]]], result: Result) -> bool:
    """Whether series and numbers are the same but for rounding."""
    found = {frozenset(labels.items()): numbers for labels, numbers in _numbers(result)}
    wanted = {frozenset(labels.items()): numbers for labels, numbers in want}
    return found.keys() == wanted.keys() and all(
        len(found[key]) == len(numbers)
        and all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) for a, b in zip(found[key], numbers, strict=True))
        for key, numbers in wanted.items()
    )


def _row(labels: Mapping[str, str], numbers: Sequence[float]) -> str:
    inside = ", ".join(f"{k}={v}" for k, v in sorted(labels.items()))
    return f"{{{inside}}} {' '.join(f'{n:g}' for n in numbers)}"
