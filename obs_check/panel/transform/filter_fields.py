"""filterFieldsByName and filterByRefId: which columns and which frames go on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from obs_check.panel.frames import Field, Frame
from obs_check.panel.naming import display_name
from obs_check.panel.overrides import js_regex


def filter_fields_by_name(frames: Sequence[Frame], options: Mapping[str, object]) -> list[Frame]:
    """Columns by name or pattern, `include` first, then `exclude`; a frame without a column left vanishes."""
    result = []
    for frame in frames:
        fields = [f for f in frame.fields if _kept(f, frame, frames, options)]
        if fields:
            result.append(replace(frame, fields=fields))
    return result


def filter_by_ref_id(frames: Sequence[Frame], options: Mapping[str, object]) -> list[Frame]:
    """Frames of the named refIds: `include` and `exclude` are expressions such as `A|B`."""
    include, exclude = options.get("include"), options.get("exclude")
    kept = list(frames)
    if include:
        kept = [f for f in kept if js_regex(f"^(?:{include})$").search(f.ref_id)]
    if exclude:
        kept = [f for f in kept if not js_regex(f"^(?:{exclude})$").search(f.ref_id)]
    return kept


def _kept(field: Field, frame: Frame, frames: Sequence[Frame], options: Mapping[str, Any]) -> bool:
    include, exclude = options.get("include"), options.get("exclude")
    if include and not _meets(field, frame, frames, include):
        return False
    return not (exclude and _meets(field, frame, frames, exclude))


def _meets(field: Field, frame: Frame, frames: Sequence[Frame], rule: Mapping[str, Any]) -> bool:
    shown = display_name(field, frame, frames)
    if {field.name, shown} & set(rule.get("names") or ()):
        return True
    pattern = rule.get("pattern")
    return bool(pattern and js_regex(str(pattern)).search(shown))
