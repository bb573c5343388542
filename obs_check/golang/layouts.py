"""Go's layouts of times (`2006-01-02T15:04:05Z07:00`), and times read by one (Go: time.Parse).

A layout is cut into tokens; each token reads its part of the text. Go reads a fraction of a second after the seconds
even when the layout has none, and a zone abbreviation that the location does not have as offset zero (`GMT+3` too).

By hand, because strptime knows other fields than Go's layouts have.
"""

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from obs_check.model.window import NS

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

NAMED = {
    "ANSIC": "Mon Jan _2 15:04:05 2006",
    "UnixDate": "Mon Jan _2 15:04:05 MST 2006",
    "RubyDate": "Mon Jan 02 15:04:05 -0700 2006",
    "RFC822": "02 Jan 06 15:04 MST",
    "RFC822Z": "02 Jan 06 15:04 -0700",
    "RFC850": "Monday, 02-Jan-06 15:04:05 MST",
    "RFC1123": "Mon, 02 Jan 2006 15:04:05 MST",
    "RFC1123Z": "Mon, 02 Jan 2006 15:04:05 -0700",
    "RFC3339": "2006-01-02T15:04:05Z07:00",
    "RFC3339Nano": "2006-01-02T15:04:05.999999999Z07:00",
}
"""The layouts that have a name in Go's time package."""

_MONTHS = [m.lower() for m in calendar.month_name[1:]]
_DAYS = [d.lower() for d in calendar.day_name]

TOKEN = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|__2|002|_2006|_2|"
    r"Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000|-07:00|-0700|-07|"
    r"01|02|03|04|05|06|15|PM|pm|[.,]0+(?!\d)|[.,]9+(?!\d)|[12345]"
)
"""What stands for a part of a time in a layout; everything else stands for itself."""

_READERS = {
    "January": "(?P<month_name>[A-Za-z]+)",
    "Jan": "(?P<month_short>[A-Za-z]{3})",
    "Monday": "(?P<day_name>[A-Za-z]+)",
    "Mon": "(?P<day_short>[A-Za-z]{3})",
    "MST": r"(?P<zone>UTC|GMT(?:[+-]0*(?:1?\d|2[0-3])(?!\d))?|ChST|MeST|WITA|[+-]0*(?:1?\d|2[0-3])(?!\d)"
    r"|[A-Z]{3,4}T|[A-Z]{3})",
    "2006": r"(?P<year>\d{4})",
    "06": r"(?P<year>\d{2})",
    "01": r"(?P<month>\d{2})",
    "1": r"(?P<month>\d{1,2})",
    "02": r"(?P<day>\d{2})",
    "_2": r"(?P<day> ?\d{1,2})",
    "2": r"(?P<day>\d{1,2})",
    "002": r"(?P<year_day>\d{3})",
    "__2": r"(?P<year_day>[ \d]{2}\d)",
    "15": r"(?P<hour>\d{1,2})",
    "03": r"(?P<hour_12>\d{2})",
    "3": r"(?P<hour_12>\d{1,2})",
    "04": r"(?P<minute>\d{2})",
    "4": r"(?P<minute>\d{1,2})",
    "PM": "(?P<half>AM|PM)",
    "pm": "(?P<half>am|pm)",
}
_GROUP = re.compile(r"\(\?P<(\w+)>")
_OFFSETS = {
    "07": r"[+-]\d{2}",
    "0700": r"[+-]\d{4}",
    "07:00": r"[+-]\d{2}:\d{2}",
    "070000": r"[+-]\d{6}",
    "07:00:00": r"[+-]\d{2}:\d{2}:\d{2}",
}


class NoTime(ValueError):
    """A text that the layout does not read."""


@dataclass(frozen=True)
class Parsed:
    """A civil time with the zone it named. `year` is 0 when the layout has none."""

    year: int
    moment: dt.datetime
    fraction_ns: int
    zone: str | None
    offset_s: int | None

    def ns(self, location: dt.tzinfo | None, year: int | None = None) -> int:
        """Nanoseconds since the epoch; `location` is the zone of a text that names none, `year` replaces a missing
        year (29 February is 1 March where that year has none)."""
        moment = self.moment
        if year is not None and (moment.month, moment.day) == (2, 29) and not calendar.isleap(year):
            moment = moment + dt.timedelta(days=1)
        moment = moment.replace(year=year) if year is not None else moment
        since = moment.replace(tzinfo=dt.UTC) - _EPOCH
        seconds = since.days * 86400 + since.seconds
        if self.offset_s is not None:
            seconds -= self.offset_s
        elif location is not None:
            seconds -= _zone_offset(location, seconds, self.zone)
        return seconds * NS + self.fraction_ns


