"""The functions of JMESPath. Each raises WrongArgument where the specification says invalid-type or invalid-arity."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from obs_check.golang import jsontext


class WrongArgument(ValueError):
    """A function got a value that it does not take."""


class ExpressionReference:
    """`&expression`: an argument that is applied to each element."""

    def __init__(self, apply: Callable[[object], object]) -> None:
        self.apply = apply


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    for types, name in (((int, float), "number"), (str, "string"), (list, "array"), (dict, "object")):
        if isinstance(value, types):
            return name
    return "expref" if isinstance(value, ExpressionReference) else "null"


def _of(kinds: str, *takes: str, last_repeats: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Checks arguments: one text a parameter, kinds divided by `|`, `any` for all; `kinds` is the name in messages."""

    def wrap(function: Callable[..., object]) -> Callable[..., Any]:
        def checked(*given: object) -> Any:
            wanted = list(takes) + ([takes[-1]] * (len(given) - len(takes)) if last_repeats else [])
            if len(given) != len(wanted):
                raise WrongArgument(f"{kinds}() takes {len(takes)} arguments")
            for value, want in zip(given, wanted, strict=True):
                if want != "any" and _kind(value) not in want.split("|"):
                    raise WrongArgument(f"{kinds}() does not take a {_kind(value)}")
            return function(*given)

        return checked

    return wrap


def _same(name: str, values: list[Any]) -> list[Any]:
    kinds = {_kind(v) for v in values}
    if len(kinds) > 1 or not kinds <= {"number", "string"}:
        raise WrongArgument(f"{name}() needs all numbers or all strings")
    return values


def _numbers(name: str, values: list[Any]) -> list[float]:
    if {_kind(v) for v in values} - {"number"}:
        raise WrongArgument(f"{name}() needs numbers")
    return values


def _strings(name: str, values: list[Any]) -> list[str]:
    if {_kind(v) for v in values} - {"string"}:
        raise WrongArgument(f"{name}() needs strings")
    return values


def _by(name: str, values: Sequence[object], key: ExpressionReference) -> list[tuple[Any, int]]:
    return [(k, i) for i, k in enumerate(_same(name, [key.apply(v) for v in values]))]


def _number(value: object) -> Any:
    if _kind(value) == "number":
        return value
    if not isinstance(value, str):
        return None
    try:
        found = json.loads(value, parse_int=float)
    except (ValueError, RecursionError):
        return None
    return found if _kind(found) == "number" else None


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": _of("abs", "number")(abs),
    "avg": _of("avg", "array")(lambda v: sum(_numbers("avg", v)) / len(v) if v else math.nan),
    "ceil": _of("ceil", "number")(lambda v: float(math.ceil(v))),
    "contains": _of("contains", "array|string", "any")(
        lambda v, x: x in v if isinstance(v, list) else isinstance(x, str) and x in v
    ),
    "ends_with": _of("ends_with", "string", "string")(lambda v, x: v.endswith(x)),
    "floor": _of("floor", "number")(lambda v: float(math.floor(v))),
    "join": _of("join", "string", "array")(lambda by, v: by.join(_strings("join", v))),
    "keys": _of("keys", "object")(lambda v: list(v)),
    "length": _of("length", "string|array|object")(lambda v: float(len(v))),
    "map": _of("map", "expref", "array")(lambda f, v: [f.apply(x) for x in v]),
    "max": _of("max", "array")(lambda v: max(_same("max", v)) if v else None),
    "max_by": _of("max_by", "array", "expref")(
        lambda v, f: v[max(_by("max_by", v, f), key=lambda p: (p[0], -p[1]))[1]] if v else None
    ),
    "merge": _of("merge", "object", last_repeats=True)(lambda *v: {k: x for one in v for k, x in one.items()}),
    "min": _of("min", "array")(lambda v: min(_same("min", v)) if v else None),
    "min_by": _of("min_by", "array", "expref")(lambda v, f: v[min(_by("min_by", v, f))[1]] if v else None),
    "not_null": _of("not_null", "any", last_repeats=True)(lambda *v: next((x for x in v if x is not None), None)),
    "reverse": _of("reverse", "array|string")(lambda v: v[::-1]),
    "sort": _of("sort", "array")(lambda v: sorted(_same("sort", v)) if v else v),
    "sort_by": _of("sort_by", "array", "expref")(lambda v, f: [v[i] for _, i in sorted(_by("sort_by", v, f))]),
    "starts_with": _of("starts_with", "string", "string")(lambda v, x: v.startswith(x)),
    "sum": _of("sum", "array")(lambda v: float(sum(_numbers("sum", v)))),
    "to_array": _of("to_array", "any")(lambda v: v if isinstance(v, list) else [v]),
    "to_number": _of("to_number", "any")(_number),
    "to_string": _of("to_string", "any")(lambda v: v if isinstance(v, str) else jsontext.write(v)),
    "type": _of("type", "any")(_kind),
    "values": _of("values", "object")(lambda v: list(v.values())),
}


def _find_last(text: str, part: str) -> float | None:
    at = text.encode().rfind(part.encode())
    return float(at) if at >= 0 and text and part else None


def _find_first(text: str, part: str) -> float | None:
    at = text.encode().find(part.encode())
    return float(at) if at >= 0 and text and part else None


COMMUNITY: dict[str, Callable[..., Any]] = {
    **FUNCTIONS,
    "find_first": _of("find_first", "string", "string")(_find_first),
    "find_last": _of("find_last", "string", "string")(_find_last),
    "items": _of("items", "object")(lambda v: [[k, x] for k, x in v.items()]),
    "lower": _of("lower", "string")(str.lower),
    "replace": _of("replace", "string", "string", "string")(lambda v, old, new: v.replace(old, new)),
    "split": _of("split", "string", "string")(lambda v, by: v.split(by) if by and v else list(v)),
    "trim": _of("trim", "string")(lambda v: v.strip()),
    "trim_left": _of("trim_left", "string")(lambda v: v.lstrip()),
    "trim_right": _of("trim_right", "string")(lambda v: v.rstrip()),
    "upper": _of("upper", "string")(str.upper),
}
"""With those that the library of Alloy (jmespath-community) adds, in their plain form."""
