"""Durations as Prometheus and as Go read and write them, in ns.

A range (`[1h30m]`) is one of Prometheus, a value in a line or a configuration one of Go, and a duration in a query
outside of a range may be either (Loki 3.5: lex.go).

By hand, because timedelta holds microseconds and reads neither grammar.
"""

import re

from obs_check.golang.quoting import quote

_GO_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60 * 1_000_000_000,
    "h": 3600 * 1_000_000_000,
}
_DAY = 24 * _GO_UNITS["h"]
_RANGE_UNITS = {
    "y": 365 * _DAY,
    "w": 7 * _DAY,
    "d": _DAY,
    **{unit: _GO_UNITS[unit] for unit in ("h", "m", "s", "ms")},
}
"""Units of Prometheus, largest first; each may occur once, in this order."""

_UNITS = {**_RANGE_UNITS, **_GO_UNITS}
_LONGEST = 2**63 - 1
_RANGE_PART = re.compile(r"([0-9]+)([^0-9]+)")
_GO_PART = re.compile(r"([0-9]*)(\.[0-9]*)?([^0-9.]+)")
_NO_UNIT = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?=[0-9.]|$)")


def parse_prometheus_duration(text: str) -> int:
    """`1h30m`: whole numbers, units in falling order (Prometheus: model.ParseDuration). Raises ValueError with
    Prometheus' words."""
    if text == "":
        raise ValueError("empty duration string")
    if text == "0":
        return 0
    total, at, units = 0, 0, list(_RANGE_UNITS)
    while at < len(text):
        part = _RANGE_PART.match(text, at)
        if part is None:
            raise ValueError(f"not a valid duration string: {quote(text)}")
        number, unit = part.groups()
        if unit not in _RANGE_UNITS:
            raise ValueError(f"unknown unit {quote(unit)} in duration {quote(text)}")
        if unit not in units:
            raise ValueError(f"not a valid duration string: {quote(text)}")
        units = units[units.index(unit) + 1 :]
        total, at = total + int(number) * _RANGE_UNITS[unit], part.end()
        if total > _LONGEST:
            raise ValueError("duration out of range")
    return total


def parse_go_duration(text: str) -> int:
    """`1h2m3.5s`, `-2m`; only "0" needs no unit (Go: time.ParseDuration). Raises ValueError with Go's words."""
    sign, rest = 1, text
    if rest[:1] in ("+", "-"):
        sign, rest = (-1 if rest[0] == "-" else 1), rest[1:]
    if rest == "0":
        return 0
    total, at = 0, 0
    while at < len(rest):
        part = _GO_PART.match(rest, at)
        if part is None or (not part[1] and part[2] in (None, ".")):
            what = "missing unit in duration" if _NO_UNIT.match(rest, at) else "invalid duration"
            raise ValueError(f"time: {what} {_quoted(text)}")
        unit = _GO_UNITS.get(part[3])
        if unit is None:
            raise ValueError(f"time: unknown unit {_quoted(part[3])} in duration {_quoted(text)}")
        fraction = part[2][1:] if part[2] else ""
        total += int(part[1] or "0") * unit
        # Go multiplies floats here, which can be a nanosecond less than the exact product.
        total += int(int(fraction or "0") * (unit / 10 ** len(fraction)))
        at = part.end()
    if not rest or total > (_LONGEST if sign > 0 else _LONGEST + 1):
        raise ValueError(f"time: invalid duration {_quoted(text)}")
    return sign * total


def parse_duration(text: str) -> int:
    """A duration of a query outside of a range: Prometheus' form or else Go's (Loki 3.5: parseDuration). Raises
    ValueError."""
    try:
        return parse_prometheus_duration(text)
    except ValueError:
        return parse_go_duration(text)


def format_range(ns: int) -> str:
    """A range as this program writes it (`90s` is `1m30s`, `24h` stays); a rest below a ms, a range's smallest unit, is
    left out."""
    return _written(ns, ("h", "m", "s", "ms"))


def format_prometheus_duration(ns: int) -> str:
    """`30d1h`, `2w`: years and weeks only where nothing else is left (Prometheus: model.Duration)."""
    whole = next((unit for unit in ("y", "w") if ns > 0 and ns % _RANGE_UNITS[unit] == 0), None)
    return _written(ns, (whole,) if whole else ("d", "h", "m", "s", "ms"))


def format_duration(ns: int) -> str:
    """A duration that every parser here but Prometheus' reads back as the same number of ns."""
    return ("-" if ns < 0 else "") + _written(abs(ns), ("h", "m", "s", "ms", "us", "ns"))


def format_go_duration(ns: int) -> str:
    """`960h0m0s`, `1.5s`, `20ms` (Go: time.Duration.String)."""
    if abs(ns) < _GO_UNITS["s"]:
        unit = next((unit for unit in ("ms", "µs") if abs(ns) >= _GO_UNITS[unit]), "ns")
        return f"{ns / _GO_UNITS[unit]:.15g}{unit}" if ns else "0s"
    seconds, rest = divmod(abs(ns), _GO_UNITS["s"])
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{seconds}{f'.{rest:09d}'.rstrip('0') if rest else ''}s"
    if hours or minutes:
        text = f"{f'{hours}h' if hours else ''}{minutes}m{text}"
    return ("-" if ns < 0 else "") + text


def _written(ns: int, units: tuple[str, ...]) -> str:
    parts = []
    for unit in units:
        count, ns = divmod(max(ns, 0), _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _quoted(text: str) -> str:
    """A text as Go's time package quotes it, byte by byte."""
    plain = "".join("\\" + c if c in '"\\' else c for c in text)
    return '"' + "".join(c if " " <= c < "\x7f" else "".join(f"\\x{b:02x}" for b in c.encode()) for c in plain) + '"'
