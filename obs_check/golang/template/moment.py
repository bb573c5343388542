"""The functions of Loki's templates that depend on the line and on when it is read."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from obs_check.golang.template.clock import Instant
from obs_check.golang.template.functions import Signature
from obs_check.model.window import NS


class Moment(NamedTuple):
    """`line` and its time `ts`, ns since the epoch; `now_ns` answers what time it is, in the same unit."""

    line: str
    ts: int
    now_ns: Callable[[], int]


def _date(now_ns: Callable[[], int], layout: str, value: Any) -> str:
    """sprig's date: a time or a number of seconds in UTC, or now for anything else."""
    if isinstance(value, Instant):
        return Instant(value.ns).format(layout)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return Instant(value * NS if whole else now_ns()).format(layout)


OF_THE_MOMENT: Mapping[str, Callable[[Moment], Signature]] = {
    "__line__": lambda moment: Signature("", False, lambda: moment.line),
    "__timestamp__": lambda moment: Signature("", False, lambda: Instant(moment.ts)),
    "now": lambda moment: Signature("", False, lambda: Instant(moment.now_ns())),
    "date": lambda moment: Signature("sa", False, partial(_date, moment.now_ns)),
}
