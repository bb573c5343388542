"""timestamp-zone: a timestamp stage sets times that are whole hours away from those of the container runtime."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.pipeline_sample import seen_by
from obs_check.lint.question import NOW_NS
from obs_check.lint.rule import LintRule
from obs_check.model.window import NS
from obs_check.shipper.item import Item, text_of
from obs_check.shipper.stages.timestamp import Timestamp

_QUARTER_S = 900
"""Zones lie whole quarters of an hour apart."""
_LAG_S = 90
"""How long a line may take from its program to the runtime, in seconds."""
_FEWEST = 2
"""Lines that have to agree: one alone may be a quarter of an hour late by chance."""


def _find(material: Material) -> Iterator[Found]:
    for sample in material.samples:
        for shipper, job, flow in material.jobs_of(sample):
            for stage, items in seen_by(job, flow, sample, Timestamp):
                offset_s = _offset_s([found for item in items if (found := _leap_s(stage, item)) is not None])
                if offset_s:
                    way = "ahead of" if offset_s > 0 else "behind"
                    claim = (
                        f"job {job.name}: `timestamp` sets the lines of {sample.name} {_hours(abs(offset_s))} {way} "
                        "the time at which the container runtime wrote them"
                    )
                    remedy = "set `location` to the zone that the program writes, or leave the runtime's time"
                    yield shipper.spot(job, stage.format, stage=stage), claim, remedy


def _leap_s(stage: Timestamp, item: Item) -> float | None:
    """Seconds by which the stage moves the time that a stage in front of it set; None where one of the two is not
    there."""
    text = text_of(item.extracted.get(stage.source))
    read = None if text is None else stage.time_of(text, lambda: NOW_NS)
    return None if read is None or item.ts is None else (read - item.ts) / NS


def _offset_s(leaps_s: list[float]) -> int:
    """The distance of two zones that explains all leaps; 0 where none does."""
    if len(leaps_s) < _FEWEST:
        return 0
    offset_s = round(leaps_s[0] / _QUARTER_S) * _QUARTER_S
    return offset_s if all(abs(leap_s - offset_s) <= _LAG_S for leap_s in leaps_s) else 0


def _hours(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d} h"


RULE = LintRule("timestamp-zone", "error", "times that are whole hours off those of the container runtime", _find)
