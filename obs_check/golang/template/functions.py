"""The functions of Loki's templates: Loki's own, the chosen ones of sprig, and Go's, each with its parameters.

Parameters are letters: s a text, i an int, f a float64, t a time, d a duration in ns, a anything, v anything that need
not be there; `*` repeats the last one. A ValueError of a function is what Go says after "error calling".
"""

import inspect
import json
import math
import re
from collections.abc import Callable, Sequence
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal
from typing import Any, NamedTuple
from urllib.parse import quote_plus, unquote_plus

from obs_check.errors import QueryError
from obs_check.golang.durations import parse_go_duration
from obs_check.golang.numbers import parse_float
from obs_check.golang.regex import compile_re2, expand, matches
from obs_check.golang.sizes import parse_bytes
from obs_check.golang.template.base64 import b64dec, b64enc, decode_utf8
from obs_check.golang.template.clock import Instant, read_time, zone
from obs_check.golang.template.compare import equal, less
from obs_check.golang.template.printf import quote, sprintf
from obs_check.golang.template.texts import align, html, indent, js, lower, repeat, substr, title, trunc, upper
from obs_check.golang.template.values import Duration, Int64, Labels, show, truth, type_name


class Signature(NamedTuple):
    """`parameters` without the star; `variadic` when the last may repeat."""

    parameters: str
    variadic: bool
    call: Callable[..., Any]


def untyped(function: Callable[..., object]) -> Signature:
    """The signature of a function that takes values of any type and looks at them itself."""
    given = inspect.signature(function).parameters.values()
    needed = sum(p.kind is not p.VAR_POSITIONAL and p.default is p.empty for p in given)
    open_ended = len(given) > needed
    return Signature("v" * (needed + open_ended), open_ended, function)


def _regex(pattern: str) -> Any:
    try:
        return compile_re2(pattern)
    except QueryError as error:
        raise ValueError(error.message) from None


def _replace_all(pattern: str, text: str, replacement: str, literal: bool) -> str:
    regex = _regex(pattern)
    out, at = [], 0
    for found in matches(regex, text):
        groups = [found.group(index) or "" for index in range(regex.groups + 1)]
        out += [text[at : found.start()], replacement if literal else expand(replacement, groups, regex.groupindex)]
        at = found.end()
    return "".join(out) + text[at:]


def _replace_some(text: str, old: str, new: str, count: int) -> str:
    return text.replace(old, new, count)


def _unix_to_time(text: str) -> Instant:
    scale = {5: 86_400_000_000_000, 10: 1_000_000_000, 13: 1_000_000, 16: 1_000, 19: 1}.get(len(text.encode()))
    if not re.fullmatch(r"[+-]?\d+", text, re.ASCII):
        raise ValueError(f"unable to parse time '{text}': strconv.ParseInt: parsing {quote(text)}: invalid syntax")
    if scale is None:
        raise ValueError(f"unable to parse time '{text}': %!w(<nil>)")
    return Instant(int(text) * scale)


def to_int(value: object) -> Int64:
    """sprig's toInt64: what cannot be read is 0."""
    if isinstance(value, Duration):
        return Int64(0)
    if isinstance(value, bool | int):
        return Int64(value)
    if isinstance(value, float):
        return Int64(int(value) if -(2.0**63) <= value < 2.0**63 else -(2**63))
    if not isinstance(value, str):
        return Int64(0)
    text = re.sub(r"(?<=\d)\.0*$", "", value)
    try:
        whole = int(text, 8) if re.fullmatch(r"[+-]?0_?[0-7][0-7_]*", text) else int(text, 0)
    except ValueError:
        return Int64(0)
    return Int64(whole if text == text.strip() and -(2**63) <= whole < 2**63 else 0)


def to_float(value: object) -> float:
    """sprig's toFloat64: what cannot be read is 0."""
    if isinstance(value, str):
        try:
            return parse_float(value)
        except ValueError:
            return 0.0
    return float(value) if isinstance(value, bool | int | float) and not isinstance(value, Duration) else 0.0


def _wrapped(value: int) -> Int64:
    """Go's int64 arithmetic."""
    return Int64((value + 2**63) % 2**64 - 2**63)


def _divide(left: object, right: object) -> Int64:
    a, b = to_int(left), to_int(right)
    if not b:
        raise ValueError("runtime error: integer divide by zero")
    return _wrapped(abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1))


def _modulo(left: object, right: object) -> Int64:
    return Int64(to_int(left) - to_int(right) * _divide(left, right))


def _decimal(value: object) -> Decimal:
    number = to_float(value)
    if not math.isfinite(number):
        raise ValueError(f"Cannot create a Decimal from {show(number)}")
    return Decimal(repr(number))


