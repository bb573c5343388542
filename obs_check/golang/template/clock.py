"""Times in templates, written and read by Go's layouts."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from obs_check.golang.layouts import TOKEN, NoTime, Parsed, parse

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZERO_NS = -62_135_596_800_000_000_000
"""Go's zero time, 0001-01-01 UTC, in ns since the epoch."""

_CYCLE_S = 146_097 * 86_400
"""400 years, in which the calendar comes round: a year that Python does not have is looked up later."""


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
        """Wall clock, whole seconds; 400 years late before the year 2, for which see `year`."""
        late = _CYCLE_S if self._is_early() else 0
        return (_EPOCH + timedelta(seconds=self.ns // 1_000_000_000 + late)).astimezone(self.place)

    def year(self) -> int:
        """The year of the wall clock, 0 for a time that was read without one."""
        return self.local().year - (400 if self._is_early() else 0)

    def _is_early(self) -> bool:
        return self.ns < ZERO_NS + 86_400_000_000_000 * 366

    def __str__(self) -> str:
        return self.format("2006-01-02 15:04:05.999999999 -0700 MST")

    def format(self, layout: str) -> str:
        """The time in a layout of Go (time.Format)."""
        wall = self.local()
        nanos = self.ns % 1_000_000_000
        return TOKEN.sub(lambda found: _written(found[0], wall, self.year(), nanos), layout)


def _offset(wall: datetime, form: str) -> str:
    seconds = int((wall.utcoffset() or timedelta()).total_seconds())
    if form[0] == "Z" and not seconds:
        return "Z"
    size = abs(seconds)
    digits = f"{size // 3600:02d}{size // 60 % 60:02d}{size % 60:02d}"
    sign, shape = "-" if seconds < 0 else "+", form[1:]
    parts = [digits[at : at + 2] for at in range(0, len(shape.replace(":", "")), 2)]
    return sign + (":" if ":" in shape else "").join(parts)


def _written(form: str, wall: datetime, year: int, nanos: int) -> str:
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
        "2006": f"{year:04d}",
        "_2006": f"_{year:04d}",
        "06": f"{year % 100:02d}",
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


def read_time(layout: str, text: str, place: tzinfo) -> Instant:
    """The time that a text says in a layout of Go; Go's zero time when it does not fit (Loki ignores the error)."""
    try:
        parsed = parse(layout, text)
    except NoTime:
        return Instant(ZERO_NS)
    # Go's year 0, for a layout without one, is none of Python's.
    ns = parsed.ns(place) if parsed.year else parsed.ns(place, 2000) - 5 * _CYCLE_S * 1_000_000_000
    return Instant(ns, _place(parsed, place, Instant(ns, place).local()))


def _place(parsed: Parsed, place: tzinfo, wall: datetime) -> tzinfo:
    """`place`, the zone of `wall`, unless the text names another one: an offset that is not in effect there, or an
    abbreviation that is not, which counts as UTC."""
    if parsed.offset_s == 0:
        return UTC
    if parsed.offset_s is not None and timedelta(seconds=parsed.offset_s) != wall.utcoffset():
        offset = timezone(timedelta(seconds=parsed.offset_s))
        return timezone(timedelta(seconds=parsed.offset_s), _offset(wall.astimezone(offset), "-0700"))
    if parsed.offset_s is None and parsed.zone not in (None, wall.tzname()):
        return timezone(timedelta(), str(parsed.zone))
    return place
