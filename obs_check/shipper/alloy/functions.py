"""Alloy's standard library, by dotted name (Alloy 1.18: syntax/internal/stdlib)."""

import base64
import json
import math
import posixpath
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import yaml

from obs_check.golang.jsontext import write
from obs_check.golang.template.printf import sprintf

_BROKEN_ESCAPE = re.compile("%(?![0-9a-fA-F]{2})")


def _concat(*lists: object) -> list[object]:
    """Lists in a row. A list that another component exports stands in it as one item."""
    return [item for one in lists for item in (one if isinstance(one, list) else [one])]


def _coalesce(*values: object) -> object:
    return next((v for v in values if v not in (None, "", 0, False, [], {})), values[-1] if values else None)


def _from_base64(text: str) -> str:
    return base64.b64decode(text, validate=True).decode()


def _from_json(text: str) -> object:
    """All numbers are floats (Go: json.Unmarshal), so that 7 / 2 is 3.5."""
    return json.loads(text, parse_int=float)


def _to_json(value: object) -> str:
    """Objects only. Raises ValueError for another value, and for a number in it that JSON does not have."""
    if not isinstance(value, dict):
        raise ValueError("only an object is made into JSON")
    _require_finite(value)
    return write(value)


def _require_finite(value: object) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("JSON has no such number")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        _require_finite(one)


def _url_decode(text: str) -> str:
    """Raises ValueError for a percent sign that no two hexadecimal digits follow (Go: url.QueryUnescape)."""
    if _BROKEN_ESCAPE.search(text):
        raise ValueError("a % without two hexadecimal digits behind it")
    return unquote_plus(text)


def _same(value: object) -> object:
    return value


_STRINGS: dict[str, Callable[..., Any]] = {
    "format": sprintf,
    "join": lambda parts, by: by.join(parts),
    "replace": lambda text, old, new: text.replace(old, new),
    "split": lambda text, by: text.split(by) if by else list(text),
    "to_lower": lambda text: text.lower(),
    "to_upper": lambda text: text.upper(),
    "trim": lambda text, cut: text.strip(cut) if cut else text,
    "trim_prefix": lambda text, cut: text.removeprefix(cut),
    "trim_suffix": lambda text, cut: text.removesuffix(cut),
    "trim_space": lambda text: text.strip(),
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **_STRINGS,
    **{f"string.{name}": function for name, function in _STRINGS.items()},
    "concat": _concat,
    "array.concat": _concat,
    "coalesce": _coalesce,
    "nonsensitive": _same,
    "convert.nonsensitive": _same,
    "json_decode": _from_json,
    "encoding.from_json": _from_json,
    "encoding.to_json": _to_json,
    "yaml_decode": yaml.safe_load,
    "encoding.from_yaml": yaml.safe_load,
    "base64_decode": _from_base64,
    "encoding.from_base64": _from_base64,
    "encoding.to_base64": lambda text: base64.b64encode(text.encode()).decode(),
    "encoding.from_URLbase64": lambda text: base64.urlsafe_b64decode(text).decode(),
    "encoding.to_URLbase64": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "encoding.url_encode": quote_plus,
    "encoding.url_decode": _url_decode,
    "file.path_join": lambda *parts: posixpath.normpath("/".join(p for p in parts if p)) if any(parts) else "",
}
"""`env` and `sys.env` are not here: they need the environment. Both spellings of a function are the same function."""

NOT_EVALUATED = ("json_path", "array.combine_maps", "array.group_by", "targets.merge")
"""Known to Alloy; their result counts as known only where Alloy runs."""

NAMESPACES = {"constants", "sys", "convert", "array", "encoding", "string", "file", "targets"}
