"""Times read by a Go layout (`2006-01-02T15:04:05Z07:00`), as promtail's timestamp stage does.

A layout is cut into tokens; each token reads its part of the text. Go reads a fraction of a second after the seconds
even when the layout has none, and an unknown zone abbreviation as offset zero.
"""

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

NS = 1_000_000_000

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
"""Layout names of promtail's `format`."""

_MONTHS = [m.lower() for m in calendar.month_name[1:]]
_DAYS = [d.lower() for d in calendar.day_name]

_TOKEN = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|__2|002|_2006|_2|"
    r"Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000|-07:00|-0700|-07|"
    r"01|02|03|04|05|06|15|PM|pm|[.,]0+(?!\d)|[.,]9+(?!\d)|[12345]"
)

_READERS = {
    "January": "(?P<month_name>[A-Za-z]+)",
    "Jan": "(?P<month_short>[A-Za-z]{3})",
    "Monday": "(?P<day_name>[A-Za-z]+)",
    "Mon": "(?P<day_short>[A-Za-z]{3})",
    "MST": r"(?P<zone>UTC|GMT(?:[+-]\d{1,2})?|ChST|MeST|WITA|[+-]\d{2}(?:\d{2})?|[A-Z]{3,4}T|[A-Z]{3})",
    "2006": r"(?P<year>\d{4})",
    "06": r"(?P<year_short>\d{2})",
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

    def ns(self, location: ZoneInfo | None, year: int | None = None) -> int:
        """Nanoseconds since the epoch; `location` is the zone of a text that names none, `year` replaces a missing
        year. Raises NoTime when the day does not exist in that year."""
        try:
            moment = self.moment.replace(year=year) if year is not None else self.moment
        except ValueError as error:
            raise NoTime(str(error)) from None
        if self.offset_s is None:
            moment = moment.replace(tzinfo=location or dt.UTC)
        else:
            moment = (moment - dt.timedelta(seconds=self.offset_s)).replace(tzinfo=dt.UTC)
        since = moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        return (since.days * 86400 + since.seconds) * NS + self.fraction_ns


@lru_cache(maxsize=256)
def _pattern(layout: str) -> re.Pattern[str]:
    parts: list[str] = []
    at = 0
    fraction_given = any(re.fullmatch(r"[.,][09]+", m[0]) for m in _TOKEN.finditer(layout))
    for match in _TOKEN.finditer(layout):
        parts.append(_literal(layout[at : match.start()]))
        parts.append(_reader(match[0], fraction_given))
        at = match.end()
    parts.append(_literal(layout[at:]))
    try:
        return re.compile("".join(parts), re.DOTALL | re.ASCII | re.IGNORECASE if "Jan" in layout else re.ASCII)
    except re.error:
        raise NoTime(f"layout {layout!r} names a part of the time twice") from None


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
    if "year_short" in part:
        short = int(part["year_short"])
        year = short + (1900 if short >= 69 else 2000)
    month, day = _month(part), int(part.get("day", 1))
    hour = int(part.get("hour", part.get("hour_12", 0)))
    if "half" in part:
        hour = hour % 12 + (12 if part["half"].lower() == "pm" else 0)
    for name, allowed in (("day_name", _DAYS), ("day_short", [d[:3] for d in _DAYS])):
        if name in part and part[name].lower() not in allowed:
            raise NoTime(f"{part[name]!r} is no day of the week")
    try:
        # A text without a year may be 29 February: year 0 is a leap year in Go, as 4 is here.
        moment = dt.datetime(year or 4, month, day, hour, int(part.get("minute", 0)), int(part.get("second", 0)))
        if "year_day" in part:
            moment = moment.replace(month=1, day=1) + dt.timedelta(days=int(part["year_day"]) - 1)
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
                raise NoTime(f"{part[name]!r} is no month")
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
    if zone := part.get("zone"):
        signed = re.fullmatch(r"(?:GMT)?([+-])(\d{1,2})(\d{2})?", zone)
        if not signed:
            return 0
        seconds = int(signed[2]) * 3600 + int(signed[3] or 0) * 60
        return -seconds if signed[1] == "-" else seconds
    return None
