"""The text that a value is shown as: mappings, decimals, units."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from obs_check.model.tree import Json

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SCALES: dict[str, tuple[float, tuple[str, ...]]] = {
    "short": (1000, ("", " K", " Mil", " Bil", " Tri", " Quadr")),
    "bytes": (1024, (" B", " KiB", " MiB", " GiB", " TiB", " PiB")),
    "decbytes": (1000, (" B", " kB", " MB", " GB", " TB", " PB")),
}
_SUFFIXES = {
    "percent": "%",
    "percentunit": "%",
    "reqps": " req/s",
    "ops": " ops/s",
    "cps": " c/s",
    "eps": " ev/s",
    "s": " s",
    "ms": " ms",
    "ns": " ns",
}
_UNITS_WITHOUT_TEXT = {"", "none", "string", "locale"}


def format_value(value: object, config: Mapping[str, object]) -> str:
    """The text for one value of a column with this display configuration; times are ns since the epoch when they come
    as such from a time column and are written with `format_time`."""
    mapped = _mapping(value, config)
    if mapped is not None:
        return mapped
    if value is None:
        return str(config.get("noValue") or "")
    if isinstance(value, bool):
        return "True" if value else "False"
    if not isinstance(value, int | float):
        return str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return _number(float(value), str(config.get("unit") or ""), config.get("decimals"))


def format_time(ns: int) -> str:
    """A time column's text, UTC with milliseconds."""
    at = _EPOCH + timedelta(microseconds=ns // 1000)
    return at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03d}"


def _number(value: float, unit: str, decimals: object) -> str:
    if unit == "percentunit":
        value *= 100
    if unit in _SCALES:
        factor, names = _SCALES[unit]
        size = 0
        while abs(value) >= factor and size < len(names) - 1:
            value, size = value / factor, size + 1
        return _fixed(value, decimals) + names[size]
    if unit in _UNITS_WITHOUT_TEXT:
        return _fixed(value, decimals)
    return _fixed(value, decimals) + _SUFFIXES.get(unit, f" {unit.removeprefix('suffix:')}")


def _fixed(value: float, decimals: Any) -> str:
    places = int(decimals) if decimals is not None else _decimals(value)
    factor = 10.0 ** max(0, places)
    # JavaScript rounds halves up, Python to even.
    rounded = math.floor(abs(value) * factor + 0.5) / factor
    text = f"{rounded:.{max(0, places)}f}"
    return f"-{text}" if value < 0 and rounded else text


def _decimals(value: float) -> int:
    """Grafana's choice without `decimals`: none for whole numbers, else about three digits that say something."""
    if value == int(value):
        return 0
    exponent = math.floor(math.log10(abs(value)))
    places = 1 - exponent
    if abs(value) / 10.0**-places > 2.25:
        places += 1
    return max(0, places)


def _mapping(value: object, config: Mapping[str, Any]) -> str | None:
    for mapping in config.get("mappings") or ():
        options = mapping.get("options") or {}
        result = _mapped(value, str(mapping.get("type") or ""), options)
        if result is not None and "text" in result:
            return str(result["text"])
    return None


def _mapped(value: object, kind: str, options: Mapping[str, Any]) -> Mapping[str, Json] | None:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    match kind:
        case "value":
            keys = [str(value)] if number is None else [str(value), f"{number:g}"]
            return next((dict(options[k]) for k in keys if value is not None and k in options), None)
        case "range":
            low, high = options.get("from"), options.get("to")
            inside = number is not None and (low is None or number >= low) and (high is None or number <= high)
            return _result(options) if inside else None
        case "regex":
            pattern = str(options.get("pattern") or "").strip("/")
            return _result(options) if value is not None and re.search(pattern, str(value)) else None
        case "special":
            return _result(options) if _is_special(value, str(options.get("match") or "")) else None
    return None


def _result(options: Mapping[str, object]) -> Mapping[str, Json] | None:
    held = options.get("result")
    return held if isinstance(held, Mapping) else None


def _is_special(value: object, match: str) -> bool:
    nan = isinstance(value, float) and math.isnan(value)
    checks: dict[str, bool] = {
        "null": value is None,
        "nan": nan,
        "null+nan": value is None or nan,
        "true": value is True,
        "false": value is False,
        "empty": value == "",
    }
    return checks.get(match, False)
