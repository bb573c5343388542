"""Grafana's time grammar: `now-7d/d`, ISO dates and epoch milliseconds."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from dateutil import parser as dates
from dateutil import tz
from dateutil.relativedelta import relativedelta

from obs_check.errors import InputError
from obs_check.model.secret import shorten
from obs_check.model.window import MS

_STEP = re.compile(r"(?P<op>[+\-])(?P<n>\d{1,5})?(?P<unit>[yMwdhmsQ])|/(?P<fiscal>f)?(?P<round>[yMwdhmsQ])")
_WEEKDAYS = {"sunday": 6, "monday": 0, "saturday": 5}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TimeRange(NamedTuple):
    """Both ends in ms since the epoch (UTC)."""

    from_ms: int
    to_ms: int

    @property
    def length_ms(self) -> int:
        """From one end to the other."""
        return self.to_ms - self.from_ms


@dataclass(frozen=True, slots=True)
class Calendar:
    """What rounding depends on: an IANA zone (`browser`, `default` and empty are UTC, since a program has no browser),
    the first day of the week (Sunday unless named) and the first month of the fiscal year (0 is January)."""

    timezone: str = "utc"
    week_start: str = "sunday"
    fiscal_start: int = 0

    def zone(self) -> tzinfo:
        """The time zone; InputError when nobody knows its name."""
        name = self.timezone.strip()
        if name.lower() in {"", "browser", "default", "utc"}:
            return UTC
        # The name is a path to dateutil: one that leads out of the zones' folder is not a zone.
        zone = None if name.startswith("/") or ".." in name else _zone(name)
        if zone is None:
            raise InputError(
                f"the time zone {shorten(name, 80)!r} is not known", "use an IANA name such as Europe/Berlin, or utc"
            )
        return zone


def _zone(name: str) -> tzinfo | None:
    try:
        return tz.gettz(name)
    except (OSError, ValueError):
        return None


def parse_time(text: str, now_ns: int, calendar: Calendar, is_end: bool) -> int:
    """A point in time in ms since the epoch. The start of a range rounds down, the end up (`now-7d/d` as the end is
    the last millisecond of that day). InputError when the text is not a time."""
    rest = text.strip()
    if re.fullmatch(r"\d{5,}", rest):
        return int(rest)
    zone = calendar.zone()
    if rest.startswith("now"):
        at, rest = (_EPOCH + timedelta(microseconds=now_ns // MS * 1000)).astimezone(zone), rest[3:]
    else:
        at, rest = _date(rest, zone, text)
    place = 0
    while place < len(rest):
        step = _STEP.match(rest, place)
        if step is None:
            raise InputError(
                f"the time {text!r} is not understood at {rest[place:]!r}", "write it as now-6h, now/d or an ISO date"
            )
        place = step.end()
        if step["op"]:
            at = _moved(at, int(step["n"] or 1) * (1 if step["op"] == "+" else -1), step["unit"])
        else:
            at = _rounded(at, step["round"], bool(step["fiscal"]), calendar, is_end)
    return (at.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)


def time_range(from_text: str, to_text: str, now_ns: int, calendar: Calendar, now_delay: str = "") -> TimeRange:
    """Both ends with one `now`. `now_delay` (`30s`) moves an end that says exactly `now`."""
    end = f"now-{now_delay}" if now_delay and to_text.strip() == "now" else to_text
    return TimeRange(
        parse_time(from_text, now_ns, calendar, is_end=False), parse_time(end, now_ns, calendar, is_end=True)
    )


def panel_range(
    dashboard: TimeRange, relative: bool, time_from: str, time_shift: str, now_ns: int, calendar: Calendar
) -> tuple[TimeRange, str]:
    """The range of a panel with its own `timeFrom` and `timeShift`, and a note on what was not applied.

    `timeFrom` counts only while the dashboard's range is relative; an unreadable override is ignored, as Grafana does.
    """
    found, notes = dashboard, []
    if time_from and relative:
        start = time_from if time_from.startswith("now") else f"now-{time_from}"
        try:
            found = time_range(start, "now/d" if start.startswith("now/d") else "now", now_ns, calendar)
        except InputError:
            notes.append(f"invalid time override {time_from!r}")
    elif time_from:
        notes.append(f"the time override {time_from!r} is not applied to an absolute range")
    if time_shift:
        try:
            shifted = (_shift(at, time_shift, calendar) for at in found)
            found = TimeRange(*shifted)
        except InputError:
            notes.append(f"invalid time shift {time_shift!r}")
    return found, "; ".join(notes)


def _shift(at_ms: int, shift: str, calendar: Calendar) -> int:
    return parse_time(f"now-{shift}", at_ms * MS, calendar, is_end=False)


def _date(text: str, zone: tzinfo, whole: str) -> tuple[datetime, str]:
    stamp, _, rest = text.partition("||")
    try:
        at = dates.isoparse(stamp.replace(" ", "T", 1))
    except (ValueError, OverflowError) as error:
        raise InputError(f"the time {whole!r} is not understood", "write it as now-6h, now/d or an ISO date") from error
    return (at if at.tzinfo else at.replace(tzinfo=zone)), rest


def _moved(at: datetime, count: int, unit: str) -> datetime:
    """Calendar steps keep the wall clock, as moment does; hours and below are exact spans."""
    try:
        if unit in "hms":
            seconds = {"h": 3600, "m": 60, "s": 1}[unit] * count
            return (at.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(at.tzinfo)
        calendar_steps = {
            "y": relativedelta(years=count),
            "Q": relativedelta(months=3 * count),
            "M": relativedelta(months=count),
            "w": relativedelta(weeks=count),
            "d": relativedelta(days=count),
        }
        return at + calendar_steps[unit]
    except (OverflowError, ValueError) as error:
        raise InputError(f"a time {count}{unit} away has no date", "use a shorter span") from error


def _rounded(at: datetime, unit: str, fiscal: bool, calendar: Calendar, up: bool) -> datetime:
    start = _start_of(at, unit, calendar, calendar.fiscal_start if fiscal else 0)
    if not up:
        return start
    return _moved(start, 1, unit) - timedelta(milliseconds=1)


def _start_of(at: datetime, unit: str, calendar: Calendar, first_month: int) -> datetime:
    if unit == "s":
        return at.replace(microsecond=0)
    if unit == "m":
        return at.replace(second=0, microsecond=0)
    if unit == "h":
        return at.replace(minute=0, second=0, microsecond=0)
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "d":
        return day
    if unit == "w":
        first = _WEEKDAYS.get(calendar.week_start.lower(), 6)
        return day - timedelta(days=(day.weekday() - first) % 7)
    month = day.replace(day=1)
    if unit == "M":
        return month
    into = (month.month - 1 - first_month) % (3 if unit == "Q" else 12)
    return month - relativedelta(months=into)