_EXACT = Context(prec=2000, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Sums and products of floats in all their digits."""


def _by_decimals(combine: Callable[[Decimal, Decimal], Decimal]) -> Callable[..., float]:
    def fold(first: object, *others: object) -> float:
        total = _decimal(first)
        for other in others:
            total = combine(total, _decimal(other))
        # A decimal has no negative zero.
        return float(total) or 0.0

    return fold


def _quotient(left: Decimal, right: Decimal) -> Decimal:
    if not right:
        raise ValueError("decimal division by 0")
    return _EXACT.divide(left, right).quantize(Decimal("1e-16"), ROUND_HALF_UP, _EXACT)


def _round(value: object, places: int, on: float = 0.5) -> float:
    power = 10.0**places
    digit = power * to_float(value)
    if not math.isfinite(digit):
        return digit
    fraction = math.modf(digit)[0]
    return float(math.ceil(digit) if fraction >= on else math.floor(digit)) / power


def _whole(part: Callable[[float], int]) -> Callable[[Any], float]:
    def of(value: object) -> float:
        number = to_float(value)
        return math.copysign(part(number), number) if math.isfinite(number) else number

    return of


def _constant(name: str) -> object:
    raise ValueError(name)


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(text)
    return number


def _without_halves(value: object) -> object:
    """Halves of surrogate pairs become U+FFFD, as Go reads them."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [_without_halves(item) for item in value]
        case dict():
            return {_without_halves(key): _without_halves(item) for key, item in value.items()}
    return value


def _from_json(text: str) -> object:
    try:
        found = json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_constant)
        return _without_halves(found) if "\\ud" in text.lower() else found
    except (ValueError, RecursionError, OverflowError):
        return None


def _length(value: object) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, dict | list):
        return len(value)
    if value is None:
        raise ValueError("reflect: call of reflect.Value.Type on zero Value")
    raise ValueError(f"len of type {type_name(value)}")


def _place(key: object, size: int) -> int:
    if key is None:
        raise ValueError("cannot index slice/array with nil")
    if not isinstance(key, int) or isinstance(key, bool):
        raise ValueError(f"cannot index slice/array with type {type_name(key)}")
    if key < 0 or key > size:
        raise ValueError(f"index out of range: {int(key)}")
    return int(key)


def _index(value: object, *keys: object) -> object:
    if value is None:
        raise ValueError("index of untyped nil")
    for key in keys:
        if isinstance(value, dict):
            if not isinstance(key, str):
                raise ValueError(f"value has type {type_name(key)}; should be string")
            value = value.get(key, "" if isinstance(value, Labels) else None)
        elif isinstance(value, list | str):
            data = value if isinstance(value, list) else value.encode()
            place = _place(key, len(data))
            if place == len(data):
                kind = "slice" if isinstance(value, list) else "string"
                raise ValueError(f"reflect: {kind} index out of range")
            value = data[place]
        elif value is None:
            raise ValueError("index of nil pointer")
        else:
            raise ValueError(f"can't index item of type {type_name(value)}")
    return value


def _slice(value: object, *bounds: object) -> object:
    if value is None:
        raise ValueError("slice of untyped nil")
    if len(bounds) > 3:
        raise ValueError(f"too many slice indexes: {len(bounds)}")
    if not isinstance(value, str | list):
        raise ValueError(f"can't slice item of type {type_name(value)}")
    if isinstance(value, str) and len(bounds) == 3:
        raise ValueError("cannot 3-index slice a string")
    data = value.encode() if isinstance(value, str) else value
    places = [_place(bound, len(data)) for bound in bounds]
    low, high = (places[0] if places else 0), (places[1] if len(places) > 1 else len(data))
    if low > high:
        raise ValueError(f"invalid slice index: {low} > {high}")
    part = data[low:high]
    return decode_utf8(part) if isinstance(part, bytes) else part


def _print(*values: object) -> str:
    out = ""
    for index, value in enumerate(values):
        if index and not isinstance(value, str) and not isinstance(values[index - 1], str):
            out += " "
        out += show(value)
    return out


def _joined(values: Sequence[object]) -> str:
    return _print(*("<no value>" if value is None else value for value in values))


def _urldecode(text: str) -> str:
    wrong = re.search(r"%(?![0-9a-fA-F]{2}).{0,2}", text, re.DOTALL)
    if wrong:
        raise ValueError(f"invalid URL escape {quote(wrong[0])}")
    return unquote_plus(text, errors="replace")


def _call(function: object, *_: object) -> Any:
    if function is None:
        raise ValueError("call of nil")
    raise ValueError(f"non-function %s of type {type_name(function)}")


def _first_true(*values: object) -> object:
    return next((value for value in values[:-1] if truth(value)), values[-1])


def _first_false(*values: object) -> object:
    return next((value for value in values[:-1] if not truth(value)), values[-1])


def _default(fallback: object, *given: object) -> object:
    return given[0] if given and truth(given[0]) else fallback


def _trim(text: str, cut: str) -> str:
    return text.strip(cut) if cut else text


