"""Paths of `json a="b.c[0]"`, with the words of Loki's little grammar for what is none."""

import re
from typing import NamedTuple

from obs_check.errors import QueryError

Path = tuple[str | int, ...]

_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STRING = re.compile(r'"([^"\]]*)["\]]?')
_SIGNS = {".": "DOT", "[": "LSB", "]": "RSB"}


class _Token(NamedTuple):
    kind: str
    value: str | int


class _PathFault(Exception):
    """The lexer gives up; the grammar may have something to say first."""


def _tokens(text: str) -> tuple[list[_Token], str]:
    """The tokens up to the end or to the first character that starts none, and what is wrong with that."""
    found: list[_Token] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char in " \t\n":
            at += 1
        elif char.isascii() and char.isdigit():
            try:
                number, at = _number(text, at)
            except _PathFault as fault:
                return found, str(fault)
            found.append(_Token("INDEX", number))
        elif char in _SIGNS:
            found.append(_Token(_SIGNS[char], char))
            at += 1
        elif field := _FIELD.match(text, at):
            found.append(_Token("FIELD", field[0]))
            at = field.end()
        elif string := _STRING.match(text, at):
            found.append(_Token("STRING", string[1]))
            at = string.end()
        else:
            return found, f"unexpected char {char}"
    return found, ""


def _number(text: str, at: int) -> tuple[int, int]:
    start = at
    while text[at : at + 1] not in (" ", "\t", "\n", "]"):
        if at == len(text):
            raise _PathFault("non-integer value: \0")
        if text[at] == ".":
            raise _PathFault("cannot use float as array index")
        if text[at] not in "0123456789":
            raise _PathFault(f"non-integer value: {text[at]}")
        at += 1
    return int(text[start:at]), at


def parse_json_path(text: str) -> Path:
    """`a.b[0]["c d"]` as keys and indices; QueryError with Loki's words where it is not a path."""
    tokens, wrong = _tokens(text)
    steps: list[str | int] = []
    wanted: tuple[str, ...] = ("LSB", "FIELD")
    for token in tokens:
        if token.kind not in wanted:
            # At the end of a path the grammar is done and names nothing that could follow.
            raise _refused(text, f"syntax error: unexpected {token.kind}", () if wanted[:1] == ("DOT",) else wanted)
        match token.kind:
            case "DOT":
                wanted = ("FIELD",)
                continue
            case "LSB":
                wanted = ("STRING", "INDEX")
                continue
            case "STRING" | "INDEX":
                wanted = ("RSB",)
            case _:
                wanted = ("DOT", "LSB")
        if token.kind != "RSB":
            steps.append(token.value)
    if wanted != ("DOT", "LSB"):
        raise _refused(text, "syntax error: unexpected $end", wanted)
    if wrong:
        raise _refused(text, wrong, ())
    return tuple(steps)


def _refused(text: str, message: str, wanted: tuple[str, ...]) -> QueryError:
    expecting = f", expecting {' or '.join(wanted)}" if wanted else ""
    return QueryError(f"cannot parse expression [{text}]: {message}{expecting}")
