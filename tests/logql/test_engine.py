"""The engine where the recorded cases do not reach: windows, folds, errors of a pipeline, limits and direction."""

import math
import statistics
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_check.errors import QueryError
from obs_check.logql import parse
from obs_check.logql.engine.evaluate import query_instant, query_range
from obs_check.logql.engine.list_source import ListSource
from obs_check.logql.engine.logs import LineChoice
from obs_check.model.entry import Entry, LogStream
from obs_check.model.result import Matrix, Scalar, Streams, Vector
from obs_check.model.window import Window
from tests.engine_settings import SETTINGS

S = 1_000_000_000
LINES = ListSource(
    [
        LogStream({"app": "a"}, [Entry(n * S, f'{{"n":"{n}","x":"y"}}') for n in range(1, 7)]),
        LogStream({"app": "b"}, [Entry(3 * S, "no json")]),
    ]
)


def instant(text: str, at: int = 6) -> dict[str, float]:
    result = query_instant(parse(text), LINES, at * S, settings=SETTINGS)
    assert isinstance(result, Vector)
    return {",".join(f"{k}={v}" for k, v in s.labels.items()): s.value for s in result.samples}


def test_a_window_leaves_out_its_start_and_has_its_end() -> None:
    assert instant('count_over_time({app="a"}[2s])', 4) == {"app=a": 2}
    assert instant('count_over_time({app="a"}[2s] offset 1s)', 4) == {"app=a": 2}
    assert instant('count_over_time({app="a"}[2s] offset -9s)', 4) == {}


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ('count_over_time({s="n"} | label_format z="{{__line__}}" [1h])', [1]),
        ('count(count_over_time({s="n"} | label_format z="{{__line__}}" [1h]))', [1]),
        ('sum by (k) (count_over_time({s="n"} | regexp "(?P<k>k=.*)" [1h]))', [1]),
        ('sum(count_over_time({s="n"} | label_format z="{{__line__}}" [1h]))', [2]),
        ('sum by (s) (count_over_time({s="n"} | label_format z="{{__line__}}" [1h]))', [2]),
        ('count_over_time({s="n"} | logfmt [1h])', [1, 1]),
    ],
)
def test_series_whose_labels_cannot_be_read_again_are_left_out(query: str, values: list[float]) -> None:
    """Loki 3.5.9 answered so: a value with U+FFFD, which stands for bytes that are not UTF-8."""
    lines = ListSource([LogStream({"s": "n"}, [Entry(S, "k=\ufffdx"), Entry(2 * S, "k=z")])])
    result = query_instant(parse(query), lines, 6 * S, settings=SETTINGS)
    assert isinstance(result, Vector)
    assert [sample.value for sample in result.samples] == values


def test_a_range_is_aligned_outwards_to_its_step() -> None:
    result = query_range(
        parse('sum(count_over_time({app="a"}[2s]))'), LINES, Window(3 * S, 5 * S), 2 * S, settings=SETTINGS
    )
    assert result == Matrix([type(result.series[0])({}, [(2 * S, 2.0), (4 * S, 2.0), (6 * S, 2.0)])])  # type: ignore[union-attr]


def test_a_log_query_has_its_start_and_leaves_out_its_end() -> None:
    window = Window(2 * S, 5 * S)
    result = query_range(parse('{app="a"}'), LINES, window, S, settings=SETTINGS, choice=LineChoice(2))
    assert isinstance(result, Streams)
    assert [e.ts for e in result.streams[0].entries] == [4 * S, 3 * S]
    result = query_range(parse('{app="a"}'), LINES, window, S, settings=SETTINGS, choice=LineChoice(2, "forward"))
    assert isinstance(result, Streams)
    assert [e.ts for e in result.streams[0].entries] == [2 * S, 3 * S]


def test_a_log_query_is_no_instant_query() -> None:
    with pytest.raises(QueryError, match="log queries are not supported as an instant query type"):
        query_instant(parse('{app="a"}'), LINES, S, settings=SETTINGS)


def test_an_error_fails_the_metric_unless_no_label_is_needed() -> None:
    assert instant('sum(count_over_time({app=~"a|b"} | json [9s]))') == {"": 7}
    with pytest.raises(QueryError, match=r"pipeline error: 'JSONParserErr' for series: '\{__error__="):
        instant('sum by (x) (count_over_time({app=~"a|b"} | json [9s]))')
    assert instant('sum by (x) (count_over_time({app=~"a|b"} | json | __error__="" [9s]))') == {"x=y": 6}
    assert instant('sum(count_over_time({app=~"a|b"} | json | __error__!="" [9s]))') == {"": 1}


def test_numbers_fold_and_division_by_zero_is_not_a_number() -> None:
    result = query_instant(parse("1 + 2 * 3 ^ 2"), LINES, S, settings=SETTINGS)
    assert result == Scalar(S, 19.0)
    zero = query_instant(parse("1 / 0"), LINES, S, settings=SETTINGS)
    assert isinstance(zero, Scalar)
    assert math.isnan(zero.value)


def test_many_to_many_is_refused() -> None:
    with pytest.raises(QueryError, match="many-to-many matching not allowed"):
        instant('count_over_time({app=~"a|b"}[9s]) + ignoring (app) count_over_time({app=~"a|b"}[9s])')


def test_an_absent_series_has_the_labels_that_the_selector_fixes() -> None:
    assert instant('absent_over_time({app="c", env=~"d"}[1s])') == {"app=c": 1}
    assert instant('absent_over_time({app="a"}[9s])') == {}


OVER: dict[str, Callable[[list[float]], float]] = {
    "sum_over_time": math.fsum,
    "avg_over_time": statistics.fmean,
    "max_over_time": max,
    "min_over_time": min,
    "stdvar_over_time": statistics.pvariance,
    "first_over_time": lambda v: v[0],
    "last_over_time": lambda v: v[-1],
}


@given(
    st.lists(
        st.tuples(st.integers(1, 60), st.integers(-1000, 1000)), min_size=1, max_size=40, unique_by=lambda p: p[0]
    ),
    st.sampled_from(sorted(OVER)),
    st.integers(1, 20),
    st.integers(1, 15),
)
def test_a_sliding_window_equals_a_new_scan_at_each_step(
    samples: list[tuple[int, int]], op: str, interval: int, step: int
) -> None:
    samples = sorted(samples)
    source = ListSource([LogStream({"app": "a"}, [Entry(t * S, f"v={v}") for t, v in samples])])
    text = f'{op}({{app="a"}} | logfmt | unwrap v [{interval}s])'
    result = query_range(parse(text), source, Window(0, 60 * S), step * S, settings=SETTINGS)
    assert isinstance(result, Matrix)
    got = dict(result.series[0].points) if result.series else {}
    for at in range(0, -(-60 // step) * step + 1, step):
        values = [float(v) for t, v in samples if at - interval < t <= at]
        assert (at * S in got) == bool(values)
        if values:
            assert math.isclose(got[at * S], OVER[op](values), rel_tol=1e-9, abs_tol=1e-6)
