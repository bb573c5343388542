"""Durations and sizes as LogQL writes them, both ways."""

import re

from obs_check.logql.syntax.quoting import quote

_UNIT_NS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60 * 1_000_000_000,
    "h": 3600 * 1_000_000_000,
    "d": 86400 * 1_000_000_000,
    "w": 7 * 86400 * 1_000_000_000,
    "y": 365 * 86400 * 1_000_000_000,
}
_RANGE_UNITS = ("y", "w", "d", "h", "m", "s", "ms")
"""Units of a range, largest first; each may occur once, in this order (Prometheus durations)."""

_GO_UNITS = frozenset({"ns", "us", "µs", "μs", "ms", "s", "m", "h"})
_GO_PART = re.compile(r"(\d+\.?\d*|\.\d+)([a-zµμ]+)")

_SIZE_UNITS = {
    "": 1,
    "b": 1,
    **{f"{p}{s}": 1000 ** (i + 1) for i, p in enumerate("kmgtpe") for s in ("", "b")},
    **{f"{p}i{s}": 1024 ** (i + 1) for i, p in enumerate("kmgtpe") for s in ("", "b")},
}
_SIZE = re.compile(r"([0-9][0-9.,]*)\s*([A-Za-z]*)")


def parse_range(text: str) -> int:
    """Nanoseconds of a range or step duration such as `1h30m` (Prometheus: whole numbers, units in falling order).

    Raises ValueError with Loki's words for what is wrong.
    """
    if text == "":
        raise ValueError("empty duration string")
    if text == "0":
        return 0
    total, last, rest = 0, -1, text
    while rest:
        part = re.match(r"(\d+)(\D*)", rest, re.ASCII)
        if part is None:
            raise ValueError(f"not a valid duration string: {quote(text)}")
        number, unit = part.groups()
        if unit not in _RANGE_UNITS:
            raise ValueError(f'unknown unit "{unit}" in duration "{text}"')
        place = _RANGE_UNITS.index(unit)
        if place <= last:
            raise ValueError(f"not a valid duration string: {quote(text)}")
        total, last, rest = total + int(number) * _UNIT_NS[unit], place, rest[part.end() :]
    return total


def parse_duration(text: str) -> int:
    """Nanoseconds of a duration literal: a range duration, or Go's form (`1.5s`, `-2m`). Raises ValueError."""
    try:
        return parse_range(text)
    except ValueError:
        return _parse_go_duration(text)


def _parse_go_duration(text: str) -> int:
    sign, rest = (-1, text[1:]) if text[:1] == "-" else (1, text)
    total, at = 0, 0
    while at < len(rest):
        part = _GO_PART.match(rest, at)
        if part is None or part[2] not in _GO_UNITS:
            raise ValueError(f'invalid duration "{text}"')
        unit = _UNIT_NS[part[2]]
        total += int(part[1]) * unit if part[1].isdigit() else int(float(part[1]) * unit)
        at = part.end()
    if at == 0:
        raise ValueError(f'invalid duration "{text}"')
    return sign * total


def parse_size(text: str) -> int:
    """Bytes of a size such as `5KB` (thousands) or `1.5MiB` (1024). Raises ValueError."""
    part = _SIZE.fullmatch(text)
    unit = part[2].lower() if part else ""
    if part is None or unit not in _SIZE_UNITS:
        raise ValueError(f'unhandled size "{text}"')
    return int(float(part[1].replace(",", "")) * _SIZE_UNITS[unit])


def format_range(ns: int) -> str:
    """A range duration (`90s` is `1m30s`); falls back to milliseconds, the smallest unit that a range can have."""
    if ns <= 0:
        return "0s"
    parts = []
    for unit in ("h", "m", "s", "ms"):
        count, ns = divmod(ns, _UNIT_NS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def format_duration(ns: int) -> str:
    """A duration literal that parses back to the same number of nanoseconds."""
    if ns == 0:
        return "0s"
    sign, ns = ("-", -ns) if ns < 0 else ("", ns)
    parts = []
    for unit in ("h", "m", "s", "ms", "us", "ns"):
        count, ns = divmod(ns, _UNIT_NS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return sign + "".join(parts)
