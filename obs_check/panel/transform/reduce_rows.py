"""reduce: one row a column (seriesToRows), or one row a frame (reduceFields)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from obs_check.panel.frames import Field, Frame
from obs_check.panel.naming import display_name
from obs_check.panel.reduce import NAMES, reduce_field


def reduce_rows(frames: Sequence[Frame], options: Mapping[str, Any]) -> list[Frame]:
    """Time columns are left out unless `includeTimeField`; the sum of text or of nothing is 0."""
    calcs = [str(c) for c in options.get("reducers") or ["max"]]
    with_time = bool(options.get("includeTimeField"))
    if options.get("mode") == "reduceFields":
        return [_one_row(frame, calcs[0], with_time) for frame in frames if frame.fields]
    names: list[str] = []
    labels: list[Mapping[str, str]] = []
    columns: dict[str, list[object]] = {calc: [] for calc in calcs}
    for frame in frames:
        for field in frame.fields:
            if field.type == "time" and not with_time:
                continue
            names.append(field.name if options.get("labelsToFields") else display_name(field, frame, frames))
            labels.append(field.labels)
            for calc in calcs:
                columns[calc].append(reduce_field(field, calc))
    if not names:
        return []
    fields = [Field("Field", "string", names)]
    if options.get("labelsToFields"):
        keys = sorted({key for held in labels for key in held})
        fields += [Field(key, "string", [held.get(key) for held in labels]) for key in keys]
    fields += [Field(NAMES.get(calc, calc), _type(values), values) for calc, values in columns.items()]
    return [Frame(fields)]


def _one_row(frame: Frame, calc: str, with_time: bool) -> Frame:
    kept = [f for f in frame.fields if with_time or f.type != "time"]
    return replace(frame, fields=[replace(f, values=[reduce_field(f, calc)]) for f in kept])


def _type(values: Sequence[object]) -> str:
    there = [v for v in values if v is not None]
    return "string" if there and all(isinstance(v, str) for v in there) else "number"
