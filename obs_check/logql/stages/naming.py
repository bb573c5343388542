"""Label names made from keys of a line."""

import re

_OTHER = re.compile(r"[^A-Za-z0-9_]")


def sanitise(key: str, first: bool = True) -> str:
    """The key with every character that is not allowed replaced by "_"; a leading digit of the first part gets one."""
    key = key.strip()
    if first and key[:1].isascii() and key[:1].isdigit():
        key = f"_{key}"
    return _OTHER.sub("_", key)
