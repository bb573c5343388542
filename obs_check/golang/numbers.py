"""Numbers as Go reads them, writes them and reckons with them.

By hand, because float() and repr() take and write other forms than Go's strconv.
"""

import math
import re
from decimal import Decimal

from obs_check.golang.quoting import quote

_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_NUMBER = re.compile(
    rf"[+-]?(?:(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?|(?i:inf|infinity)"
    r"|0[xX](?:_?[0-9a-fA-F])*\.?(?:[0-9a-fA-F_]*[0-9a-fA-F])?[pP][+-]?[0-9]+)"
    r"|[+-]?(?i:nan)"
)


def parse_float(text: str) -> float:
    """A decimal or hexadecimal float (Go: strconv.ParseFloat). Raises ValueError with Go's words."""
    if text.isascii() and text.isdigit() and len(text) < 300:
        return float(text)
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"strconv.ParseFloat: parsing {quote(text)}: invalid syntax")
    plain = text.replace("_", "")
    try:
        value = float.fromhex(plain) if "x" in plain.lower() else float(plain)
    except OverflowError:
        value = math.inf
    if math.isinf(value) and "n" not in plain.lower():
        raise ValueError(f"strconv.ParseFloat: parsing {quote(text)}: value out of range")
    return value


def format_float(value: float) -> str:
    """The shortest digits that read back as the same number, never an exponent (Go: strconv.FormatFloat with 'f')."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


def float_text(value: float) -> str:
    """The same with an exponent from 1e6 on and below 1e-4 (Go: %v)."""
    if value == 0 or not math.isfinite(value):
        return format_float(value)
    digits = Decimal(repr(value)).normalize()
    exponent = digits.adjusted()
    if -4 <= exponent < 6:
        return f"{digits:f}"
    sign, figures, _ = digits.as_tuple()
    mantissa = str(figures[0]) + ("." + "".join(map(str, figures[1:])) if len(figures) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{exponent:+03d}"


def remainder(a: float, b: float) -> float:
    """What a division leaves, with the sign of `a` (Go: math.Mod)."""
    return math.nan if b == 0 or math.isinf(a) else math.fmod(a, b)


def power(a: float, b: float) -> float:
    """`a` to the power `b`; infinite where that is too large, NaN where it is not a real number (Go: math.Pow)."""
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        # Zero to a negative power keeps its sign where that is odd.
        return math.copysign(math.inf, a if b % 2 == 1 else 1) if a == 0 else math.nan
