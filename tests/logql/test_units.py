"""Durations, sizes and numbers as Go reads them."""

import pytest

from obs_check.logql.units import parse_bytes, parse_float, parse_go_duration


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("0", 0),
        ("1.5s", 1_500_000_000),
        ("1h2m3s", 3_723_000_000_000),
        ("-20ms", -20_000_000),
        (".5us", 500),
        ("3µs", 3000),
    ],
)
def test_durations(text: str, ns: int) -> None:
    assert parse_go_duration(text) == ns


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "invalid duration"),
        ("5", "missing unit"),
        ("5x", "unknown unit"),
        ("abc", "invalid duration"),
        (".s", "invalid"),
    ],
)
def test_bad_durations(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_go_duration(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("12", 12), ("12KB", 12_000), ("1KiB", 1024), ("1.5 MB", 1_500_000), ("1,024B", 1024), ("2g", 2 * 10**9)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "KB", "12XB", "-1KB"])
def test_bad_sizes(text: str) -> None:
    with pytest.raises(ValueError):
        parse_bytes(text)


def test_numbers() -> None:
    assert parse_float("5.25e1") == 52.5
    for bad in ("", "5s", " 5", "1__000", "_1", "0x10"):
        with pytest.raises(ValueError, match=r"strconv\.ParseFloat"):
            parse_float(bad)
