"""Durations as Prometheus and as Go read and write them."""

import pytest

from obs_check.golang.durations import (
    format_duration,
    format_go_duration,
    format_prometheus_duration,
    format_range,
    parse_duration,
    parse_go_duration,
    parse_prometheus_duration,
)

S = 1_000_000_000
H = 3600 * S


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("0", 0),
        ("1.5s", 1_500_000_000),
        ("1.005s", 1_005_000_000),
        ("1h2m3s", 3_723_000_000_000),
        ("-20ms", -20_000_000),
        (".5us", 500),
        ("3µs", 3000),
        ("1m1h", H + 60 * S),
        ("-9223372036854775808ns", -(2**63)),
    ],
)
def test_durations_of_go(text: str, ns: int) -> None:
    assert parse_go_duration(text) == ns


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 'time: invalid duration ""'),
        ("5", 'time: missing unit in duration "5"'),
        ("5x", 'time: unknown unit "x" in duration "5x"'),
        ("1d", 'time: unknown unit "d" in duration "1d"'),
        ("5ü", 'time: unknown unit "\\xc3\\xbc" in duration "5\\xc3\\xbc"'),
        ("abc", 'time: invalid duration "abc"'),
        (".s", 'time: invalid duration ".s"'),
        ("9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"'),
    ],
)
def test_what_go_refuses(text: str, words: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_go_duration(text)
    assert str(refused.value) == words


@pytest.mark.parametrize(
    ("text", "ns"), [("0", 0), ("1h30m", 90 * 60 * S), ("1w2d", 9 * 24 * H), ("1y", 8760 * H), ("5ms", 5_000_000)]
)
def test_durations_of_prometheus(text: str, ns: int) -> None:
    assert parse_prometheus_duration(text) == ns


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty duration string"),
        ("5", 'not a valid duration string: "5"'),
        ("1.5s", 'unknown unit "." in duration "1.5s"'),
        ("5ns", 'unknown unit "ns" in duration "5ns"'),
        ("1m1h", 'not a valid duration string: "1m1h"'),
        ("1h1h", 'not a valid duration string: "1h1h"'),
        ("-1h", 'not a valid duration string: "-1h"'),
        ("300y", "duration out of range"),
    ],
)
def test_what_prometheus_refuses(text: str, words: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_prometheus_duration(text)
    assert str(refused.value) == words


@pytest.mark.parametrize(("text", "ns"), [("1d", 24 * H), ("1.5s", 1_500_000_000), ("1m1h", H + 60 * S)])
def test_a_query_may_hold_both(text: str, ns: int) -> None:
    assert parse_duration(text) == ns


@pytest.mark.parametrize(
    ("ns", "as_range", "prometheus", "go"),
    [
        (0, "0s", "0s", "0s"),
        (1_500, "0s", "0s", "1.5µs"),
        (20_000_000, "20ms", "20ms", "20ms"),
        (1_500_000_000, "1s500ms", "1s500ms", "1.5s"),
        (90 * S, "1m30s", "1m30s", "1m30s"),
        (24 * H, "24h", "1d", "24h0m0s"),
        (7 * 24 * H, "168h", "1w", "168h0m0s"),
        (721 * H, "721h", "30d1h", "721h0m0s"),
        (365 * 24 * H, "8760h", "1y", "8760h0m0s"),
        (14 * 365 * 24 * H, "122640h", "14y", "122640h0m0s"),
    ],
)
def test_durations_written(ns: int, as_range: str, prometheus: str, go: str) -> None:
    assert (format_range(ns), format_prometheus_duration(ns), format_go_duration(ns)) == (as_range, prometheus, go)


@pytest.mark.parametrize("ns", [0, 1, -1, 1_000_001, -(90 * S), 26 * H + 1_500])
def test_a_written_duration_reads_back(ns: int) -> None:
    assert parse_duration(format_duration(ns)) == ns
    assert parse_go_duration(format_go_duration(ns)) == ns
