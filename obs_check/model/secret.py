"""Secrets that are known, and texts without them.

Whatever is shown or written goes through `hide_secrets`: a library's exception, an answer that repeats a header, a
line of a log. A text is cut short only afterwards, by `shorten`, because half a secret is not found any more; one that
has to stay as it is until it is shown is cut at `end_within`.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from obs_check.model.secret_patterns import (
    HEADER,
    HIDDEN,
    IN_COMMAND,
    REFERENCE_NAME,
    SECRET_NAME,
    UNKNOWN,
    USER_INFO,
    spellings,
)

if TYPE_CHECKING:
    import yaml

SHORTEST = 4
"""Characters that a secret has to have to be looked for: shorter ones would be found inside of ordinary words."""

_forms: dict[str, tuple[str, int]] = {}
_found: re.Pattern[str] | None = None


def hide_value(value: str) -> None:
    """Hide a value from now on, however a URL, JSON, HTML or base64 spells it."""
    global _found
    if len(value) < SHORTEST or value in _forms:
        return
    _forms[value] = spellings(value)
    _found = re.compile("|".join(_forms[known][0] for known in sorted(_forms, key=len, reverse=True)))


def hide_in_command(command: str) -> None:
    """Hide from now on what a command line says in plain words and should not: `API_TOKEN=...`, `--password ...`."""
    for pattern in (IN_COMMAND, HEADER):
        for found in pattern.finditer(command):
            hide_value(found["value"])


def hide_secrets(text: str) -> str:
    """A text without the secrets that are known, and without those that can be told by what stands before them: user
    and password of a URL, its parameters and headers with names of secrets."""
    if _found is not None:
        text = _found.sub(HIDDEN, text)
    lowered = text.lower()
    for pattern, words in UNKNOWN:
        for word in words:
            if word in lowered:
                text = pattern.sub(_without, text)
                break
    return text


def _without(match: re.Match[str]) -> str:
    return f"{match['before']}{HIDDEN}{match.groupdict().get('behind', '')}"


def is_secret_name(name: str) -> bool:
    """Whether what stands under a name is a secret: `password`, `bearerToken`, `X-Api-Key`, not `password_file`."""
    return SECRET_NAME.search(name) is not None and REFERENCE_NAME.search(name) is None


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


def shorten(text: str, most: int, more: str = "…") -> str:
    """The first `most` characters of a text without its secrets; they end with `more` where something is left out."""
    shown = beginning(text)
    return shown if len(shown) <= most and len(text) <= _BEGINNING else shown[: most - len(more)] + more


def beginning(text: str) -> str:
    """As `hide_secrets`, but of a text that is very long only the beginning (some ten thousand characters), which does
    not end inside of a secret."""
    if len(text) <= _BEGINNING:
        return hide_secrets(text)
    return hide_secrets(text[: end_within(text, _BEGINNING)])


_BEGINNING = 64 * 1024
_LONGEST_USER_INFO = 300


def behind_cut() -> int:
    """So much of a text behind the place of a cut tells whether a secret stands there."""
    return max([longest for _, longest in _forms.values()] + [_LONGEST_USER_INFO])


def end_within(text: str | bytes, most: int) -> int:
    """Where a text, or its bytes, ends that may have at most `most` characters: before a secret that would be cut in
    two, because half of one is not found any more."""
    if len(text) <= most:
        return len(text)
    first = max(0, most - behind_cut())
    around = text[first : most + behind_cut()]
    shown = around if isinstance(around, str) else around.decode("latin-1")
    found = [m for pattern in (USER_INFO, _found) if pattern for m in pattern.finditer(shown)]
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
