"""Text and actions of a template, and the tokens inside an action."""

import re
from typing import NamedTuple

from obs_check.errors import QueryError

_SPACE = " \t\r\n"
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    |(?P<char>'(?:[^'\\\n]|\\.)+')
    |(?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?))
    |(?P<field>\.[A-Za-z_]\w*)
    |(?P<variable>\$\w*)
    |(?P<dot>\.)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<declare>:=)
    |(?P<sign>[|(),=])""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """`spaced` tells that white space was in front; `place` is line:column as Go counts (from 1, bytes from 0)."""

    kind: str
    text: str
    spaced: bool
    place: str = ""


class Text(NamedTuple):
    """Text between actions, trimmed where an action says so."""

    text: str


class Action(NamedTuple):
    """The tokens between {{ and }}."""

    tokens: tuple[Token, ...]


def _place(template: str, at: int) -> str:
    line_start = template.rfind("\n", 0, at) + 1
    return f"{template.count(chr(10), 0, at) + 1}:{len(template[line_start:at].encode())}"


def tokens_of(body: str, template: str, start: int) -> tuple[Token, ...]:
    """Tokens of the action whose body is at `start`; QueryError on a character that has no place there."""
    tokens = []
    at, spaced = 0, False
    while at < len(body):
        found = _TOKEN.match(body, at)
        if found is None:
            raise QueryError(f"invalid template: unexpected {body[at]!r} in {{{{{body}}}}}")
        place = _place(template, start + at)
        at = found.end()
        kind = found.lastgroup or ""
        if kind == "space":
            spaced = True
            continue
        tokens.append(Token(found[0] if kind == "sign" else kind, found[0], spaced, place))
        spaced = False
    return tuple(tokens)


def _action_end(text: str, start: int) -> int:
    at = start
    while at < len(text):
        if text.startswith("}}", at):
            return at
        if text[at] in "\"'`":
            quote = text[at]
            at += 1
            while at < len(text) and text[at] != quote:
                at += 2 if text[at] == "\\" and quote != "`" else 1
        at += 1
    raise QueryError("invalid template: unclosed action")


def split_template(text: str) -> list[Text | Action]:
    """Text and actions in order; `{{-` and `-}}` take the white space beside them away, comments leave nothing."""
    parts: list[Text | Action] = []
    at, trim_next = 0, False
    while True:
        opening = text.find("{{", at)
        plain = text[at:] if opening < 0 else text[at:opening]
        if trim_next:
            plain = plain.lstrip(_SPACE)
        trim_before = (
            opening >= 0 and text[opening + 2 : opening + 3] == "-" and text[opening + 3 : opening + 4] in tuple(_SPACE)
        )
        if trim_before:
            plain = plain.rstrip(_SPACE)
        if plain:
            parts.append(Text(plain))
        if opening < 0:
            return parts
        start = opening + (3 if trim_before else 2)
        if text.startswith("/*", start + 1 if trim_before else start):
            close = text.find("*/", start)
            end = text.find("}}", close) if close >= 0 else -1
            if end < 0:
                raise QueryError("invalid template: unclosed comment")
            trim_next = text[close + 2 : end].strip(_SPACE) == "-"
            at = end + 2
            continue
        end = _action_end(text, start)
        body = text[start:end]
        trim_next = len(body) > 1 and body[-1] == "-" and body[-2] in _SPACE
        parts.append(Action(tokens_of(body[:-1] if trim_next else body, text, start)))
        at = end + 2
