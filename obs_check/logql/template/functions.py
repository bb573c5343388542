"""The functions of Loki's templates: Loki's own, the chosen ones of sprig, and Go's."""

import base64
import binascii
import json
import math
import operator
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from obs_check.errors import QueryError
from obs_check.logql.regex import compile_re2, matches
from obs_check.logql.template.clock import Instant, read_time, zone
from obs_check.logql.template.printf import quote, sprintf
from obs_check.logql.template.values import MISSING, TemplateFault, equal, less, show, truth
from obs_check.logql.units import parse_bytes, parse_float, parse_go_duration


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    raise TemplateFault(f"wrong type for value; expected string; got {type(value).__name__}")


def _regex(pattern: str) -> Any:
    try:
        return compile_re2(_text(pattern))
    except QueryError as error:
        raise TemplateFault(error.message) from None


_GROUP = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")


def _expand(template: str, found: Any) -> str:
    def value(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        try:
            return found.group(int(name) if name.isdigit() else name) or ""
        except (IndexError, KeyError):
            return ""

    return _GROUP.sub(value, template)


def _replace_all(pattern: str, text: str, replacement: str, literal: bool) -> str:
    out, at = [], 0
    for found in matches(_regex(pattern), _text(text)):
        out += [text[at : found.start()], replacement if literal else _expand(replacement, found)]
        at = found.end()
    return "".join(out) + text[at:]


def _fallible(parse: Callable[[str], float], scale: float = 1.0) -> Callable[[str], float]:
    def convert(text: str) -> float:
        try:
            return parse(_text(text)) / scale
        except ValueError as error:
            raise TemplateFault(str(error)) from None

    return convert


def _unix_to_time(text: str) -> Instant:
    scale = {5: 86_400_000_000_000, 10: 1_000_000_000, 13: 1_000_000, 16: 1_000, 19: 1}.get(len(_text(text)))
    if scale is None or not re.fullmatch(r"[+-]?\d+", text, re.ASCII):
        raise TemplateFault(f"unable to parse time '{text}'")
    return Instant(int(text) * scale)


def to_int(value: Any) -> int:
    """sprig's toInt64: what cannot be read is 0."""
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else -(2**63)
    if not isinstance(value, str):
        return 0
    text = re.sub(r"\.0*$", "", value)
    if text != text.strip():
        return 0
    try:
        return int(text, 8) if re.fullmatch(r"[+-]?0[0-7_]+", text) else int(text, 0)
    except ValueError:
        return 0


def to_float(value: Any) -> float:
    """sprig's toFloat64: what cannot be read is 0."""
    if isinstance(value, str):
        try:
            return parse_float(value)
        except ValueError:
            return 0.0
    return float(value) if isinstance(value, bool | int | float) else 0.0


def _divide(left: Any, right: Any, modulo: bool = False) -> int:
    a, b = to_int(left), to_int(right)
    if not b:
        raise TemplateFault("runtime error: integer divide by zero")
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return a - b * quotient if modulo else quotient


def _decimals(operate: Callable[[Decimal, Decimal], Decimal]) -> Callable[..., float]:
    """sprig's addf and its kin: decimal arithmetic, 16 places behind the point where a division does not end."""

    def run(first: Any = 0, *others: Any) -> float:
        try:
            with localcontext(prec=400):
                value = Decimal(repr(to_float(first)))
                for other in others:
                    value = operate(value, Decimal(repr(to_float(other))))
        except ArithmeticError as error:
            raise TemplateFault(f"decimal: {type(error).__name__}") from None
        return float(value) + 0.0

    return run


def _quotient(left: Decimal, right: Decimal) -> Decimal:
    return (left / right).quantize(Decimal(1).scaleb(-16), ROUND_HALF_UP)


def _round(value: Any, places: Any, on: float = 0.5) -> float:
    power = 10.0 ** to_int(places)
    digit = power * to_float(value)
    fraction = math.modf(digit)[0]
    return float(math.ceil(digit) if fraction >= on else math.floor(digit)) / power


def _trunc(count: int, text: str) -> str:
    if count < 0 and len(text) + count > 0:
        return text[count:]
    return text[:count] if count >= 0 else text


def _substr(start: int, end: int, text: str) -> str:
    if start < 0:
        return text[: max(end, 0)]
    return text[start:] if end < 0 or end > len(text) else text[start:end]


def _align(count: int, text: str, right: bool) -> str:
    if count < 0:
        return text
    if right:
        return text.rjust(count) if count >= len(text) else text[len(text) - count :]
    return text.ljust(count)[:count]


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(re.sub("[\r\n]", "", _text(text)), validate=True).decode("utf-8", "replace")
    except binascii.Error:
        wrong = re.search(r"[^A-Za-z0-9+/\r\n]", text)
        return f"illegal base64 data at input byte {wrong.start() if wrong else len(text) // 4 * 4}"


def _from_json(text: str) -> Any:
    try:
        return json.loads(_text(text), parse_int=float)
    except ValueError:
        return None


def _title(text: str) -> str:
    return re.sub(r"(?<!\w)\w", lambda found: found[0].upper(), text)


def _indent(count: int, text: str) -> str:
    pad = " " * count
    return pad + text.replace("\n", f"\n{pad}")


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, dict | list):
        return len(value)
    raise TemplateFault(f"error calling len: len of type {type(value).__name__}")


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key, MISSING)
        elif isinstance(value, list | str) and type(key) is int and 0 <= key < len(value):
            value = value[key] if isinstance(value, list) else value.encode()[key]
        else:
            raise TemplateFault("error calling index: index out of range or of the wrong type")
    return value


