"""Numbers as Go prints them."""

import math
from decimal import Decimal


def format_float(value: float) -> str:
    """Shortest digits that read back as the same number, never with an exponent (`strconv.FormatFloat(v, 'f', -1)`)."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = format(Decimal(repr(value)), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text or "0"
