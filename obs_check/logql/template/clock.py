"""Times in templates: Go's layouts written and read."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZERO_NS = -62_135_596_800_000_000_000
"""Go's zero time, 0001-01-01 UTC, in ns since the epoch."""

_LAYOUT = re.compile(
    r"January|Jan|Monday|Mon|MST|2006|-07:00|-0700|-07|Z07:00|Z0700|Z07|__2|_2006|_2|01|02|002|03|04|05|06|15|PM|pm"
    r"|[.,]0+(?![0-9])|[.,]9+(?![0-9])|1|2|3|4|5"
)


def zone(name: str) -> tzinfo:
    """The time zone of a name; UTC when there is none such."""
    if name in ("", "UTC", "Local"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


@dataclass(frozen=True, slots=True)
class Instant:
    """`ns` since the epoch (UTC), shown in `place`."""

    ns: int
    place: tzinfo = UTC

    def local(self) -> datetime:
        """Wall clock, whole seconds."""
        return (_EPOCH + timedelta(seconds=self.ns // 1_000_000_000)).astimezone(self.place)

    def __str__(self) -> str:
        return self.format("2006-01-02 15:04:05.999999999 -0700 MST")

    def format(self, layout: str) -> str:
        """The time in a layout of Go (time.Format)."""
        wall = self.local()
        nanos = self.ns % 1_000_000_000
        return _LAYOUT.sub(lambda found: _written(found[0], wall, nanos), layout)


def _offset(wall: datetime, form: str) -> str:
    minutes = int((wall.utcoffset() or timedelta()).total_seconds()) // 60
    if form[0] == "Z" and not minutes:
        return "Z"
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    hours, rest = f"{minutes // 60:02d}", f"{minutes % 60:02d}"
    if form.endswith("07:00"):
        return f"{sign}{hours}:{rest}"
    return f"{sign}{hours}{rest}" if form.endswith("0700") else f"{sign}{hours}"


def _written(form: str, wall: datetime, nanos: int) -> str:
    if form[0] in ".,":
        digits = f"{nanos:09d}"[: len(form) - 1]
        if form[1] == "0":
            return form[0] + digits
        digits = digits.rstrip("0")
        return form[0] + digits if digits else ""
    if "07" in form:
        return _offset(wall, form)
    hour12 = wall.hour % 12 or 12
    known = {
        "2006": f"{wall.year:04d}",
        "_2006": f"_{wall.year:04d}",
        "06": f"{wall.year % 100:02d}",
        "January": wall.strftime("%B"),
        "Jan": wall.strftime("%b"),
        "Monday": wall.strftime("%A"),
        "Mon": wall.strftime("%a"),
        "01": f"{wall.month:02d}",
        "1": str(wall.month),
        "02": f"{wall.day:02d}",
        "2": str(wall.day),
        "_2": f"{wall.day:2d}",
        "002": f"{wall.timetuple().tm_yday:03d}",
        "__2": f"{wall.timetuple().tm_yday:3d}",
        "15": f"{wall.hour:02d}",
        "03": f"{hour12:02d}",
        "3": str(hour12),
        "04": f"{wall.minute:02d}",
        "4": str(wall.minute),
        "05": f"{wall.second:02d}",
        "5": str(wall.second),
        "PM": "PM" if wall.hour >= 12 else "AM",
        "pm": "pm" if wall.hour >= 12 else "am",
        "MST": wall.tzname() or "UTC",
    }
    return known[form]


_READ = {
    "2006": ("%Y", r"\d{4}"),
    "06": ("%y", r"\d\d"),
    "January": ("%B", "[A-Za-z]+"),
    "Jan": ("%b", "[A-Za-z]{3}"),
    "Monday": ("%A", "[A-Za-z]+"),
    "Mon": ("%a", "[A-Za-z]{3}"),
    "01": ("%m", r"\d\d"),
    "1": ("%m", r"\d\d?"),
    "02": ("%d", r"\d\d"),
    "2": ("%d", r"\d\d?"),
    "_2": ("%d", r"[ \d]?\d"),
    "002": ("%j", r"\d{3}"),
    "15": ("%H", r"\d\d"),
    "03": ("%I", r"\d\d"),
    "3": ("%I", r"\d\d?"),
    "04": ("%M", r"\d\d"),
    "4": ("%M", r"\d\d?"),
    "05": ("%S", r"\d\d"),
    "5": ("%S", r"\d\d?"),
    "PM": ("%p", "[AP]M"),
    "pm": ("%p", "[ap]m"),
}


def read_time(layout: str, text: str, place: tzinfo) -> Instant:
    """The time that a text says in a layout of Go; Go's zero time when it does not fit (Loki ignores the error)."""
    pattern, formats, at = "", [], 0
    for found in _LAYOUT.finditer(layout):
        form = found[0]
        pattern += re.escape(layout[at : found.start()])
        at = found.end()
        if form[0] in ".,":
            pattern += r"(?P<nanos>[.,]\d+)?"
        elif "07" in form:
            pattern += r"(?P<offset>Z|[+-]\d\d:?(?:\d\d)?)"
        elif form == "MST":
            pattern += "[A-Z]{3,4}"
        else:
            code, shape = _READ[form]
            pattern += f"({shape})" if form != "05" or "nanos" in pattern else rf"({shape})(?P<nanos>[.,]\d+)?"
            formats.append(code)
    pattern = pattern.replace(r"(?P<nanos>[.,]\d+)?(?P<nanos>[.,]\d+)?", r"(?P<nanos>[.,]\d+)?")
    matched = re.fullmatch(pattern + re.escape(layout[at:]), text)
    if matched is None:
        return Instant(ZERO_NS)
    named = matched.groupdict()
    values = [matched[i] for i in range(1, (matched.re.groups or 0) + 1) if i not in matched.re.groupindex.values()]
    try:
        wall = datetime.strptime(" ".join(value.strip() for value in values), " ".join(formats))
    except ValueError:
        return Instant(ZERO_NS)
    offset = named.get("offset")
    if offset:
        digits = offset[1:].replace(":", "").ljust(4, "0")
        shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:])) if offset != "Z" else timedelta()
        place = timezone(-shift if offset[0] == "-" else shift) if shift else UTC
    nanos = int((named.get("nanos") or ".0")[1:].ljust(9, "0")[:9])
    since = wall.replace(tzinfo=place) - _EPOCH
    return Instant((since.days * 86_400 + since.seconds) * 1_000_000_000 + nanos, place)
