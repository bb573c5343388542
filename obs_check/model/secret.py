"""Secrets that are known, and texts without them.

Whatever is shown or written goes through `hidden`: a library's exception, an answer that repeats a header, a line of a
log. A text is cut short only afterwards, by `shortened`, because half a secret is not found any more; one that has to
stay as it is until it is shown is cut by `until`.
"""

import html
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    import yaml

HIDDEN = "(hidden)"
SHORTEST = 4
"""Characters that a secret has to have to be looked for: shorter ones would be found inside of ordinary words."""

_USER_INFO = re.compile(r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]{1,15}://)[^\s/@\"'<>|]{1,256}@")
"""User and password of a URL. No two of its parts can take the same characters, so it takes linear time."""

_forms: dict[str, None] = {}
_found: re.Pattern[str] | None = None


def hide_value(value: str) -> None:
    """Hide a value from now on, however a URL, JSON or HTML spells it."""
    global _found
    if len(value) < SHORTEST or value in _forms:
        return
    # As its UTF-8 reads byte by byte, too: a line of a file is cut before it is text.
    by_byte, in_url = value.encode("utf-8", "replace").decode("latin-1"), (quote(value, safe=""), quote_plus(value))
    spelled = (value, by_byte, *in_url, json.dumps(value)[1:-1], html.escape(value))
    _forms.update(dict.fromkeys(spelled))
    _found = re.compile("|".join(re.escape(form) for form in sorted(_forms, key=len, reverse=True)))


def hide_secrets(text: str) -> str:
    """A text without the secrets that are known, and without user and password of URLs."""
    if "@" in text and "://" in text:
        text = _USER_INFO.sub(rf"\g<scheme>{HIDDEN}@", text)
    return text if _found is None else _found.sub(HIDDEN, text)


def is_secret_name(name: str) -> bool:
    """Whether what stands under a name is a secret: `password`, `bearerToken`, `X-Api-Key`, not `password_file`."""
    return _SECRET_NAME.search(name) is not None and _REFERENCE_NAME.search(name) is None


def without_secrets(value: object) -> Any:
    """A JSON value without texts under names of secrets, be they keys or, as headers are written,
    {"name": ..., "value": ...}."""
    if isinstance(value, Mapping):
        named = any(isinstance(value.get(key), str) and is_secret_name(value[key]) for key in ("name", "key"))
        return {
            key: HIDDEN
            if isinstance(item, str) and item and (is_secret_name(str(key)) or (named and key == "value"))
            else without_secrets(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_secrets(item) for item in value]
    return value


_SECRET_NAME = re.compile(
    r"(?i)(?:password|passwd|passphrase|secret|token|credentials?|authorization|cookie|"
    r"(?:api|access|auth|private|secret)[_-]?key|key[_-]?pem)$"
)
_REFERENCE_NAME = re.compile(r"(?i)(?:page|next|continue|sync|cancel)[_-]?token$")
"""Names that end so without being secrets."""


def shorten(text: str, most: int, more: str = "…") -> str:
    """The first `most` characters of a text without its secrets; they end with `more` where something is left out."""
    shown = beginning(text)
    return shown if len(shown) <= most and len(text) <= _BEGINNING else shown[: most - len(more)] + more


def beginning(text: str) -> str:
    """As `hidden`, but of a text that is very long only the beginning (some ten thousand characters), which does not
    end inside of a secret."""
    if len(text) <= _BEGINNING:
        return hide_secrets(text)
    return hide_secrets(text[: end_within(text, _BEGINNING)])


_BEGINNING = 64 * 1024
_LONGEST_USER_INFO = 300


def behind_cut() -> int:
    """So much of a text behind the place of a cut tells whether a secret stands there."""
    return max(max(map(len, _forms), default=0), _LONGEST_USER_INFO)


def end_within(text: str | bytes, most: int) -> int:
    """Where a text, or its bytes, ends that may have at most `most` characters: before a secret that would be cut in
    two, because half of one is not found any more."""
    if len(text) <= most:
        return len(text)
    first = max(0, most - behind_cut())
    around = text[first : most + behind_cut()]
    shown = around if isinstance(around, str) else around.decode("latin-1")
    found = [m for pattern in (_USER_INFO, _found) if pattern for m in pattern.finditer(shown)]
    return min((first + m.start() for m in found if first + m.start() < most < first + m.end()), default=most)


def yaml_problem(error: "yaml.YAMLError") -> tuple[str, str]:
    """What is wrong with a broken YAML text: its place (":LINE:COLUMN", "" where there is none) and PyYAML's words.

    Its own message repeats the line, and what it quotes in words may be a password without its quotes: a name behind
    `*`, `&` or `!`. Of that at most two characters are shown.
    """
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = getattr(error, "problem", None) or getattr(error, "context", None)
    words = " ".join(str(said or str(error).partition("\n")[0]).split())
    return f":{mark.line + 1}:{mark.column + 1}" if mark else "", _QUOTED.sub(_short_only, words)


_QUOTED = re.compile(r"'(?P<name>[^']*)'")


def _short_only(match: re.Match[str]) -> str:
    name = match["name"]
    return match[0] if len(name) <= 2 or (name[0] == "<" and name[-1] == ">") else "'...'"
