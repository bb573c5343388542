"""filterByValue: keeps or drops rows by what is in them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from obs_check.model.tree import Json
from obs_check.panel.frames import Frame
from obs_check.panel.naming import display_name
from obs_check.panel.overrides import js_regex


def filter_by_value(frames: Sequence[Frame], options: Mapping[str, Any]) -> list[Frame]:
    """Frames keep their columns even without a row; a rule on a column that is not there meets no row."""
    rules = options.get("filters") or []
    if not rules:
        return list(frames)
    combine = all if options.get("match") == "all" else any
    include = options.get("type", "include") == "include"
    result = []
    for frame in frames:
        columns = [_column(frame, frames, str(rule.get("fieldName") or "")) for rule in rules]
        keep = [
            row
            for row in range(frame.rows)
            if include
            == combine(
                column is not None and _meets(column[row], rule.get("config") or {})
                for column, rule in zip(columns, rules, strict=True)
            )
        ]
        result.append(replace(frame, fields=[replace(f, values=[f.values[r] for r in keep]) for f in frame.fields]))
    return result


def _column(frame: Frame, frames: Sequence[Frame], name: str) -> list[Json] | None:
    # By the name that is shown alone (Grafana's groupFieldIndexByName), the last of equal ones.
    return next((f.values for f in reversed(frame.fields) if display_name(f, frame, frames) == name), None)


def _meets(value: object, config: Mapping[str, Any]) -> bool:
    options = config.get("options") or {}
    wanted = options.get("value")
    match config.get("id"):
        case "isNull":
            return value is None
        case "isNotNull":
            return value is not None
        case "equal":
            return _same(value, wanted)
        case "notEqual":
            return not _same(value, wanted)
        case "regex":
            return value is not None and bool(js_regex(str(wanted)).search(str(value)))
        case "substring":
            return str(wanted).lower() in str(value).lower()
        case "notSubstring":
            return str(wanted).lower() not in str(value).lower()
        case "between":
            low, high, number = _number(options.get("from")), _number(options.get("to")), _number(value)
            return number is not None and low is not None and high is not None and low < number < high
    return _compares(str(config.get("id")), _number(value), _number(wanted))


def _compares(kind: str, number: float | None, wanted: float | None) -> bool:
    if number is None or wanted is None:
        return False
    return {
        "greater": number > wanted,
        "greaterOrEqual": number >= wanted,
        "lower": number < wanted,
        "lowerOrEqual": number <= wanted,
    }.get(kind, False)


def _same(value: object, wanted: object) -> bool:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value == _number(wanted)
    return str(value) == str(wanted)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
