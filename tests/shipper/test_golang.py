"""Times, durations, sizes, JSON and JMESPath as Go programs read and write them."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from obs_check.golang.jsontext import write
from obs_check.golang.numbers import format_float
from obs_check.golang.quantity import duration_ns, size_bytes
from obs_check.model.window import NS
from obs_check.shipper.jmespath.search import search
from obs_check.shipper.stages.timestamp import read_time

NOW = 1_795_600_000_000_000_000  # 2026-11-25


@pytest.mark.parametrize(
    ("layout", "text", "want"),
    [
        ("RFC3339", "2026-11-20T00:00:01.5Z", 1_795_132_801_500_000_000),
        ("RFC1123", "Fri, 20 Nov 2026 00:00:01 UTC", 1_795_132_801_000_000_000),
        ("RFC1123Z", "Fri, 20 Nov 2026 01:00:01 +0100", 1_795_132_801_000_000_000),
        ("UnixDate", "Fri Nov 20 00:00:01 UTC 2026", 1_795_132_801_000_000_000),
        ("RFC850", "Friday, 20-Nov-26 00:00:01 UTC", 1_795_132_801_000_000_000),
        ("Unix", "1795132801.25", 1_795_132_801_250_000_000),
        ("UnixNs", "1795132801000000007", 1_795_132_801_000_000_007),
        ("Jan _2 15:04:05", "Nov 20 00:00:01", 1_795_132_801_000_000_000),
        ("2006-01-02 03:04:05 PM", "2026-11-20 12:00:01 AM", 1_795_132_801_000_000_000),
        ("2006-01-02T15:04:05.000", "2026-11-20T00:00:01.250", 1_795_132_801_250_000_000),
        ("2006 002", "2026 324", 1_795_132_800_000_000_000),
        ("2006 04 2006-01-02 04", "1999 33 2026-11-20 00", 1_795_132_800_000_000_000),
    ],
)
def test_times(layout: str, text: str, want: int) -> None:
    assert read_time(layout, text, None, lambda: NOW) == want


def test_the_first_time_that_go_knows_in_a_zone() -> None:
    """A program's unset time."""
    zone = ZoneInfo("America/New_York")
    assert read_time("2006-01-02 15:04:05", "0001-01-01 00:00:00", zone, lambda: NOW) == -62_135_596_800 * NS


@pytest.mark.parametrize(
    ("layout", "text"),
    [("RFC3339", "2026-11-20"), ("Unix", "x"), ("RFC3339", "2026-13-20T00:00:00Z"), ("Jan 2", "Foo 1")],
)
def test_no_times(layout: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_time(layout, text, None, lambda: NOW)


@pytest.mark.parametrize(("text", "ns"), [("1h30m", 5_400 * 10**9), ("1.5s", 1_500_000_000), ("-2ms", -2_000_000)])
def test_durations(text: str, ns: int) -> None:
    assert duration_ns(text) == ns


@pytest.mark.parametrize(
    ("text", "size"), [("90B", 90), ("1KiB", 1024), ("2MiB", 2 << 20), ("8kb", 8192), ("1MB", 1 << 20), ("7", 7)]
)
def test_sizes(text: str, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1.0, "a": "<x>"}, '{"a":"\\u003cx\\u003e","b":1}'),
        ([1e21, 1e-7, 0.1, True, None], "[1e+21,1e-7,0.1,true,null]"),
    ],
)
def test_json_is_written_as_go_writes_it(value: Any, text: str) -> None:
    assert write(value) == text


def test_floats_have_no_exponent() -> None:
    assert [format_float(v) for v in (7.0, 1e21, 0.1, 1e-7)] == ["7", "1" + "0" * 21, "0.1", "0.0000001"]


DATA = {"a": {"b": [{"n": 1.0, "s": "x"}, {"n": 2.0, "s": "y"}]}, "t": "text", "l": [[1.0], [2.0, 3.0]], "q r": 5.0}


@pytest.mark.parametrize(
    ("path", "want"),
    [
        ("a.b[0].n", 1.0),
        ("a.b[-1].s", "y"),
        ("a.b[*].n", [1.0, 2.0]),
        ("a.b[?n > `1`].s", ["y"]),
        ("a.b[?s == 'x'] | [0].n", 1.0),
        ("a.none.x", None),
        ("none || t", "text"),
        ("a && t", "text"),
        ("!none", True),
        ("l[]", [1.0, 2.0, 3.0]),
        ("l[1:]", [[2.0, 3.0]]),
        ('"q r"', 5.0),
        ("a.*", [[{"n": 1.0, "s": "x"}, {"n": 2.0, "s": "y"}]]),
        ("a.b[].[n, s]", [[1.0, "x"], [2.0, "y"]]),
        ('{one: t, two: "q r"}', {"one": "text", "two": 5.0}),
        ("length(a.b)", 2.0),
        ("join(',', a.b[*].s)", "x,y"),
        ("max_by(a.b, &n).s", "y"),
        ("to_string(@.l)", "[[1],[2,3]]"),
    ],
)
def test_jmespath(path: str, want: Any) -> None:
    assert search(path, DATA) == want
