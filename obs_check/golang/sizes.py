"""Sizes as go-humanize reads and writes them, which reads those of a query and those in lines (Loki 3.5).

By hand, because it has to take and round what go-humanize does.
"""

import math

from obs_check.golang.numbers import parse_float

_SIZE_UNITS = {"": 1, "b": 1}
for _power, _prefix in enumerate("kmgtpe", start=1):
    _SIZE_UNITS[_prefix] = _SIZE_UNITS[f"{_prefix}b"] = 1000**_power
    _SIZE_UNITS[f"{_prefix}i"] = _SIZE_UNITS[f"{_prefix}ib"] = 1024**_power


def parse_bytes(text: str) -> int:
    """`1.5KB` (1000) or `1KiB` (1024) in bytes; commas are ignored (go-humanize: ParseBytes). Raises ValueError with
    Go's words."""
    digits = text[: len(text) - len(text.lstrip("0123456789.,"))]
    amount = parse_float(digits.replace(",", ""))
    unit = text[len(digits) :].strip().lower()
    if unit not in _SIZE_UNITS:
        raise ValueError(f"unhandled size name: {unit}")
    size = amount * _SIZE_UNITS[unit]
    if size >= 2**64:
        raise ValueError(f"too large: {text}")
    return int(size)


def format_bytes(size: int) -> str:
    """`30kB`, `1.5MB`: two digits and powers of 1000 (go-humanize: Bytes)."""
    if size < 10:
        return f"{size}B"
    power = min(math.floor(math.log(size, 1000)), 6)
    amount = math.floor(size / 1000**power * 10 + 0.5) / 10
    return f"{f'{amount:.1f}' if amount < 10 else f'{amount:.0f}'}{' kMGTPE'[power].strip()}B"


def rounded_size(size: int) -> int:
    """The size that a query compares with. Loki 3.5 writes it with two digits into the query that its queriers get, so
    that 2KiB is 2000 bytes there."""
    return parse_bytes(format_bytes(size))
