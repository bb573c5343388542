"""Intervals and steps: the browser's interval, Loki's step and Prometheus' step, all in milliseconds."""

import math
import re
from typing import NamedTuple

_SECOND = 1000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_YEAR = 365 * _DAY

_LADDER: tuple[tuple[float, int], ...] = (
    (10, 1),
    (15, 10),
    (35, 20),
    (75, 50),
    (150, 100),
    (350, 200),
    (750, 500),
    (1500, _SECOND),
    (3500, 2 * _SECOND),
    (7500, 5 * _SECOND),
    (12_500, 10 * _SECOND),
    (17_500, 15 * _SECOND),
    (25_000, 20 * _SECOND),
    (45_000, 30 * _SECOND),
    (90_000, _MINUTE),
    (3.5 * _MINUTE, 2 * _MINUTE),
    (7.5 * _MINUTE, 5 * _MINUTE),
    (12.5 * _MINUTE, 10 * _MINUTE),
    (17.5 * _MINUTE, 15 * _MINUTE),
    (25 * _MINUTE, 20 * _MINUTE),
    (45 * _MINUTE, 30 * _MINUTE),
    (1.5 * _HOUR, _HOUR),
    (2.5 * _HOUR, 2 * _HOUR),
    (4.5 * _HOUR, 3 * _HOUR),
    (9 * _HOUR, 6 * _HOUR),
    (_DAY, 12 * _HOUR),
    (7 * _DAY, _DAY),
    (21 * _DAY, 7 * _DAY),
    (42 * _DAY, 30 * _DAY),
)
_UNITS: dict[str, float] = {
    "y": _YEAR,
    "M": 30 * _DAY,
    "w": 7 * _DAY,
    "d": _DAY,
    "h": _HOUR,
    "m": _MINUTE,
    "s": _SECOND,
    "ms": 1,
    "": _SECOND,
}
_INTERVAL = re.compile(r">?\s*(\d+)(?:\.\d+)?\s*(ms|[yMwdhms])?")
MAX_POINTS = 11_000
"""Loki 3.5 and Prometheus refuse a range query with more points a series."""


class Interval(NamedTuple):
    """Milliseconds, and the text that `$__interval` becomes."""

    ms: int
    text: str

    @property
    def truncated(self) -> bool:
        """Whether the text says less than the milliseconds, so that events between two steps are not counted."""
        return interval_to_ms(self.text) != self.ms


def round_interval(ms: float, backend: bool = False) -> int:
    """The nearest step of Grafana's ladder; the backend's copy takes a limit's own value with it."""
    for limit, step in _LADDER:
        if ms < limit or (backend and ms == limit):
            return step
    return _YEAR


def interval_to_ms(text: str) -> int | None:
    """`"1m"` in ms; a number without unit is seconds, fractions are cut (`1.5h` is 1h); None when it is neither."""
    found = _INTERVAL.fullmatch(text.strip())
    return int(int(found[1]) * _UNITS[found[2] or ""]) if found else None


def format_interval(ms: float) -> str:
    """The largest whole unit only, the rest cut: 90000 is `1m`."""
    for size, unit in ((_YEAR, "y"), (_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m"), (_SECOND, "s")):
        if ms >= size:
            return f"{int(ms // size)}{unit}"
    return f"{max(1, int(ms))}ms"


def browser_interval(range_ms: int, max_data_points: int, low_limit: str = "") -> Interval:
    """What the browser sends as intervalMs: the range spread over the points, not below the smallest interval."""
    low = interval_to_ms(low_limit) or 1
    ms = max(round_interval(range_ms / max(1, max_data_points)), low)
    return Interval(ms, format_interval(ms))


def loki_step(interval_ms: int, range_ms: int, step: str = "", resolution: int = 1) -> int:
    """The step of Loki's range query in ms: the query's own, or the interval, at most 11000 points."""
    factor = resolution if resolution in (1, 2, 3, 4, 5, 10) else 1
    own = interval_to_ms(step) if step else None
    if own is not None:
        return own * factor
    return math.ceil(max(interval_ms * factor, range_ms / MAX_POINTS))


class PrometheusStep(NamedTuple):
    """Step and `$__rate_interval`, both ms."""

    step_ms: int
    rate_interval_ms: int


def prometheus_step(
    interval_ms: int,
    range_ms: int,
    max_data_points: int,
    query_interval: str = "",
    scrape_interval: str = "",
    interval_factor: int = 1,
) -> PrometheusStep:
    """The step that the Prometheus backend takes; `scrape_interval` is the datasource's timeInterval."""
    scrape = interval_to_ms(query_interval) or interval_to_ms(scrape_interval) or 15 * _SECOND
    smallest = interval_to_ms(query_interval) or interval_ms or scrape
    calculated = max(smallest, round_interval(range_ms / max(1, max_data_points), backend=True))
    safe = round_interval(range_ms / MAX_POINTS, backend=True)
    step = max(calculated, safe) * max(1, interval_factor)
    rate = step if query_interval.startswith(("$__rate_interval", "${__rate_interval")) else 0
    return PrometheusStep(step, rate or max(interval_ms + scrape, 4 * scrape))
