"""Durations, sizes and numbers as Go reads them. Every function raises ValueError with Go's words."""

import math
import re
from fractions import Fraction

from obs_check.logql.syntax.quoting import quote

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
_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_NUMBER = re.compile(
    rf"[+-]?(?:(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?|(?i:inf|infinity)"
    r"|0[xX](?:_?[0-9a-fA-F])*\.?(?:[0-9a-fA-F_]*[0-9a-fA-F])?[pP][+-]?[0-9]+)"
    r"|[+-]?(?i:nan)"
)
_SIZE = re.compile(r"([0-9.,]*)(.*)", re.DOTALL)
_SIZE_UNITS = {"": 1, "b": 1}
for _power, _prefix in enumerate("kmgtpe", start=1):
    _SIZE_UNITS[_prefix] = _SIZE_UNITS[f"{_prefix}b"] = 1000**_power
    _SIZE_UNITS[f"{_prefix}i"] = _SIZE_UNITS[f"{_prefix}ib"] = 1024**_power


def _quoted(text: str) -> str:
    """A text as Go's time package quotes it, byte by byte."""
    plain = "".join("\\" + c if c in '"\\' else c for c in text)
    return '"' + "".join(c if " " <= c < "\x7f" else "".join(f"\\x{b:02x}" for b in c.encode()) for c in plain) + '"'


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
            missing = re.match(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?=[0-9.]|$)", rest[position:], re.ASCII)
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
    if text.isascii() and text.isdigit() and len(text) < 300:
        return float(text)
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"strconv.ParseFloat: parsing {quote(text)}: invalid syntax")
    plain = text.replace("_", "")
    try:
        value = float.fromhex(plain) if "x" in plain.lower() else float(plain)
    except OverflowError:
        value = math.inf
    if math.isinf(value) and "n" not in plain.lower():
        raise ValueError(f"strconv.ParseFloat: parsing {quote(text)}: value out of range")
    return value


def parse_bytes(text: str) -> int:
    """`1.5KB` (1000) or `1KiB` (1024) in bytes; commas are ignored (go-humanize: ParseBytes)."""
    shape = _SIZE.match(text)
    assert shape is not None
    number = shape[1].replace(",", "")
    try:
        amount = Fraction(number if number.strip(".") else "x")
    except ValueError:
        raise ValueError(f"strconv.ParseFloat: parsing {quote(number)}: invalid syntax") from None
    unit = shape[2].strip().lower()
    if unit not in _SIZE_UNITS:
        raise ValueError(f"unhandled size name: {unit}")
    size = int(amount * _SIZE_UNITS[unit])
    if size >= 2**64:
        raise ValueError(f"too large: {text}")
    return size


def rounded_size(size: int) -> int:
    """The size that a query compares with. Loki 3.5 writes it into the query that its queriers get with two digits and
    powers of 1000 (go-humanize: Bytes), so that 2KiB is 2000 bytes there."""
    if size < 10:
        return size
    power = min(math.floor(math.log(size, 1000)), 6)
    amount = math.floor(size / 1000**power * 10 + 0.5) / 10
    digits = f"{amount:.1f}" if amount < 10 else f"{amount:.0f}"
    return parse_bytes(f"{digits}{' KMGTPE'[power].strip()}B")
