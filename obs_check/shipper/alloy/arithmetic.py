"""Numbers of Alloy's expressions: 64 bits, whole ones wrap around (Alloy 1.18: syntax/internal/transform)."""

import math
import operator
from collections.abc import Callable

from obs_check.golang.numbers import power, remainder

Number = int | float


class Unsigned(int):
    """A whole number that Alloy keeps in a uint64: one written above the greatest int64, and what two of them make."""


SIGNS = frozenset("+-*/%^")
"""What `combined` takes."""


def is_number(value: object) -> bool:
    """True for a number; a Python bool is one of Alloy's own type."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def literal(text: str) -> Number:
    """The number that digits stand for; `010` is 8, `08` is 8.0 (strconv.ParseInt with base 0). Raises ValueError."""
    if text.isdecimal() and not (text[0] == "0" and set(text) & set("89")):
        value = int(text, 8 if text[0] == "0" else 10)
        if value < 2**63:
            return value
        if value < 2**64:
            return Unsigned(value)
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large a number")
    return number


def negate(value: Number) -> Number:
    """`-value`; an unsigned number becomes a signed one."""
    return -value if isinstance(value, float) else _wrapped(-value)


def combine(sign: str, left: Number, right: Number) -> Number:
    """`left sign right` for `+ - * / % ^`. Raises ValueError with Alloy's words for a division by zero."""
    if sign in "/%" and right == 0:
        raise ValueError("divide by zero error")
    a, b = pair(left, right)
    if isinstance(a, float) or isinstance(b, float):
        return _FLOATS[sign](a, b)
    whole = _WHOLE[sign](a, b)
    return Unsigned(whole % 2**64) if isinstance(a, Unsigned) else _wrapped(whole)


def pair(left: Number, right: Number) -> tuple[Number, Number]:
    """Both as the wider kind of the two (unsigned, signed, float), as they are compared too."""
    if isinstance(left, float) or isinstance(right, float):
        return float(left), float(right)
    if isinstance(left, Unsigned) and isinstance(right, Unsigned):
        return left, right
    return _wrapped(left), _wrapped(right)


def _wrapped(value: int) -> int:
    return (value + 2**63) % 2**64 - 2**63


def _quotient(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _whole_power(a: int, b: int) -> int:
    """Alloy multiplies while a counter is at most the exponent, so that a negative one changes nothing."""
    if b >= 0:
        return pow(a, b, 2**64)
    return a


_FLOATS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": remainder,
    "^": power,
}
_WHOLE: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _quotient,
    "%": lambda a, b: a - _quotient(a, b) * b,
    "^": _whole_power,
}
