"""Samples of a metric in promtool's notation: `0+1x10` is 0, 1, ... 10; `5x3` is 5 four times; `_` is not a sample."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from obs_check.errors import InputError
from obs_check.model.window import NS
from obs_check.standin.prometheus.store import read_samples
from obs_check.testing.section import TestSection

_PART = re.compile(
    r"(?P<start>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?:(?P<by>[+-](?:\d+\.?\d*|\.\d+))?x(?P<times>\d+))?"
)
_GAP = re.compile(r"_(?:x(?P<times>\d+))?")


@dataclass(frozen=True, slots=True)
class GivenSeries:
    """The samples of one series of a metric."""

    labels: Mapping[str, str]
    """`series`: Its name, which is the label `__name__`, and its labels: `up{job="x"}`."""
    values: tuple[float | None, ...]
    """Samples in promtool's notation, the last one now: `0+1x10` is 0, 1, ... 10; `5x3` is 5 four times; `_` none."""
    interval_ns: int
    """`interval`: The time between two samples."""


def read_series(one: TestSection) -> GivenSeries:
    """From `series`, `values` and `interval` (default 1m). InputError names what is not in the notation."""
    text = one.needed("series")
    try:
        ((labels, _),) = read_samples(f"{text} 0")
    except (InputError, ValueError):
        raise one.wrong("series", 'write a name and its labels: up{job="x"}') from None
    values: list[float | None] = []
    for part in one.needed("values").split():
        if gap := _GAP.fullmatch(part):
            # promtool: `5x3` is four samples, `_x3` three gaps.
            values += [None] * int(gap["times"] or 1)
            continue
        found = _PART.fullmatch(part)
        if found is None:
            raise InputError(f"{one.where}.values: {part!r} is not in promtool's notation", "for example 0+1x10")
        start, by = float(found["start"]), float(found["by"] or 0)
        values += [start + by * i for i in range(int(found["times"] or 0) + 1)]
    return GivenSeries(labels, tuple(values), one.duration("interval", 60 * NS))
