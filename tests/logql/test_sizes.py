"""Sizes and numbers as Go reads them."""

import pytest

from obs_check.golang.numbers import parse_float
from obs_check.golang.sizes import parse_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("12", 12),
        ("12KB", 12_000),
        ("1KiB", 1024),
        ("1.5 MB", 1_500_000),
        (".5KB", 500),
        ("1,024B", 1024),
        ("2g", 2 * 10**9),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r'strconv\.ParseFloat: parsing "": invalid syntax'),
        ("KB", r'strconv\.ParseFloat: parsing "": invalid syntax'),
        ("1.2.3KB", r'strconv\.ParseFloat: parsing "1\.2\.3": invalid syntax'),
        ("12XB", "unhandled size name: xb"),
        ("20EB", "too large: 20EB"),
        ("-1KB", r"strconv\.ParseFloat"),
    ],
)
def test_bad_sizes(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_bytes(text)


def test_numbers() -> None:
    assert parse_float("5.25e1") == 52.5
    for bad in ("", "5s", " 5", "1__000", "_1", "0x10"):
        with pytest.raises(ValueError, match=r"strconv\.ParseFloat"):
            parse_float(bad)
