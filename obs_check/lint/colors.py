"""Whether a colour of a panel is red, whatever it is written in."""

import colorsys
import re

_HEX = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_RGB = re.compile(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+).*\)")
_HSL = re.compile(r"hsla?\(\s*(\d+(?:\.\d+)?)(?:deg)?[\s,]+(\d+(?:\.\d+)?)%.*\)")
_RED_BY_NAME = {"crimson", "firebrick", "tomato", "maroon"}
"""Colours of CSS that do not say it; Grafana's palette does (`semi-dark-red`)."""
_WIDTH = 15 / 360
"""How far from red a hue may be: Grafana's reds are between 353 and 6 degrees, its oranges begin at 24."""
_GREY = 0.3


def is_red(color: object) -> bool:
    """Whether a colour as Grafana stores it is red: a name of its palette or of CSS, or a value whose hue is."""
    text = str(color or "").strip().lower()
    if found := _HSL.fullmatch(text):
        return _is_red_hue(float(found[1]) / 360, float(found[2]) / 100)
    if found := _HEX.fullmatch(text):
        width = 1 if len(found[1]) < 6 else 2
        parts = [int(found[1][at : at + width] * (3 - width), 16) for at in range(0, 3 * width, width)]
    elif found := _RGB.fullmatch(text):
        parts = [int(one) for one in found.groups()]
    else:
        return "red" in text or text in _RED_BY_NAME
    red, green, blue = (min(part, 255) / 255 for part in parts)
    hue, _, saturation = colorsys.rgb_to_hls(red, green, blue)
    return _is_red_hue(hue, saturation)


def _is_red_hue(hue: float, saturation: float) -> bool:
    return saturation >= _GREY and min(hue % 1, 1 - hue % 1) <= _WIDTH
