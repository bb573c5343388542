"""What Go does with values in a template: truth, printing, comparing."""

from decimal import Decimal
from typing import Any

from obs_check.logql.template.clock import Instant

_EXPONENT_FROM = 6


class TemplateFault(Exception):
    """A template that fails while it runs; the text is Go's reason where we know it."""


class Missing:
    """The value of a key that a decoded JSON object does not have."""


MISSING = Missing()


def truth(value: Any) -> bool:
    """Go: empty, zero and nil are false; a time is true."""
    return value is not MISSING and (isinstance(value, Instant) or bool(value))


def float_text(value: float) -> str:
    """A float as %v prints it: shortest, with an exponent from 1e+06 on and below 1e-04."""
    if value != value or value in (float("inf"), float("-inf")):
        return "NaN" if value != value else "+Inf" if value > 0 else "-Inf"
    sign, digits, point = Decimal(repr(value)).as_tuple()
    shown = "".join(map(str, digits)).rstrip("0") or "0"
    exponent = len(digits) + int(point) - 1 if value else 0
    if -4 <= exponent < _EXPONENT_FROM:
        text = format(Decimal(repr(value)), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa = shown[0] + (f".{shown[1:]}" if shown[1:] else "")
    return f"{'-' * sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def show(value: Any) -> str:
    """The value as {{.}} prints it."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return float_text(value)
    if value is MISSING:
        return "<no value>"
    if value is None:
        return "<nil>"
    if kind is dict:
        return f"map[{' '.join(f'{key}:{show(value[key])}' for key in sorted(value))}]"
    if kind is list:
        return f"[{' '.join(map(show, value))}]"
    return str(value)


def kind_of(value: Any) -> str:
    """The basic kind that Go compares by."""
    if isinstance(value, bool):
        return "bool"
    return {int: "int", float: "float", str: "string"}.get(type(value), "other")


def equal(first: Any, *others: Any) -> bool:
    """`eq`: true when the first equals any other; different basic kinds are an error."""
    if not others:
        raise TemplateFault("error calling eq: missing argument for comparison")
    for other in others:
        if first in (None, MISSING) or other in (None, MISSING):
            if first is other or (first in (None, MISSING) and other in (None, MISSING)):
                return True
            continue
        if kind_of(first) != kind_of(other):
            raise TemplateFault("error calling eq: incompatible types for comparison")
        if first == other:
            return True
    return False


def less(first: Any, second: Any) -> bool:
    """`lt`: numbers of one kind, or texts."""
    kind = kind_of(first)
    if kind in ("bool", "other") or kind_of(second) in ("bool", "other"):
        raise TemplateFault("error calling lt: invalid type for comparison")
    if kind != kind_of(second):
        raise TemplateFault("error calling lt: incompatible types for comparison")
    return bool(first < second)
