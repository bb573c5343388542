"""Numbers as Go reads them."""

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
