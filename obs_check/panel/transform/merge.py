"""merge: all frames as one table, rows joined where their common columns agree."""

from collections.abc import Mapping, Sequence
from typing import Any

from obs_check.model.tree import Json
from obs_check.panel.frames import Field, Frame


def merge(frames: Sequence[Frame], _options: Mapping[str, object]) -> list[Frame]:
    """Empty frames are dropped; a column that a frame does not have is null in its rows, unless a row of another frame
    with the same common values fills it."""
    filled = [f for f in frames if f.rows]
    if len(filled) <= 1:
        return filled
    columns: dict[str, Field] = {}
    for frame in filled:
        for field in frame.fields:
            columns.setdefault(field.name, field)
    common = set.intersection(*({f.name for f in frame.fields} for frame in filled))
    rows: list[dict[str, Json]] = []
    by_key: dict[tuple[object, ...], list[dict[str, Json]]] = {}
    for frame in filled:
        for i in range(frame.rows):
            row = {f.name: f.values[i] for f in frame.fields}
            key = tuple(row[name] for name in sorted(common))
            _place(row, by_key.setdefault(key, []), rows, bool(common))
    fields = [Field(name, f.type, [row.get(name) for row in rows], config=f.config) for name, f in columns.items()]
    return [Frame(fields)]


def _place(row: dict[str, Any], same: list[dict[str, Any]], rows: list[dict[str, Any]], joined: bool) -> None:
    if joined:
        for held in same:
            if all(held.get(name, value) == value for name, value in row.items()):
                held.update(row)
                return
    same.append(row)
    rows.append(row)
