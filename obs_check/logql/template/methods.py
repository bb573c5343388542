"""The methods of Go's time.Time that a template may call: `{{ __timestamp__.Year }}`."""

from collections.abc import Callable
from typing import Any, NamedTuple

from obs_check.logql.template.clock import ZERO_NS, Instant
from obs_check.logql.template.values import Int64


class Method(NamedTuple):
    """`parameters` as in the table of functions."""

    parameters: str
    variadic: bool
    call: Callable[..., Any]


def _plain(read: Callable[[Instant], Any]) -> Method:
    return Method("", False, read)


METHODS: dict[str, Method] = {
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
    "IsZero": _plain(lambda at: at.ns == ZERO_NS),
    "Before": Method("t", False, lambda at, other: at.ns < other.ns),
    "After": Method("t", False, lambda at, other: at.ns > other.ns),
    "Equal": Method("t", False, lambda at, other: at.ns == other.ns),
    "UTC": _plain(lambda at: Instant(at.ns)),
    "Format": Method("s", False, lambda at, layout: at.format(layout)),
}
