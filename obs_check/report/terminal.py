"""Text from elsewhere, made safe for a terminal and for XML."""

from obs_check.model.secret import hidden

_DIRECTIONS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Characters that turn the direction of the text behind them: a line would read as another."""
_SHOWN = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (0x09, 0x0A)}
_SHOWN |= {code: f"\\u{code:04x}" for code in (*_DIRECTIONS, 0x2028, 0x2029)}
_IN_ONE_LINE = {**_SHOWN, 0x0A: "\\n"}


def visible(text: str) -> str:
    """Control characters as `\\x1b`: a logged request must not steer a terminal. Tab and line end stay; known secrets
    do not."""
    return hidden(text).translate(_SHOWN)


def in_one_line(text: str) -> str:
    """As `visible`, and line ends as `\\n`."""
    return hidden(text).translate(_IN_ONE_LINE)
