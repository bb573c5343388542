"""What Go does with values in a template: truth, printing, comparing."""

from typing import Any

from obs_check.logql.template.clock import Instant


class TemplateFault(Exception):
    """A template that fails while it runs; the text is Go's reason where we know it."""


class Missing:
    """The value of a key that a decoded JSON object does not have."""


MISSING = Missing()


def truth(value: Any) -> bool:
    """Go: empty, zero and nil are false; a time is true."""
    return value is not MISSING and (isinstance(value, Instant) or bool(value))


def float_text(value: float) -> str:
    """A float as %v prints it: shortest, exponent from 1e21 and below 1e-4."""
    if value != value or value in (float("inf"), float("-inf")):
        return "NaN" if value != value else "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    magnitude = abs(value)
    if value == int(value) and magnitude < 1e21:
        return str(int(value)) if value or str(value)[0] != "-" else "-0"
    if 1e-4 <= magnitude < 1e21:
        return text if "e" not in text else f"{value:.17f}".rstrip("0")
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        mantissa, _, exponent = f"{value:e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".")
    number = int(exponent)
    return f"{mantissa.removesuffix('.0')}e{'-' if number < 0 else '+'}{abs(number):02d}"


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
