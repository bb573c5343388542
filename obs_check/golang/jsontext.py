"""JSON as Go's encoding/json reads and writes it: sorted keys, no spaces, `<`, `>`, `&`, U+2028 and U+2029 escaped.

By hand, because json.dumps neither escapes these nor writes numbers as Go does.
"""

import json
import math
import re
from typing import Any, NoReturn

from obs_check.golang.numbers import format_float

_ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


_HALF = re.compile("[\ud800-\udfff]")


class NullObject(dict[str, Any]):
    """The object that Go makes of `null`: empty, and written as null again."""


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
        return NullObject()
    if not isinstance(data, dict):
        raise Malformed(f"a JSON object is needed, this is a {type(data).__name__}")
    return _whole(data) if "\\u" in text else data


def _whole(value: object) -> Any:
    """Halves of surrogate pairs, which JSON allows and UTF-8 does not, become U+FFFD as in Go."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(v) for v in value]
    return {_whole(k): _whole(v) for k, v in value.items()} if isinstance(value, dict) else value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def write(value: Any, iterated: bool = False) -> str:
    """The JSON text of strings, numbers, booleans, None, lists and objects. `iterated` is the json-iterator library,
    which keeps the zero in 1e-07 (and leaves keys in no order: they are sorted here)."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, NullObject):
        return "null"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        text = _number(value)
        return re.sub(r"e-(\d)$", r"e-0\1", text) if iterated else text
    if isinstance(value, list):
        return "[" + ",".join(write(v, iterated) for v in value) + "]"
    return "{" + ",".join(f"{quote(k)}:{write(value[k], iterated)}" for k in sorted(value)) + "}"


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
