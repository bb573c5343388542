"""Text from elsewhere, made safe for whoever reads it: a terminal, XML, a spreadsheet, an editor."""

import re
from typing import Any

from obs_check.model.secret import hide_secrets

_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Characters that turn the direction of the text behind them: a line would read as another."""
_OTHERS = (*_DIRECTIONS, 0x2028, 0x2029, *range(0xD800, 0xE000))
"""Those, ends of lines, and halves of a pair, which no file can hold."""
_SHOWN = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (0x09, 0x0A)}
_SHOWN |= {code: f"\\u{code:04x}" for code in _OTHERS}
_IN_ONE_LINE = {**_SHOWN, 0x0A: "\\n"}
_IN_JSON = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), *_OTHERS)}
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|Inf)")
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")


def escape_controls(text: str) -> str:
    """Control characters as `\\x1b`: a logged request must not steer a terminal. Tab and line end stay; known secrets
    do not."""
    return hide_secrets(text).translate(_SHOWN)


def in_one_line(text: str) -> str:
    """As `visible`, and line ends as `\\n`."""
    return hide_secrets(text).translate(_IN_ONE_LINE)


def in_json(text: str) -> str:
    """JSON's own text with the characters escaped that would steer whatever shows it; it means the same."""
    return text.translate(_IN_JSON)


def in_cell(value: object) -> Any:
    """A value for a cell of a spreadsheet: a text as `visible`, and with an apostrophe in front where it would begin a
    formula. Numbers stay, texts of numbers too."""
    if not isinstance(value, str):
        return value
    text = escape_controls(value)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text
