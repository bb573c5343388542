"""Durations and sizes as they stand in a promtail configuration. All raise ValueError with the reason."""

import re
from fractions import Fraction

_UNITS_NS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SIZES: dict[str, int] = {unit: 1024**power for power, unit in enumerate(["", "K", "M", "G", "T", "P", "E"])}
_SIZE = re.compile(r"(\d+)\s*(?:([KMGTPE]?)B?|([KMGTPE])IB)")


def duration_ns(text: str) -> int:
    """Nanoseconds of a Go duration (`1h30m`, `1.5s`, `-2s`, `0`)."""
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    total, at = Fraction(0), 0
    while match := _PART.match(rest, at):
        total += Fraction(match[1].rstrip(".")) * _UNITS_NS[match[2]]
        at = match.end()
    if not rest or at != len(rest):
        raise ValueError(f"{text!r} is no duration, write one like 1s, 500ms or 1h30m")
    return sign * int(total)


def size_bytes(text: str) -> int:
    """Bytes of a size (`90B`, `1kb`, `2MB`, `100`, Alloy also `1MiB`); all units are powers of 1024, case makes no
    difference."""
    match = _SIZE.fullmatch(text.strip().upper())
    if not match:
        raise ValueError(f"{text!r} is no size, write one like 100, 90B, 8KB or 1MB")
    unit: int = _SIZES[match[2] or match[3] or ""]
    return int(match[1]) * unit
