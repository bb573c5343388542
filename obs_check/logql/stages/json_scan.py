"""A tolerant JSON reader that fails late and with the words of Loki's parser.

Loki reads a line member by member: what comes before a fault is extracted, what comes after the closing brace is not
looked at. The fast paths of the json stages use the standard decoder and come here for everything it refuses.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

MALFORMED = "Malformed JSON error"
MALFORMED_STRING = "Value is string, but can't find closing '\"' symbol"
MALFORMED_ARRAY = "Value is array, but can't find closing ']' symbol"
MALFORMED_OBJECT = "Value looks like object, but can't find closing '}' symbol"
UNKNOWN_TYPE = "Unknown value type"
BAD_ESCAPE = "Encountered an invalid escape sequence in a string"

_SPACE = re.compile(r"[ \n\r\t]*")
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_BLOCK = {
    "{": (re.compile(r'[^"{}]*+'), "}", MALFORMED_OBJECT),
    "[": (re.compile(r'[^"\[\]]*+'), "]", MALFORMED_ARRAY),
}
_TOKEN = re.compile(r"[^ \n\r\t,}\]]*")
_SURROGATE = re.compile("[\ud800-\udfff]")

Kind = Literal["string", "number", "boolean", "null", "object", "array"]


class JsonFault(Exception):
    """The text is no JSON from some place on."""


class Value(NamedTuple):
    """One value: `text` is as written, without the quotes of a string; `end` is the offset after it."""

    kind: Kind
    text: str
    end: int


def unescape(text: str, keep_invalid: bool = False) -> str | None:
    """The meaning of a string's inside; None on a bad escape. U+FFFD becomes a space in a value, as in Loki."""
    if "\\" in text:
        try:
            text = json.loads(f'"{text}"', strict=False)
        except ValueError:
            return None
        if _SURROGATE.search(text):
            return None
    return text if keep_invalid else text.replace("\ufffd", " ")


def skip_space(text: str, at: int) -> int:
    """The offset of the next token, -1 at the end."""
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end() if found.end() < len(text) else -1


def read_value(text: str, at: int) -> Value:
    """The value that starts at or after `at`."""
    start = skip_space(text, at)
    if start < 0:
        raise JsonFault(MALFORMED)
    char = text[start]
    if char == '"':
        string = _STRING.match(text, start)
        if string is None:
            raise JsonFault(MALFORMED_STRING)
        return Value("string", text[start + 1 : string.end() - 1], string.end())
    if char in _BLOCK:
        end = _block_end(text, start)
        return Value("object" if char == "{" else "array", text[start:end], end)
    token = _TOKEN.match(text, start)
    assert token is not None
    word = token[0]
    if word in ("true", "false"):
        return Value("boolean", word, token.end())
    if word == "null":
        return Value("null", word, token.end())
    if char in "0123456789-":
        return Value("number", word, token.end())
    raise JsonFault(UNKNOWN_TYPE)


def _block_end(text: str, start: int) -> int:
    opening = text[start]
    plain, closing, fault = _BLOCK[opening]
    depth, at = 0, start
    while True:
        skipped = plain.match(text, at)
        assert skipped is not None
        at = skipped.end()
        if at >= len(text):
            raise JsonFault(fault)
        char = text[at]
        if char == '"':
            string = _STRING.match(text, at)
            if string is None:
                raise JsonFault(fault)
            at = string.end()
            continue
        depth += 1 if char == opening else -1
        at += 1
        if char == closing and depth == 0:
            return at


def members(text: str) -> Iterator[tuple[str, Value]]:
    """Keys and values of an object, in order; JsonFault at the place where it stops being one."""
    at = skip_space(text, 0)
    if at < 0 or text[at] != "{":
        raise JsonFault(MALFORMED_OBJECT)
    at = skip_space(text, at + 1)
    if at < 0:
        raise JsonFault(MALFORMED)
    while True:
        if text[at] == "}":
            return
        if text[at] != '"':
            raise JsonFault(MALFORMED_OBJECT)
        string = _STRING.match(text, at)
        if string is None:
            raise JsonFault(MALFORMED)
        key = string[0][1:-1]
        if "\\" in key:
            meaning = unescape(key, keep_invalid=True)
            if meaning is None:
                raise JsonFault(BAD_ESCAPE)
            key = meaning
        at = skip_space(text, string.end())
        if at < 0 or text[at] != ":":
            raise JsonFault(MALFORMED)
        value = read_value(text, at + 1)
        yield key, value
        at = skip_space(text, value.end)
        if at < 0:
            raise JsonFault(MALFORMED_ARRAY)
        if text[at] == "}":
            return
        if text[at] != ",":
            raise JsonFault(MALFORMED_OBJECT)
        at = skip_space(text, at + 1)
        if at < 0:
            raise JsonFault(MALFORMED_ARRAY)


def string_end(text: str, at: int) -> int:
    """The offset behind the string that starts at `at`, -1 when it does not end."""
    string = _STRING.match(text, at)
    return string.end() if string else -1


def block_end(text: str, at: int) -> int:
    """The offset behind the object or array that starts at `at`, -1 when it does not end."""
    try:
        return _block_end(text, at)
    except JsonFault:
        return -1


def _constant(name: str) -> str:
    raise ValueError(name)


def needs_scan(line: str) -> bool:
    """True for lines whose escapes the standard decoder treats otherwise (surrogates, U+FFFD)."""
    if "\ufffd" in line:
        return True
    # To look for one character takes a tenth of the time of two, and most lines have no escape at all.
    if "\\" not in line or "\\u" not in line:
        return False
    lowered = line.lower()
    return "\\ud" in lowered or "\\ufffd" in lowered


_decoder: Any = json.JSONDecoder(
    strict=False, parse_float=str, parse_int=str, parse_constant=_constant, object_pairs_hook=tuple
)
_scan_once = _decoder.scan_once


def decode(line: str) -> Any:
    """A valid line, quickly: an object is a tuple of pairs (repeated keys stay), numbers keep their text. Raises
    ValueError for what is no JSON or has white space around it."""
    try:
        value, end = _scan_once(line, 0)
    except StopIteration:
        raise ValueError(line) from None
    if end != len(line):
        raise ValueError(line)
    return value
