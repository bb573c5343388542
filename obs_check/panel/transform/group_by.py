"""groupBy: one row a group, the other columns reduced."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from obs_check.panel.frames import Field, Frame
from obs_check.panel.naming import display_name
from obs_check.panel.reduce import reduce_field


def group_by(frames: Sequence[Frame], options: Mapping[str, Any]) -> list[Frame]:
    """A frame without one of the grouping columns vanishes; no rows stay no rows."""
    rules: Mapping[str, Any] = options.get("fields") or {}
    result = []
    for frame in frames:
        named = [(f, rules.get(display_name(f, frame, frames)) or {}) for f in frame.fields]
        keys = [f for f, rule in named if rule.get("operation") == "groupby"]
        if not keys:
            continue
        groups: dict[tuple[object, ...], list[int]] = {}
        for row in range(frame.rows):
            groups.setdefault(tuple(k.values[row] for k in keys), []).append(row)
        fields = [replace(k, values=[key[i] for key in groups]) for i, k in enumerate(keys)]
        for field, rule in named:
            if rule.get("operation") != "aggregate":
                continue
            for calc in rule.get("aggregations") or ():
                parts = (replace(field, values=[field.values[r] for r in rows]) for rows in groups.values())
                values = [reduce_field(part, calc) for part in parts]
                kind = "number" if calc in {"count", "sum", "distinctCount"} else field.type
                fields.append(Field(f"{display_name(field, frame, frames)} ({calc})", kind, values))
        result.append(replace(frame, fields=fields))
    return result
