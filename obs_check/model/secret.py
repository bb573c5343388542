"""Secrets that are known, and texts without them.

Whatever is shown or written goes through `hidden`: a library's exception, an answer that repeats a header, a line of a
log. A text is cut short only afterwards, because half a secret is not found any more.
"""

import html
import json
import re
from typing import TYPE_CHECKING
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


def know(value: str) -> None:
    """Hide a value from now on, however a URL, JSON or HTML spells it."""
    global _found
    if len(value) < SHORTEST or value in _forms:
        return
    spelled = (value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1], html.escape(value))
    _forms.update(dict.fromkeys(spelled))
    _found = re.compile("|".join(re.escape(form) for form in sorted(_forms, key=len, reverse=True)))


def hidden(text: str) -> str:
    """A text without the secrets that are known, and without user and password of URLs."""
    if "@" in text and "://" in text:
        text = _USER_INFO.sub(rf"\g<scheme>{HIDDEN}@", text)
    return text if _found is None else _found.sub(HIDDEN, text)


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
