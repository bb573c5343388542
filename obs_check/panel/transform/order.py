"""sortBy and limit: the order of rows, and how many of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from obs_check.panel.frames import Frame
from obs_check.panel.naming import is_named
from obs_check.panel.reduce import is_null

_WHOLE = re.compile(r"\s*([+-]?\d+)")


def sort_by(frames: Sequence[Frame], options: Mapping[str, Any]) -> list[Frame]:
    """Sorts by the first named column; a column that is not there leaves the frame as it is and says nothing."""
    rule: Mapping[str, object] = next(iter(options.get("sort") or ()), {})
    result = []
    for frame in frames:
        column = next((f for f in frame.fields if is_named(f, frame, frames, str(rule.get("field") or ""))), None)
        if column is None:
            result.append(frame)
            continue
        values = column.values
        there = sorted((i for i in range(frame.rows) if not is_null(values[i])), key=lambda i: values[i])
        order = [i for i in range(frame.rows) if is_null(values[i])] + there
        result.append(_taken(frame, order[::-1] if rule.get("desc") else order))
    return result


def limit(frames: Sequence[Frame], options: Mapping[str, object]) -> list[Frame]:
    """The first n rows of every frame, the last n when negative; an empty or unreadable number is no limit."""
    stored = options.get("limitField", 10)
    read = _WHOLE.match(str(stored))
    if read is None:
        return list(frames)
    count = int(read[1])
    return [_taken(f, list(range(f.rows))[:count] if count >= 0 else list(range(f.rows))[count:]) for f in frames]


def _taken(frame: Frame, rows: list[int]) -> Frame:
    return replace(frame, fields=[replace(f, values=[f.values[r] for r in rows]) for f in frame.fields])