_TABLE: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("ToLower", "s", lower),
    ("ToUpper", "s", upper),
    ("Replace", "sssi", _replace_some),
    ("Trim", "ss", _trim),
    ("TrimLeft", "ss", lambda text, cut: text.lstrip(cut) if cut else text),
    ("TrimRight", "ss", lambda text, cut: text.rstrip(cut) if cut else text),
    ("TrimPrefix", "ss", lambda text, cut: text.removeprefix(cut)),
    ("TrimSuffix", "ss", lambda text, cut: text.removesuffix(cut)),
    ("TrimSpace", "s", lambda text: text.strip()),
    ("regexReplaceAll", "sss", lambda pattern, text, new: _replace_all(pattern, text, new, False)),
    ("regexReplaceAllLiteral", "sss", lambda pattern, text, new: _replace_all(pattern, text, new, True)),
    ("count", "ss", lambda pattern, text: sum(1 for _ in matches(_regex(pattern), text))),
    ("urldecode", "s", _urldecode),
    ("urlencode", "s", quote_plus),
    ("bytes", "s", lambda text: float(parse_bytes(text))),
    ("duration", "s", lambda text: parse_go_duration(text) / 1e9),
    ("duration_seconds", "s", lambda text: parse_go_duration(text) / 1e9),
    ("unixEpoch", "t", lambda at: str(at.ns // 1_000_000_000)),
    ("unixEpochMillis", "t", lambda at: str(at.ns // 1_000_000)),
    ("unixEpochNanos", "t", lambda at: str(at.ns)),
    ("toDate", "ss", lambda layout, text: read_time(layout, text, zone("UTC"))),
    ("toDateInZone", "sss", lambda layout, name, text: read_time(layout, text, zone(name))),
    ("unixToTime", "s", _unix_to_time),
    ("alignLeft", "is", lambda count, text: align(count, text, False)),
    ("alignRight", "is", lambda count, text: align(count, text, True)),
    ("b64enc", "s", b64enc),
    ("b64dec", "s", b64dec),
    ("lower", "s", lower),
    ("upper", "s", upper),
    ("title", "s", title),
    ("trunc", "is", trunc),
    ("substr", "iis", substr),
    ("contains", "ss", lambda part, text: part in text),
    ("hasPrefix", "ss", lambda part, text: text.startswith(part)),
    ("hasSuffix", "ss", lambda part, text: text.endswith(part)),
    ("indent", "is", indent),
    ("nindent", "is", lambda count, text: "\n" + indent(count, text)),
    ("replace", "sss", lambda old, new, text: text.replace(old, new)),
    ("repeat", "is", repeat),
    ("trim", "s", lambda text: text.strip()),
    ("trimAll", "ss", lambda cut, text: _trim(text, cut)),
    ("trimSuffix", "ss", lambda cut, text: text.removesuffix(cut)),
    ("trimPrefix", "ss", lambda cut, text: text.removeprefix(cut)),
    ("int", "a", lambda value: int(to_int(value))),
    ("float64", "a", to_float),
    ("add", "a*", lambda *values: _wrapped(sum(map(to_int, values)))),
    ("sub", "aa", lambda left, right: _wrapped(to_int(left) - to_int(right))),
    ("mul", "aa*", lambda *values: _wrapped(math.prod(map(to_int, values)))),
    ("div", "aa", _divide),
    ("mod", "aa", _modulo),
    ("addf", "a*", lambda *values: _by_decimals(_EXACT.add)(0, *values)),
    ("subf", "aa*", _by_decimals(_EXACT.subtract)),
    ("mulf", "aa*", _by_decimals(_EXACT.multiply)),
    ("divf", "aa*", _by_decimals(_quotient)),
    ("max", "aa*", lambda *values: max(map(to_int, values))),
    ("min", "aa*", lambda *values: min(map(to_int, values))),
    ("maxf", "aa*", lambda *values: max(map(to_float, values))),
    ("minf", "aa*", lambda *values: min(map(to_float, values))),
    ("ceil", "a", _whole(math.ceil)),
    ("floor", "a", _whole(math.floor)),
    ("round", "aif*", _round),
    ("fromJson", "s", _from_json),
    ("default", "aa*", _default),
    ("eq", "vv*", equal),
    ("ne", "vv", lambda left, right: not equal(left, right)),
    ("lt", "vv", less),
    ("le", "vv", lambda left, right: less(left, right) or equal(left, right)),
    ("gt", "vv", lambda left, right: not (less(left, right) or equal(left, right))),
    ("ge", "vv", lambda left, right: not less(left, right)),
    ("not", "v", lambda value: not truth(value)),
    ("and", "vv*", _first_false),
    ("or", "vv*", _first_true),
    ("call", "vv*", _call),
    ("len", "v", _length),
    ("index", "vv*", _index),
    ("slice", "vv*", _slice),
    ("print", "a*", _print),
    ("println", "a*", lambda *values: " ".join(map(show, values)) + "\n"),
    ("printf", "sa*", sprintf),
    ("html", "a*", lambda *values: html(_joined(values))),
    ("js", "a*", lambda *values: js(_joined(values))),
    ("urlquery", "a*", lambda *values: quote_plus(_joined(values))),
)

FUNCTIONS: dict[str, Signature] = {
    name: Signature(parameters.rstrip("*"), parameters.endswith("*"), call) for name, parameters, call in _TABLE
}
