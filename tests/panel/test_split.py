"""Loki queries day by day, and their answers as one."""

from typing import Any

import pytest

from obs_check.panel.frames import Field, Frame, RefResult
from obs_check.panel.split import DAY_MS, chunks, is_split, join_results

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("query", "days", "wanted"),
    [
        ({"expr": "{a=~`b`}"}, 7, True),
        ({"expr": "{a=~`b`}"}, 1, False),
        ({"expr": "sum(rate({a=~`b`}[$__interval]))"}, 2, True),
        ({"expr": "sum(rate({a=~`b`}[$__range]))"}, 7, False),
        ({"expr": "sum(rate({a=~`b`}[$__range_s]))"}, 7, False),
        ({"expr": "sum(rate({a=~`b`}[${__range}]))"}, 7, True),
        ({"expr": "sum(rate({a=~`b`}[$__auto]))", "queryType": "instant"}, 7, False),
    ],
)
def test_what_is_split(query: dict[str, Any], days: int, wanted: bool) -> None:
    assert is_split(query, 0, days * DAY_MS) is wanted


@pytest.mark.parametrize(
    ("query", "start", "end", "wanted"),
    [
        ({"expr": "{a=`b`}"}, 0, 60 * HOUR, [(36, 60), (12, 36), (0, 12)]),
        ({"expr": "{a=`b`}", "direction": "forward"}, 0, 60 * HOUR, [(0, 12), (12, 36), (36, 60)]),
        ({"expr": "rate({a=`b`}[1h])", "intervalMs": HOUR}, 30 * HOUR // 60, 50 * HOUR, [(48, 50), (24, 47), (0, 23)]),
        ({"expr": "rate({a=`b`}[1h])", "step": "5h"}, 0, 45 * HOUR, [(40, 45), (20, 35), (0, 15)]),
        ({"expr": "rate({a=`b`}[1h])", "step": "2d"}, 0, 50 * HOUR, [(0, 50)]),
    ],
)
def test_the_chunks(query: dict[str, Any], start: int, end: int, wanted: list[tuple[int, int]]) -> None:
    assert [(a // HOUR, b // HOUR) for a, b in chunks(query, start, end)] == wanted


def metric(labels: dict[str, str], times: list[int], values: list[float]) -> Frame:
    return Frame([Field("Time", "time", times), Field("Value", "number", values, labels)])


def lines(times: list[int], texts: list[str]) -> Frame:
    return Frame([Field("Time", "time", times), Field("Line", "string", texts)])


def test_series_are_joined_in_the_order_of_time() -> None:
    newer = RefResult("A", [metric({"a": "x"}, [3, 4], [3, 4])])
    older = RefResult("A", [metric({"a": "x"}, [1, 2], [1, 2]), metric({"a": "y"}, [1], [9])], notices=("partial",))
    found = join_results([newer, older], False)
    assert [(f.fields[0].values, f.fields[1].values) for f in found.frames] == [
        ([1, 2, 3, 4], [1, 2, 3, 4]),
        ([1], [9]),
    ]
    assert found.notices == ("partial",)


@pytest.mark.parametrize(("forward", "wanted"), [(False, ["d", "c", "b"]), (True, ["b", "c", "d"])])
def test_lines_are_joined_in_their_direction(forward: bool, wanted: list[str]) -> None:
    found = join_results([RefResult("A", [lines([4, 3], ["d", "c"])]), RefResult("A", [lines([2], ["b"])])], forward)
    assert found.frames[0].fields[1].values == wanted


def test_an_error_stays_beside_what_came() -> None:
    found = join_results([RefResult("A", [lines([4], ["d"])]), RefResult("A", [], error="too long", status=504)], False)
    assert (found.error, found.status, found.frames[0].rows) == ("too long", 504, 1)
