"""`timestamp`: the time of a line from the extracted map."""

import datetime as dt
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from obs_check.golang import layouts
from obs_check.model.window import NS
from obs_check.shipper.item import Item, PerLine, StageContext, text_of
from obs_check.shipper.stages.declaration import StageDeclaration, StageSettings

REMEMBERED_STREAMS = 10_000
"""Promtail 3.5: streams whose last time is kept for `fudge`."""

_INTEGER = re.compile(r"[+-]?\d+")
_UNIX_SCALE = {"UnixMs": 1_000_000, "UnixUs": 1_000, "UnixNs": 1}


@dataclass(frozen=True)
class Timestamp:
    """`format` is a Go layout or a name. When the time cannot be read: `fudge` takes the last time of the same labels
    plus one nanosecond (the reading time when there is none yet), `skip` keeps the reading time. With `apart` (Alloy
    1.18, its default) a line with the very time of the one before it, same labels, is set a nanosecond behind it."""

    kind: ClassVar[str] = "timestamp"
    source: str
    format: str
    fallback_formats: tuple[str, ...] = ()
    location: str | None = None
    action_on_failure: Literal["fudge", "skip"] = "fudge"
    apart: bool = False

    @property
    def note(self) -> str:
        """What a run cannot show."""
        local = self.location == "Local"
        return "timestamp: location Local is the zone of the shipper's machine, taken for UTC here" if local else ""

    @classmethod
    def read(cls, given: StageSettings) -> "Timestamp":
        apart = given.alloy and given.choice("action_on_duplicate_timestamp", ("keep", "fudge")) != "keep"
        location = given.get("location")
        if location:
            try:
                _zone(location.text())
            except (ValueError, OSError, KeyError):
                raise location.error(f"not a time zone: {location.text()!r}", "write one like Europe/Berlin") from None
        action = given.choice("action_on_failure", ("fudge", "skip"), "fudge")
        return cls(
            given.needed("source").text(),
            given.needed("format").text(),
            given.texts("fallback_formats"),
            location.text() if location else None,
            "skip" if action == "skip" else "fudge",
            apart,
        )

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        last: OrderedDict[tuple[tuple[str, str], ...], tuple[int, int]] = OrderedDict()
        zone = _zone(self.location)
        remembers = self.apart or self.action_on_failure == "fudge"

        def change(item: Item) -> bool:
            stream = tuple(sorted(item.labels.items()))
            read = self._time(text_of(item.extracted.get(self.source)), zone, context.clock)
            before = last.get(stream)
            if read is None:
                if self.action_on_failure == "skip" or before is None:
                    return True
                read, item.ts = before[0], before[1] + 1
            else:
                item.ts = before[1] + 1 if self.apart and before and before[0] == read else read
            if remembers:
                last[stream] = (read, item.ts)
                last.move_to_end(stream)
                if len(last) > REMEMBERED_STREAMS:
                    last.popitem(last=False)
            return True

        return PerLine(change)

    def time_of(self, text: str, now: Callable[[], int]) -> int | None:
        """The time (ns) that a text stands for; None where it cannot be read. `now` answers ns since the epoch."""
        return self._time(text, _zone(self.location), now)

    def _time(self, text: str | None, zone: ZoneInfo | None, now: Callable[[], int]) -> int | None:
        if text is None:
            return None
        for layout in (self.format, *self.fallback_formats):
            try:
                return read_time(layout, text, zone, now)
            except layouts.NoTime:
                continue
        return None


def _zone(name: str | None) -> ZoneInfo | None:
    """The zone of a name; None for UTC. Raises KeyError (ZoneInfoNotFoundError), ValueError or OSError."""
    return None if name in {None, "", "UTC", "Local"} else ZoneInfo(str(name))


def read_time(layout: str, text: str, zone: ZoneInfo | None, now: Callable[[], int]) -> int:
    """Nanoseconds since the epoch of a text in a named or Go layout; raises layouts.NoTime. A layout without a year
    takes the current one, or the neighbour when December and January meet."""
    if layout == "Unix":
        return _unix(text)
    if layout in _UNIX_SCALE:
        return _in_64_bits(_integer(text) * _UNIX_SCALE[layout])
    if layout in layouts.NAMED:
        return layouts.parse(layouts.NAMED[layout], text).ns(None)
    parsed = layouts.parse(layout, text)
    if "06" in layout:
        return parsed.ns(zone)
    today = dt.datetime.fromtimestamp(now() // NS, dt.UTC)
    months = (parsed.moment.month, today.month)
    return parsed.ns(zone, today.year + {(12, 1): -1, (1, 12): 1}.get(months, 0))


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise layouts.NoTime(f"not a whole number of 64 bits: {text!r}")
    return int(text)


def _in_64_bits(ns: int) -> int:
    """The product as Go has it: nanoseconds that are read as ms are some time between 1678 and 2262."""
    return (ns + 2**63) % 2**64 - 2**63


def _unix(text: str) -> int:
    if text.count(".") != 1:
        return _integer(text) * NS
    seconds, fraction = text.split(".")
    return _integer(seconds) * NS + int(_integer(fraction) * 10.0 ** (9 - len(fraction)))


TIMESTAMP = StageDeclaration(
    Timestamp.read,
    ("timestamp",),
    "timestamp",
    {
        "source": "text!",
        "format": "text!",
        "fallback_formats": "texts",
        "location": "text",
        "action_on_failure": "text",
    },
    {"action_on_duplicate_timestamp": "text"},
    strict=True,
    blank_is_unset=True,
)
