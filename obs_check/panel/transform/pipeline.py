"""Runs a panel's transformations in order and notes what every step left."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from obs_check.panel.elements import Transformation
from obs_check.panel.frames import Frame
from obs_check.panel.naming import display_name
from obs_check.panel.overrides import js_regex
from obs_check.panel.transform import NotFollowed
from obs_check.panel.transform.calculate_field import calculate_field
from obs_check.panel.transform.extract_fields import extract_fields
from obs_check.panel.transform.filter_by_value import filter_by_value
from obs_check.panel.transform.filter_fields import filter_by_ref_id, filter_fields_by_name
from obs_check.panel.transform.group_by import group_by
from obs_check.panel.transform.join_by_field import join_by_field
from obs_check.panel.transform.labels_to_fields import labels_to_fields
from obs_check.panel.transform.merge import merge
from obs_check.panel.transform.order import limit, sort_by
from obs_check.panel.transform.organize import organize
from obs_check.panel.transform.reduce_rows import reduce_rows
from obs_check.panel.transform.rename_by_regex import rename_by_regex

Transform = Callable[[Sequence[Frame], Mapping[str, Any]], list[Frame]]

TRANSFORMS: tuple[tuple[str, Transform], ...] = (
    ("organize", organize),
    ("filterFieldsByName", filter_fields_by_name),
    ("filterByRefId", filter_by_ref_id),
    ("filterByValue", filter_by_value),
    ("reduce", reduce_rows),
    ("merge", merge),
    ("joinByField", join_by_field),
    ("seriesToColumns", join_by_field),
    ("groupBy", group_by),
    ("sortBy", sort_by),
    ("limit", limit),
    ("labelsToFields", labels_to_fields),
    ("extractFields", extract_fields),
    ("renameByRegex", rename_by_regex),
    ("calculateField", calculate_field),
)


class TransformStep(NamedTuple):
    """What a stage left: frames, columns and rows in all of them, and the names that columns are shown under."""

    name: str
    frames: int
    fields: int
    rows: int
    columns: tuple[str, ...] = ()


class Transformed(NamedTuple):
    """The frames at the end, the step after every transformation, the id of the first one that is not followed here
    and the message of one whose options cannot be read (the frames are those before it); both empty when all ran."""

    frames: list[Frame]
    steps: list[TransformStep]
    unknown: str = ""
    error: str = ""


def step(name: str, frames: Sequence[Frame]) -> TransformStep:
    """The step for frames as they are now."""
    names = dict.fromkeys(display_name(f, frame, frames) for frame in frames for f in frame.fields)
    fields, rows = sum(len(f.fields) for f in frames), sum(f.rows for f in frames)
    return TransformStep(name, len(frames), fields, rows, tuple(names))


def run_transformations(frames: Sequence[Frame], transformations: Sequence[Transformation]) -> Transformed:
    """Disabled ones are passed over; one with a filter sees the frames of its refIds only, the rest come last."""
    current = list(frames)
    steps: list[TransformStep] = []
    known = dict(TRANSFORMS)
    for transformation in transformations:
        if transformation.disabled:
            continue
        apply = known.get(transformation.id)
        if apply is None:
            return Transformed(current, steps, transformation.id)
        try:
            seen, aside = _split(current, transformation.filter)
            # Nothing in, nothing out, whatever the transformation.
            current = [*(apply(seen, transformation.options) if seen else []), *aside]
        except NotFollowed:
            return Transformed(current, steps, transformation.id)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # In Grafana too a transformation that throws is an error of the whole panel.
            return Transformed(current, steps, error=f"transformation {transformation.id} failed: {error}")
        steps.append(step(transformation.id, current))
    return Transformed(current, steps)


def _split(frames: list[Frame], rule: Mapping[str, object] | None) -> tuple[list[Frame], list[Frame]]:
    if not rule or rule.get("id") != "byRefId" or not rule.get("options"):
        return frames, []
    pattern = js_regex(f"^(?:{rule['options']})$")
    return [f for f in frames if pattern.search(f.ref_id)], [f for f in frames if not pattern.search(f.ref_id)]
