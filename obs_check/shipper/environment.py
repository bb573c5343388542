"""`${NAME}` in a configuration, as promtail expands it with `-config.expand-env=true` (drone/envsubst 1.0.3)."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from obs_check.documents.yaml_tree import YamlValue
from obs_check.errors import ConfigError
from obs_check.shipper.alloy.values import UnknownText

T = TypeVar("T")
_LEFT = re.compile(r"\$\{[A-Za-z_]")
"""Promtail's reference to a variable that was left as it stands; `${1}` is a group."""
_NAME = re.compile(r"[A-Za-z0-9_]+")
_GROUP = re.compile(r"\$\{\d+\}")
_HINT = "write ${NAME} or ${NAME:-default}"


def is_known(text: str) -> bool:
    """Whether a text of a configuration is what it says, not what the shipper's environment makes of it."""
    return not isinstance(text, UnknownText) and not _LEFT.search(text)


def hangs_on_environment(value: YamlValue) -> bool:
    """Whether a value, or one inside of it, is a text that only the shipper's machine knows."""
    if isinstance(value.data, str):
        return not is_known(value.data)
    inside = value.data.values() if isinstance(value.data, dict) else value.data or ()
    return any(map(hangs_on_environment, inside))


def read_known(value: YamlValue | None, reader: Callable[[YamlValue], T], default: T) -> T:
    """What a reader makes of a setting; the default where there is none, or none that is known here."""
    return default if value is None or value.data is None or hangs_on_environment(value) else reader(value)


def expand(text: str, env: Mapping[str, str], file: str, first_line: int = 1) -> str:
    """The text with its references replaced; an unset name without default is empty, `$$` writes `$`. `${1}` stays: it
    is a group of a relabel rule, which promtail would blank. Raises ConfigError for what promtail cannot read, with the
    line of `file`, of which the text begins at `first_line`."""
    return _Expansion(text, env, file, first_line).until("")[0]


class _Expansion:
    """One text, read from left to right."""

    def __init__(self, text: str, env: Mapping[str, str], file: str, first_line: int) -> None:
        self._text, self._env, self._file, self._first_line = text, env, file, first_line
        self._at = 0

    def until(self, ends: str) -> tuple[str, str]:
        """The expanded text up to one of the characters in `ends` (or the end of the text), and that character."""
        parts: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in ends:
                self._at += 1
                return "".join(parts), char
            if self._text.startswith("$$", self._at):
                parts.append("$")
                self._at += 2
            elif found := _GROUP.match(self._text, self._at):
                parts.append(found[0])
                self._at = found.end()
            elif self._text.startswith("${", self._at):
                parts.append(self._reference())
            else:
                parts.append(char)
                self._at += 1
        if ends:
            raise self._error("a brace is not closed")
        return "".join(parts), ""

    def _error(self, message: str) -> ConfigError:
        line = self._text.count("\n", 0, self._at) + self._first_line
        return ConfigError(f"{self._file}:{line}: ${{...}}: {message}", _HINT)

    def _reference(self) -> str:
        self._at += 2
        if self._text[self._at : self._at + 1] == "#" and (found := _NAME.match(self._text, self._at + 1)):
            self._at = found.end()
            self._close()
            return str(len(self._env.get(found[0], "").encode()))
        found = _NAME.match(self._text, self._at)
        if found is None:
            raise self._error("a name is expected")
        self._at = found.end()
        value = self._env.get(found[0], "")
        sign = re.compile(r"\}|:[-=?+]?|=|,,?|\^\^?|##?|%%?|//|/#|/%|/").match(self._text, self._at)
        if sign is None:
            raise self._error("the closing brace is missing")
        self._at = sign.end()
        return self._applied(sign[0], value)

    def _applied(self, sign: str, value: str) -> str:
        match sign:
            case "}":
                return value
            case ":-" | "=" | ":=" | ":?" | ":+":
                # envsubst knows `:?` and `:+` by name only: both give the default where the value is empty.
                fallback, _ = self.until("}")
                return value or fallback
            case ":":
                return self._part(value)
            case "," | ",," | "^" | "^^":
                self._close()
                return _CASES[sign](value)
            case "#" | "##" | "%" | "%%":
                pattern, _ = self.until("}")
                return value.removeprefix(pattern) if "#" in sign else value.removesuffix(pattern)
        old, end = self.until("/}")
        new = self.until("}")[0] if end == "/" else ""
        if sign == "/#":
            return new + value.removeprefix(old) if value.startswith(old) else value
        if sign == "/%":
            return value.removesuffix(old) + new if value.endswith(old) else value
        return value.replace(old, new, -1 if sign == "//" else 1)

    def _part(self, value: str) -> str:
        first, end = self.until(":}")
        count = self.until("}")[0] if end == ":" else ""
        try:
            start, size = int(first), int(count) if count else None
        except ValueError:
            raise self._error(f"not a number: {first!r}") from None
        return value[start:] if size is None else value[start : start + size]

    def _close(self) -> None:
        if self._text[self._at : self._at + 1] != "}":
            raise self._error("the closing brace is missing")
        self._at += 1


_CASES: dict[str, Callable[[str], str]] = {
    ",": lambda value: value[:1].lower() + value[1:],
    ",,": str.lower,
    "^": lambda value: value[:1].upper() + value[1:],
    "^^": str.upper,
}
