"""Numbers as Go reads them and reckons with them."""

import math
import re

from obs_check.logql.quoting import quote

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


def remainder(a: float, b: float) -> float:
    """What a division leaves, with the sign of `a` (Go: math.Mod)."""
    return math.nan if b == 0 or math.isinf(a) else math.fmod(a, b)


def power(a: float, b: float) -> float:
    """`a` to the power `b`; infinite where that is too large, NaN where it is no real number (Go: math.Pow)."""
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        # Zero to a negative power keeps its sign where that is odd.
        return math.copysign(math.inf, a if b % 2 == 1 else 1) if a == 0 else math.nan
