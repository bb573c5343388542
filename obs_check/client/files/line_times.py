"""When the lines of a file were written: what they say themselves, and what those beside them say."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from functools import cache, lru_cache
from itertools import chain

from obs_check.model.entry import Entry
from obs_check.model.window import EPOCH_UNITS, NS

_RFC3339 = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[Tt ](?P<time>\d\d:\d\d:\d\d)(?:[.,](?P<fraction>\d{1,9}))?\d*"
    r"(?P<zone>[Zz]|[+-]\d\d:?\d\d)?"
)
_MOST_NS = 1 << 63
MOST_AHEAD = 10_000
"""Lines at the start of a file among which a time is looked for."""
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_LOGFMT_KEYS = ("time", "ts")
_JSON_KEYS = ("ts", "time", "timestamp", "@timestamp")


class Timing:
    """Times (ns) for the lines of one file in their order; `untimed` counts those that say none: they follow the line
    before by 1 ns, the first of all gets `first_ns()`."""

    def __init__(self, time_key: str | None, first_ns: Callable[[], int]) -> None:
        self._time_key = time_key
        self._first_ns = first_ns
        self._last: int | None = None
        self.untimed = 0

    def of(self, line: str) -> int:
        """The time of the next line."""
        ts = line_time(line, self._time_key)
        if ts is None:
            self.untimed += 1
            ts = self._first_ns() if self._last is None else min(self._last + 1, _MOST_NS - 1)
        self._last = ts
        return ts

    def of_all(self, lines: Iterable[str]) -> Iterator[Entry]:
        """The entries of a whole file: lines at its start that say no time, as the rest of a trace behind a rotation,
        come before the first that does, if that is among the first MOST_AHEAD."""
        left = iter(lines)
        ahead: list[str] = []
        for line in left:
            ahead.append(line)
            ts = line_time(line, self._time_key)
            if ts is not None:
                self._last = max(ts - len(ahead), -_MOST_NS)
            if ts is not None or len(ahead) == MOST_AHEAD:
                break
        for line in chain(ahead, left):
            yield Entry(self.of(line), line)


def line_time(line: str, time_key: str | None = None) -> int | None:
    """When a line says it was written, ns since the epoch; None when it does not say.

    `time_key` names the one field to look at (JSON or logfmt). Else: RFC 3339 at the start (this covers CRI), JSON
    `ts`, `time`, `timestamp` or `@timestamp`, logfmt `time=` or `ts=`. A time without a zone is UTC. A line that begins
    with such a key of JSON need not be JSON to its end.
    """
    if time_key is None and (start := _RFC3339.match(line)):
        return _ns_of(start)
    brace = line.find("{")
    if brace == 0 and (leading := _leading(time_key).match(line)) and (ts := _value_time(leading[1])) is not None:
        return ts
    if brace == 0 or (time_key is not None and brace > 0):
        try:
            document = json.loads(line[brace:])
        except (ValueError, RecursionError):
            document = None
        if isinstance(document, dict):
            for key in (time_key,) if time_key else _JSON_KEYS:
                if key in document and (ts := _value_time(document[key])) is not None:
                    return ts
    for field in _fields(time_key):
        found = field.search(line)
        if found and (ts := _value_time(found[1] or found[2])) is not None:
            return ts
    return None


@cache
def _leading(time_key: str | None) -> re.Pattern[str]:
    keys = "|".join(map(re.escape, (time_key,) if time_key else _JSON_KEYS))
    return re.compile(rf'\{{\s*"(?:{keys})"\s*:\s*"([^"\\]*)"')


@cache
def _fields(time_key: str | None) -> list[re.Pattern[str]]:
    """What finds the fields of logfmt that may be the time."""
    keys = (time_key,) if time_key else _LOGFMT_KEYS
    return [re.compile(rf'(?:^|\s){re.escape(key)}=(?:"([^"]*)"|(\S+))') for key in keys]


def _value_time(value: object) -> int | None:
    """A text as RFC 3339 or a number; numbers are s, ms, us or ns by their size."""
    if isinstance(value, str):
        if match := _RFC3339.fullmatch(value):
            return _ns_of(match)
        try:
            value = float(value) if "." in value else int(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    for limit, scale in EPOCH_UNITS:
        if 0 < value < limit:
            # Fractions keep microseconds: a float has no more digits for a time of today.
            return _in_64_bits(value * scale if isinstance(value, int) else round(value * 1e6) * scale // 1_000_000)
    return None


def _ns_of(match: re.Match[str]) -> int | None:
    day, clock, fraction, zone = match.groups()
    second = _second(day, clock, zone)
    if second is None:
        return None
    return _in_64_bits(second * NS + int(fraction.ljust(9, "0")) if fraction else second * NS)


def _in_64_bits(ns: int) -> int | None:
    """Loki 3.5 has times as ns in 64 bits, up to the year 2262: one outside is not a time."""
    return ns if -_MOST_NS <= ns < _MOST_NS else None


@lru_cache(maxsize=1024)
def _second(day: str, clock: str, zone: str | None) -> int | None:
    """The second since the epoch; None when there is no such time. Remembered, as many lines of a busy log have the
    same."""
    try:
        at = datetime.fromisoformat(f"{day}T{clock}")
    except ValueError:
        return None
    second = ((at.toordinal() - _EPOCH_DAY) * 24 + at.hour) * 3600 + at.minute * 60 + at.second
    if zone is None or zone in "Zz":
        return second
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    if minutes >= 24 * 60:
        return None
    return second + minutes * 60 if zone[0] == "-" else second - minutes * 60
