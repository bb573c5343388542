"""joinByField: frames side by side on one column (time when none is named)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from obs_check.panel.frames import Field, Frame
from obs_check.panel.naming import is_named


def join_by_field(frames: Sequence[Frame], options: Mapping[str, object]) -> list[Frame]:
    """`inner` keeps keys that every frame has (none: no row), `outer` all of them. Where the column is in no frame the
    result has no columns."""
    by = str(options.get("byField") or "")
    keyed = [(frame, key) for frame in frames for key in [_key(frame, frames, by)] if key is not None]
    if not keyed:
        return [Frame([])] if frames else []
    first = keyed[0][1]
    seen = [list(dict.fromkeys(key.values)) for _, key in keyed]
    keys = list(dict.fromkeys(value for values in seen for value in values))
    if options.get("mode") == "inner":
        common = set.intersection(*(set(values) for values in seen))
        keys = [k for k in keys if k in common]
    elif first.type == "time":
        keys.sort(key=lambda v: (v is None, v))
    fields = [replace(first, values=keys)]
    for frame, key in keyed:
        rows = {value: i for i, value in enumerate(key.values)}
        fields += [
            replace(f, values=[f.values[rows[k]] if k in rows else None for k in keys])
            for f in frame.fields
            if f is not key
        ]
    return [Frame(fields)]


def _key(frame: Frame, frames: Sequence[Frame], by: str) -> Field | None:
    if by:
        return next((f for f in frame.fields if is_named(f, frame, frames, by)), None)
    return next((f for f in frame.fields if f.type == "time"), None)
