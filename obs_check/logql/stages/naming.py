"""Label names made from keys of a line."""

import re

from obs_check.errors import QueryError

_OTHER = re.compile(r"[^A-Za-z0-9_]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def sanitise(key: str, first: bool = True) -> str:
    """The key with every character that is not allowed replaced by "_"; a leading digit of the first part gets one."""
    key = key.strip()
    if first and key[:1].isascii() and key[:1].isdigit():
        key = f"_{key}"
    return _OTHER.sub("_", key)


def check_label(name: str) -> str:
    """The name; QueryError when no label may be called so."""
    if not _NAME.fullmatch(name):
        raise QueryError(f"invalid extracted label name '{name}'")
    return name
