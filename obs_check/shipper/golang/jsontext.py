"""JSON as Go's encoding/json writes it: sorted keys, no spaces, `<`, `>`, `&` and two line separators escaped."""

import json
import math
from typing import Any

from obs_check.shipper.golang.number import format_float

_ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


class Malformed(Exception):
    """A text that is not the JSON object that was asked for."""


def read_object(text: str) -> dict[str, Any]:
    """The object in a text; numbers become floats. `null` is an empty object, as Go leaves its map nil.

    Raises Malformed for anything else, also for numbers and constants that JSON does not have (NaN).
    """
    try:
        data = json.loads(text, parse_int=float, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise Malformed(f"a JSON object is needed, this is a {type(data).__name__}")
    return data


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def write(value: Any) -> str:
    """The JSON text of strings, floats, booleans, None, lists and objects."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int | float):
        return _number(float(value))
    if isinstance(value, list):
        return "[" + ",".join(write(v) for v in value) + "]"
    return "{" + ",".join(f"{quote(k)}:{write(value[k])}" for k in sorted(value)) + "}"


def quote(text: str) -> str:
    """A JSON string with Go's escapes (control characters other than newline, return, tab as \\u00xx)."""
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted.translate(_ESCAPED)


def _number(value: float) -> str:
    """Go: exponent form below 1e-6 and from 1e21 on, without a leading zero in the exponent."""
    size = abs(value)
    if size == 0 or (1e-6 <= size < 1e21) or math.isinf(value):
        return format_float(value)
    mantissa, exponent = f"{value!r}e0".split("e")[:2] if "e" in repr(value) else f"{value:e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}" if int(exponent) > 0 else f"{mantissa}e{int(exponent)}"
