"""The methods of Go's time.Time and time.Duration that a template may call: `{{ __timestamp__.Year }}`."""

import calendar
import math
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from obs_check.golang.template.clock import ZERO_NS, Instant
from obs_check.golang.template.values import Duration, Int64

_LONGEST_NS = 2**63 - 1


class Method(NamedTuple):
    """`parameters` as in the table of functions."""

    parameters: str
    variadic: bool
    call: Callable[..., Any]


def _plain(read: Callable[[Any], Any]) -> Method:
    return Method("", False, read)


def _later(at: Instant, years: int, months: int, days: int) -> Instant:
    """The same time of day on another day; a day that a month does not have is one of the next."""
    wall = at.local()
    count = at.year() * 12 + wall.month - 1 + years * 12 + months
    year, month = divmod(count, 12)
    first = wall.replace(year=year, month=month + 1, day=1)
    there = (first.replace(tzinfo=None) + timedelta(days=wall.day - 1 + days)).replace(tzinfo=wall.tzinfo)
    return Instant(calendar.timegm(there.utctimetuple()) * 1_000_000_000 + at.ns % 1_000_000_000, at.place)


def _between(at: Instant, other: Instant) -> Duration:
    return Duration(max(-_LONGEST_NS - 1, min(_LONGEST_NS, at.ns - other.ns)))


def _truncated(at: Instant, to_ns: int) -> Instant:
    return Instant(at.ns - (at.ns - ZERO_NS) % to_ns if to_ns > 0 else at.ns, at.place)


def _parts(ns: int, unit: int) -> tuple[int, float]:
    """Whole units and what is left, which Go adds up."""
    whole = int(math.copysign(abs(ns) // unit, ns))
    return whole, (ns - whole * unit) / unit


_TIME: dict[str, Method] = {
    "Unix": _plain(lambda at: Int64(at.ns // 1_000_000_000)),
    "UnixMilli": _plain(lambda at: Int64(at.ns // 1_000_000)),
    "UnixMicro": _plain(lambda at: Int64(at.ns // 1_000)),
    "UnixNano": _plain(lambda at: Int64(at.ns)),
    "Year": _plain(Instant.year),
    "Month": _plain(lambda at: at.format("January")),
    "Day": _plain(lambda at: at.local().day),
    "Hour": _plain(lambda at: at.local().hour),
    "Minute": _plain(lambda at: at.local().minute),
    "Second": _plain(lambda at: at.local().second),
    "Nanosecond": _plain(lambda at: at.ns % 1_000_000_000),
    "Weekday": _plain(lambda at: at.format("Monday")),
    "YearDay": _plain(lambda at: at.local().timetuple().tm_yday),
    "String": _plain(str),
    "UTC": _plain(lambda at: Instant(at.ns)),
    "IsZero": _plain(lambda at: at.ns == ZERO_NS),
    "Before": Method("t", False, lambda at, other: at.ns < other.ns),
    "After": Method("t", False, lambda at, other: at.ns > other.ns),
    "Equal": Method("t", False, lambda at, other: at.ns == other.ns),
    "Add": Method("d", False, lambda at, ns: Instant(at.ns + ns, at.place)),
    "AddDate": Method("iii", False, _later),
    "Sub": Method("t", False, _between),
    "Truncate": Method("d", False, _truncated),
    "Format": Method("s", False, lambda at, layout: at.format(layout)),
}

_DURATION: dict[str, Method] = {
    "Nanoseconds": _plain(lambda ns: Int64(ns)),
    "Microseconds": _plain(lambda ns: Int64(_parts(ns, 1_000)[0])),
    "Milliseconds": _plain(lambda ns: Int64(_parts(ns, 1_000_000)[0])),
    "Seconds": _plain(lambda ns: sum(_parts(ns, 1_000_000_000))),
    "Minutes": _plain(lambda ns: sum(_parts(ns, 60_000_000_000))),
    "Hours": _plain(lambda ns: sum(_parts(ns, 3_600_000_000_000))),
    "Abs": _plain(lambda ns: Duration(abs(ns))),
}

METHODS: Mapping[type, Mapping[str, Method]] = {Instant: _TIME, Duration: _DURATION}
"""By the type that has them."""
