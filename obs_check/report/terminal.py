"""Text from elsewhere, made safe for a terminal."""

_SHOWN = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (0x09, 0x0A)}


def visible(text: str) -> str:
    """Control characters as `\\x1b`: a logged request must not steer a terminal. Tab and line end stay."""
    return text.translate(_SHOWN)