def _zone_offset(location: dt.tzinfo, local_s: int, name: str | None) -> int:
    """Seconds east of UTC of a wall clock in a zone, as Go chooses it where a change of the clock leaves two or none. A
    zone abbreviation is one of `location`, or else counts as UTC: Go does not know the others."""

    def offset(unix_s: int) -> tuple[int, str | None]:
        try:
            there = (_EPOCH + dt.timedelta(seconds=unix_s)).astimezone(location)
        except OverflowError:
            # The first and last day of Python's years: a zone before its first change, as good as any.
            return 0, None
        return int((there.utcoffset() or dt.timedelta()).total_seconds()), there.tzname()

    if name is not None:
        half_year = 183 * 86400
        found = [offset(local_s + n * half_year) for n in (0, 1, -1)]
        in_effect = [one for one, _ in found if offset(local_s - one) == (one, name)]
        return next(iter(in_effect + [one for one, known in found if known == name]), 0)
    first, _ = offset(local_s)
    return offset(local_s - first)[0] if first else 0


@lru_cache(maxsize=256)
def _pattern(layout: str) -> re.Pattern[str]:
    parts: list[str] = []
    at = 0
    fraction_given = any(re.fullmatch(r"[.,][09]+", m[0]) for m in TOKEN.finditer(layout))
    for match in TOKEN.finditer(layout):
        parts.append(_literal(layout[at : match.start()]))
        parts.append(_reader(match[0], fraction_given))
        at = match.end()
    parts.append(_literal(layout[at:]))
    return re.compile("".join(_last_named(parts)), re.DOTALL | re.ASCII)


def _last_named(parts: list[str]) -> list[str]:
    """Where a layout names a part of the time twice, the last one counts."""
    taken: set[str] = set()
    found = []
    for part in reversed(parts):
        for name in _GROUP.findall(part):
            part = part.replace(f"(?P<{name}>", "(?:") if name in taken else part
            taken.add(name)
        found.append(part)
    return found[::-1]


def _literal(text: str) -> str:
    """Go skips runs of spaces in the text where the layout has one."""
    return re.sub(r"(\\ )+", " +", re.escape(text))


def _reader(token: str, fraction_given: bool) -> str:
    if token[0] in ".,":
        return rf"(?P<fraction>[.,]\d{{{len(token) - 1}}})" if token[1] == "0" else r"(?P<fraction>[.,]\d+)?"
    if token in {"05", "5"}:
        seconds = r"(?P<second>\d{2})" if token == "05" else r"(?P<second>\d{1,2})"
        return seconds if fraction_given else seconds + r"(?P<fraction>[.,]\d+)?"
    if token[0] == "Z":
        return f"(?P<offset>Z|{_OFFSETS[token[1:]]})"
    if token[0] == "-":
        return f"(?P<offset>{_OFFSETS[token[1:]]})"
    if token == "_2006":
        return r"_(?P<year>\d{4})"
    return _READERS[token]


def parse(layout: str, text: str) -> Parsed:
    """The civil time in a text; raises NoTime with the reason."""
    match = _pattern(layout).fullmatch(text)
    if not match:
        raise NoTime(f"{text!r} does not look like {layout!r}")
    part = {name: value for name, value in match.groupdict().items() if value is not None}
    year = int(part.get("year", 0))
    if len(part.get("year", "")) == 2:
        year += 1900 if year >= 69 else 2000
    month, day = _month(part), int(part.get("day", 1))
    hour = int(part.get("hour", part.get("hour_12", 0)))
    if "hour_12" in part and hour > 12:
        raise NoTime(f"{hour} is not an hour of twelve")
    if part.get("half", "").lower() == "pm" and hour < 12:
        hour += 12
    elif part.get("half", "").lower() == "am" and hour == 12:
        hour = 0
    for name, allowed in (("day_name", _DAYS), ("day_short", [d[:3] for d in _DAYS])):
        if name in part and part[name].lower() not in allowed:
            raise NoTime(f"not a day of the week: {part[name]!r}")
    try:
        # A text without a year may be 29 February: year 0 is a leap year in Go, as 4 is here.
        moment = dt.datetime(year or 4, month, day, hour, int(part.get("minute", 0)), int(part.get("second", 0)))
        if "year_day" in part:
            day = int(part["year_day"])
            if not 1 <= day <= 365 + calendar.isleap(year):
                raise NoTime(f"the year {year} has no day {day}")
            moment = moment.replace(month=1, day=1) + dt.timedelta(days=day - 1)
    except ValueError as error:
        raise NoTime(str(error)) from None
    fraction = part.get("fraction", "")[1:10]
    return Parsed(year, moment, int(fraction.ljust(9, "0") or 0), part.get("zone"), _offset(part))


def _month(part: dict[str, str]) -> int:
    if "month" in part:
        return int(part["month"])
    for name, allowed in (("month_name", _MONTHS), ("month_short", [m[:3] for m in _MONTHS])):
        if name in part:
            if part[name].lower() not in allowed:
                raise NoTime(f"not a month: {part[name]!r}")
            return allowed.index(part[name].lower()) + 1
    return 1


def _offset(part: dict[str, str]) -> int | None:
    """Seconds east of UTC, None when the text names no zone."""
    if text := part.get("offset"):
        if text == "Z":
            return 0
        digits = text[1:].replace(":", "").ljust(6, "0")
        seconds = int(digits[:2]) * 3600 + int(digits[2:4]) * 60 + int(digits[4:6])
        return -seconds if text[0] == "-" else seconds
    return 0 if part.get("zone") == "UTC" else None