def _slice(value: Any, *bounds: int) -> Any:
    data = value.encode() if isinstance(value, str) else value
    low, high = (bounds[0] if bounds else 0), (bounds[1] if len(bounds) > 1 else len(data))
    if not 0 <= low <= high <= len(data):
        raise TemplateFault("error calling slice: index out of range")
    part = data[low:high]
    return part.decode("utf-8", "replace") if isinstance(value, str) else part


def _print(*values: Any) -> str:
    out = ""
    for index, value in enumerate(values):
        if index and not isinstance(value, str) and not isinstance(values[index - 1], str):
            out += " "
        out += show(value)
    return out


def _html(*values: Any) -> str:
    table: dict[str | int, str | int | None] = {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&#34;",
        "'": "&#39;",
        "\0": "\ufffd",
    }
    return _print(*values).translate(str.maketrans(table))


def _date(layout: str, value: Any) -> str:
    return (value if isinstance(value, Instant) else Instant(to_int(value) * 1_000_000_000)).format(layout)


def _epoch(value: Instant, scale: int) -> str:
    if not isinstance(value, Instant):
        raise TemplateFault("wrong type for value; expected time.Time")
    return str(value.ns // scale)


def _urldecode(text: str) -> str:
    if re.search(r"%(?![0-9a-fA-F]{2})", _text(text)):
        raise TemplateFault(f"invalid URL escape in {quote(text)}")
    return unquote_plus(text)


def _replace_count(text: str, old: str, new: str, count: int) -> str:
    return text.replace(old, new, count)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ToLower": lambda text: _text(text).lower(),
    "ToUpper": lambda text: _text(text).upper(),
    "Replace": _replace_count,
    "Trim": lambda text, cut: _text(text).strip(cut) if cut else text,
    "TrimLeft": lambda text, cut: _text(text).lstrip(cut) if cut else text,
    "TrimRight": lambda text, cut: _text(text).rstrip(cut) if cut else text,
    "TrimPrefix": lambda text, cut: _text(text).removeprefix(cut),
    "TrimSuffix": lambda text, cut: _text(text).removesuffix(cut),
    "TrimSpace": lambda text: _text(text).strip(),
    "regexReplaceAll": lambda pattern, text, new: _replace_all(pattern, text, new, False),
    "regexReplaceAllLiteral": lambda pattern, text, new: _replace_all(pattern, text, new, True),
    "count": lambda pattern, text: sum(1 for _ in matches(_regex(pattern), _text(text))),
    "urldecode": _urldecode,
    "urlencode": lambda text: quote_plus(_text(text)),
    "bytes": _fallible(lambda text: float(parse_bytes(text))),
    "duration": _fallible(parse_go_duration, 1e9),
    "duration_seconds": _fallible(parse_go_duration, 1e9),
    "unixEpoch": lambda time: _epoch(time, 1_000_000_000),
    "unixEpochMillis": lambda time: _epoch(time, 1_000_000),
    "unixEpochNanos": lambda time: _epoch(time, 1),
    "toDate": lambda layout, text: read_time(layout, _text(text), zone("UTC")),
    "toDateInZone": lambda layout, name, text: read_time(layout, _text(text), zone(name)),
    "unixToTime": _unix_to_time,
    "date": _date,
    "alignLeft": lambda count, text: _align(count, _text(text), False),
    "alignRight": lambda count, text: _align(count, _text(text), True),
    "b64enc": lambda text: base64.b64encode(_text(text).encode()).decode(),
    "b64dec": _decoded,
    "lower": lambda text: _text(text).lower(),
    "upper": lambda text: _text(text).upper(),
    "title": lambda text: _title(_text(text)),
    "trunc": lambda count, text: _trunc(count, _text(text)),
    "substr": lambda start, end, text: _substr(start, end, _text(text)),
    "contains": lambda part, text: _text(part) in _text(text),
    "hasPrefix": lambda part, text: _text(text).startswith(_text(part)),
    "hasSuffix": lambda part, text: _text(text).endswith(_text(part)),
    "indent": lambda count, text: _indent(count, _text(text)),
    "nindent": lambda count, text: "\n" + _indent(count, _text(text)),
    "replace": lambda old, new, text: _text(text).replace(old, new),
    "repeat": lambda count, text: _text(text) * count,
    "trim": lambda text: _text(text).strip(),
    "trimAll": lambda cut, text: _text(text).strip(cut) if cut else text,
    "trimSuffix": lambda cut, text: _text(text).removesuffix(cut),
    "trimPrefix": lambda cut, text: _text(text).removeprefix(cut),
    "int": to_int,
    "float64": to_float,
    "add": lambda *values: sum(map(to_int, values)),
    "sub": lambda left, right: to_int(left) - to_int(right),
    "mul": lambda first, *others: math.prod(map(to_int, (first, *others))),
    "div": _divide,
    "mod": lambda left, right: _divide(left, right, modulo=True),
    "addf": _decimals(operator.add),
    "subf": _decimals(operator.sub),
    "mulf": _decimals(operator.mul),
    "divf": _decimals(_quotient),
    "max": lambda *values: max(map(to_int, values)),
    "min": lambda *values: min(map(to_int, values)),
    "maxf": lambda *values: max(map(to_float, values)),
    "minf": lambda *values: min(map(to_float, values)),
    "ceil": lambda value: float(math.ceil(to_float(value))),
    "floor": lambda value: float(math.floor(to_float(value))),
    "round": _round,
    "fromJson": _from_json,
    "default": lambda fallback, value="": value if truth(value) else fallback,
    "eq": equal,
    "ne": lambda left, right: not equal(left, right),
    "lt": less,
    "le": lambda left, right: less(left, right) or equal(left, right),
    "gt": lambda left, right: less(right, left),
    "ge": lambda left, right: not less(left, right),
    "not": lambda value: not truth(value),
    "len": _length,
    "index": _index,
    "slice": _slice,
    "print": _print,
    "println": lambda *values: " ".join(map(show, values)) + "\n",
    "printf": lambda form, *values: sprintf(_text(form), *values),
    "html": _html,
    "urlquery": lambda *values: quote_plus(_print(*values)),
}
