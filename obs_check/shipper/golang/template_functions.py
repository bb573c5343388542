"""The functions of templates in a shipper: Go's own, promtail's, and the common ones of sprig."""

import base64
import hashlib
from collections.abc import Callable, Sized
from typing import Any

import re2

from obs_check.shipper.golang import jsontext
from obs_check.shipper.golang.number import format_float


class TemplateFailed(Exception):
    """Go would stop the execution of the template with an error."""


def printed(value: Any) -> str:
    """A value as a template prints it."""
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format_float(value)
    if isinstance(value, list | tuple):
        return "[" + " ".join(printed(v) for v in value) + "]"
    return str(value)


def truth(value: Any) -> bool:
    """Empty texts and lists, zero, false and nil are false."""
    return bool(value) if not isinstance(value, Sized) else len(value) > 0


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TemplateFailed(f"a string is needed, not {printed(value)}")
    return value


def _on_texts(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *values: function(*[_text(v) for v in values])


def _equal(first: Any, *others: Any) -> bool:
    if not others:
        raise TemplateFailed("eq: missing argument for comparison")
    kinds = {type(v) for v in (first, *others) if v is not None}
    if len(kinds) > 1 and kinds != {int, float}:
        raise TemplateFailed("eq: incompatible types for comparison")
    return any(first == other for other in others)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def function(a: Any, b: Any) -> bool:
        if type(a) is not type(b) or a is None:
            raise TemplateFailed("incompatible types for comparison")
        return compare(a, b)

    return function


def _replace(text: str, old: str, new: str, count: int) -> str:
    return _text(text).replace(_text(old), _text(new), count)


def _regex_replace(pattern: str, text: str, new: str, literal: bool = False) -> str:
    from obs_check.shipper.relabel import expand

    parts, at = [], 0
    for match in re2.compile(_text(pattern)).finditer(_text(text)):
        parts += [text[at : match.start()], _text(new) if literal else expand(_text(new), match)]
        at = match.end()
    return "".join([*parts, text[at:]])


def _trunc(count: int, text: str) -> str:
    return _text(text)[count:] if count < 0 else _text(text)[:count]


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        value = value.get(key, "") if isinstance(value, dict) else value[key]
    return value


def _hash(name: str) -> Callable[[Any], str]:
    return lambda text: hashlib.new(name, _text(text).encode(), usedforsecurity=False).hexdigest()


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "eq": _equal,
    "ne": lambda a, b: not _equal(a, b),
    "lt": _ordered(lambda a, b: bool(a < b)),
    "le": _ordered(lambda a, b: bool(a <= b)),
    "gt": _ordered(lambda a, b: bool(a > b)),
    "ge": _ordered(lambda a, b: bool(a >= b)),
    "not": lambda v: not truth(v),
    "len": lambda v: len(v.encode()) if isinstance(v, str) else len(v),
    "index": _index,
    "print": lambda *v: "".join(printed(x) for x in v),
    "println": lambda *v: " ".join(printed(x) for x in v) + "\n",
    "printf": lambda form, *v: _text(form).replace("%v", "%s").replace("%q", '"%s"') % v,
    "ToLower": _on_texts(str.lower),
    "ToUpper": _on_texts(str.upper),
    "Replace": _replace,
    "Trim": _on_texts(str.strip),
    "TrimLeft": _on_texts(str.lstrip),
    "TrimRight": _on_texts(str.rstrip),
    "TrimPrefix": _on_texts(str.removeprefix),
    "TrimSuffix": _on_texts(str.removesuffix),
    "TrimSpace": _on_texts(lambda text: text.strip()),
    "Hash": _on_texts(lambda salt, text: hashlib.sha3_256((salt + text).encode()).hexdigest()),
    "Sha2Hash": _on_texts(lambda salt, text: hashlib.sha256((salt + text).encode()).hexdigest()),
    "regexReplaceAll": _regex_replace,
    "regexReplaceAllLiteral": lambda pattern, text, new: _regex_replace(pattern, text, new, literal=True),
    "lower": _on_texts(str.lower),
    "upper": _on_texts(str.upper),
    "title": _on_texts(str.title),
    "trim": _on_texts(lambda text: text.strip()),
    "trimAll": _on_texts(lambda cut, text: text.strip(cut)),
    "trimPrefix": _on_texts(lambda cut, text: text.removeprefix(cut)),
    "trimSuffix": _on_texts(lambda cut, text: text.removesuffix(cut)),
    "replace": _on_texts(lambda old, new, text: text.replace(old, new)),
    "contains": _on_texts(lambda part, text: part in text),
    "hasPrefix": _on_texts(lambda part, text: text.startswith(part)),
    "hasSuffix": _on_texts(lambda part, text: text.endswith(part)),
    "repeat": lambda count, text: _text(text) * count,
    "nospace": _on_texts(lambda text: "".join(text.split())),
    "quote": lambda *v: " ".join(jsontext.quote(printed(x)) for x in v if x is not None),
    "squote": lambda *v: " ".join(f"'{printed(x)}'" for x in v if x is not None),
    "trunc": _trunc,
    "substr": lambda start, end, text: _text(text)[max(start, 0) : end if end >= 0 else None],
    "default": lambda other, value=None: value if truth(value) else other,
    "empty": lambda value: not truth(value),
    "coalesce": lambda *v: next((x for x in v if truth(x)), None),
    "ternary": lambda yes, no, test: yes if test else no,
    "regexMatch": _on_texts(lambda pattern, text: re2.search(pattern, text) is not None),
    "regexFind": _on_texts(lambda pattern, text: m[0] if (m := re2.search(pattern, text)) else ""),
    "splitList": _on_texts(lambda by, text: text.split(by)),
    "join": lambda by, values: _text(by).join(printed(v) for v in values),
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
    "toString": printed,
    "int": lambda v: int(float(v)),
    "int64": lambda v: int(float(v)),
    "float64": float,
    "add": lambda *v: sum(int(x) for x in v),
    "sub": lambda a, b: int(a) - int(b),
    "mul": lambda a, b: int(a) * int(b),
    "div": lambda a, b: int(int(a) / int(b)),
    "mod": lambda a, b: int(a) % int(b),
    "b64enc": _on_texts(lambda text: base64.b64encode(text.encode()).decode()),
    "b64dec": _on_texts(lambda text: base64.b64decode(text).decode()),
    "sha1sum": _hash("sha1"),
    "sha256sum": _hash("sha256"),
}
