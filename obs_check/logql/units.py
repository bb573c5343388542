"""Durations, sizes and numbers as Go reads them. Every function raises ValueError with Go's words."""

import re
from fractions import Fraction

_DURATION_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_DURATION_PART = re.compile(r"([0-9]*)(\.[0-9]*)?([^0-9.]+)", re.ASCII)
_NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:inf|infinity)|0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*[pP][+-]?[0-9]+)"
    r"|(?i:nan)"
)
_SIZE = re.compile(r"([0-9.,]*)(.*)", re.DOTALL)
_SIZE_UNITS = {"": 1, "b": 1}
for _power, _prefix in enumerate("kmgtpe", start=1):
    _SIZE_UNITS[_prefix] = _SIZE_UNITS[f"{_prefix}b"] = 1000**_power
    _SIZE_UNITS[f"{_prefix}i"] = _SIZE_UNITS[f"{_prefix}ib"] = 1024**_power


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_go_duration(text: str) -> int:
    """`1h2m3.5s` in ns. A unit is needed except for "0" (Go: time.ParseDuration)."""
    sign, rest = 1, text
    if rest[:1] in ("+", "-"):
        sign, rest = (-1 if rest[0] == "-" else 1), rest[1:]
    if rest == "0":
        return 0
    total, position = 0, 0
    while position < len(rest):
        part = _DURATION_PART.match(rest, position)
        if part is None or (not part[1] and part[2] in (None, ".")):
            missing = re.fullmatch(r"[0-9]+\.?[0-9]*|\.[0-9]+", rest[position:], re.ASCII)
            what = "missing unit in duration" if missing else "invalid duration"
            raise ValueError(f"time: {what} {_quoted(text)}")
        unit = _DURATION_UNITS.get(part[3])
        if unit is None:
            raise ValueError(f"time: unknown unit {_quoted(part[3])} in duration {_quoted(text)}")
        fraction = part[2][1:] if part[2] else ""
        total += int(part[1] or "0") * unit + (int(fraction) * unit // 10 ** len(fraction) if fraction else 0)
        position = part.end()
    if not rest or total > 2**63 - 1:
        raise ValueError(f"time: invalid duration {_quoted(text)}")
    return sign * total


def parse_float(text: str) -> float:
    """A decimal or hexadecimal float (Go: strconv.ParseFloat)."""
    try:
        return float(text) if text.isascii() and text.isdigit() else _general_float(text)
    except ValueError:
        raise ValueError(f"strconv.ParseFloat: parsing {_quoted(text)}: invalid syntax") from None


def _general_float(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    if "x" in text or "X" in text:
        return float.fromhex(text)
    value = float(text)
    if value in (float("inf"), float("-inf")) and "n" not in text.lower():
        raise ValueError(text)
    return value


def parse_bytes(text: str) -> int:
    """`1.5KB` (1000) or `1KiB` (1024) in bytes; commas are ignored (go-humanize: ParseBytes)."""
    shape = _SIZE.match(text)
    assert shape is not None
    number = shape[1].replace(",", "")
    try:
        amount = Fraction(number if number.strip(".") else "x")
    except ValueError:
        raise ValueError(f"strconv.ParseFloat: parsing {_quoted(number)}: invalid syntax") from None
    unit = shape[2].strip().lower()
    if unit not in _SIZE_UNITS:
        raise ValueError(f"unhandled size name: {unit}")
    size = int(amount * _SIZE_UNITS[unit])
    if size >= 2**64:
        raise ValueError(f"too large: {text}")
    return size
