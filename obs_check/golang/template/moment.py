"""The functions of templates, Loki's and those of a shipper, that depend on the line and on when it is read."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from obs_check.golang.template.clock import Instant, zone
from obs_check.golang.template.functions import Signature
from obs_check.model.window import NS


class Moment(NamedTuple):
    """`line` and its time `ts`, ns since the epoch; `now_ns` answers what time it is, in the same unit."""

    line: str
    ts: int
    now_ns: Callable[[], int]


def _date(now_ns: Callable[[], int], layout: str, value: Any, place: str = "UTC") -> str:
    """sprig's date: a time or a number of seconds in UTC, or now for anything else."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    ns = value.ns if isinstance(value, Instant) else value * NS if whole else now_ns()
    return Instant(ns, zone(place)).format(layout)


OF_THE_MOMENT: Mapping[str, Callable[[Moment], Signature]] = {
    "__line__": lambda moment: Signature("", False, lambda: moment.line),
    "__timestamp__": lambda moment: Signature("", False, lambda: Instant(moment.ts)),
    "now": lambda moment: Signature("", False, lambda: Instant(moment.now_ns())),
    "date": lambda moment: Signature("sa", False, partial(_date, moment.now_ns)),
}

OF_A_SHIPPER: Mapping[str, Callable[[Moment], Signature]] = {
    "now": OF_THE_MOMENT["now"],
    "date": OF_THE_MOMENT["date"],
    "dateInZone": lambda moment: Signature("sas", False, partial(_date, moment.now_ns)),
    "date_in_zone": lambda moment: Signature("sas", False, partial(_date, moment.now_ns)),
    "htmlDate": lambda moment: Signature("a", False, partial(_date, moment.now_ns, "2006-01-02")),
    "htmlDateInZone": lambda moment: Signature("as", False, partial(_date, moment.now_ns, "2006-01-02")),
}
"""sprig's, where the shipper's own zone is UTC."""

EVERY: Mapping[str, Callable[[Moment], Signature]] = {**OF_THE_MOMENT, **OF_A_SHIPPER}
