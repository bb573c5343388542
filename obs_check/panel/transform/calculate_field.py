"""calculateField: a new column from two columns (binary) or from a whole row (reduceRow)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from obs_check.golang.numbers import power, remainder
from obs_check.model.tree import Json
from obs_check.panel.frames import Field, Frame
from obs_check.panel.naming import display_name, is_named
from obs_check.panel.reduce import NAMES, reduce_field
from obs_check.panel.transform import NotFollowed


def calculate_field(frames: Sequence[Frame], options: Mapping[str, Any]) -> list[Frame]:
    """Every frame with the new column; one that lacks an operand is unchanged. NotFollowed for another mode."""
    make = {"binary": _binary, "reduceRow": _reduce_row}.get(options.get("mode", "reduceRow"))
    if make is None:
        raise NotFollowed
    result = []
    for frame in frames:
        made = make(frame, frames, options)
        if made is None:
            result.append(frame)
            continue
        kept = [f for f in frame.fields if f.type == "time"] if options.get("replaceFields") else frame.fields
        result.append(replace(frame, fields=[*kept, made]))
    return result


def _binary(frame: Frame, frames: Sequence[Frame], options: Mapping[str, Any]) -> Field | None:
    rule = options.get("binary") or {}
    left = _operand(rule.get("left"), frame, frames)
    right = _operand(rule.get("right"), frame, frames)
    if left is None or right is None:
        return None
    operator = str(rule.get("operator") or "+")
    values = [_calculated(a, b, operator) for a, b in zip(left[1], right[1], strict=True)]
    return Field(str(options.get("alias") or f"{left[0]} {operator} {right[0]}"), "number", values)


def _operand(stored: object, frame: Frame, frames: Sequence[Frame]) -> tuple[str, list[Json]] | None:
    """A column by name, or a fixed number; newer versions wrap both in an object."""
    if isinstance(stored, Mapping):
        stored = stored.get("fixed") or (stored.get("matcher") or {}).get("options")
    name = str(stored if stored is not None else "")
    field = next((f for f in frame.fields if is_named(f, frame, frames, name)), None)
    if field is not None:
        return name, field.values
    try:
        return name, [float(name)] * frame.rows
    except ValueError:
        return None


def _calculated(left: object, right: object, operator: str) -> float | None:
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        return None
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            if right == 0:
                return math.nan if left == 0 else math.copysign(math.inf, left)
            return left / right
        case "**":
            return power(left, right)
        case "%":
            return remainder(left, right)
    return None


def _reduce_row(frame: Frame, frames: Sequence[Frame], options: Mapping[str, Any]) -> Field | None:
    rule = options.get("reduce") or {}
    names = set(rule.get("include") or ())
    numbers = [
        f
        for f in frame.fields
        if f.type == "number" and (not names or {f.name, display_name(f, frame, frames)} & names)
    ]
    if not numbers:
        return None
    calc = str(rule.get("reducer") or "sum")
    rows = (Field("", "number", [f.values[i] for f in numbers]) for i in range(frame.rows))
    return Field(str(options.get("alias") or NAMES.get(calc, calc)), "number", [reduce_field(r, calc) for r in rows])
