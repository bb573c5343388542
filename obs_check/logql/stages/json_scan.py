"""A tolerant JSON reader that fails late and with the words of Loki's parser.

Loki reads a line member by member: what comes before a fault is extracted, what comes after the closing brace is not
looked at. The fast paths of the json stages use the standard decoder and come here for everything it refuses.

By hand for that reason: a library decodes a whole text or nothing.
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
_PLAIN = {"{": re.compile(r'[^"{}]*+'), "[": re.compile(r'[^"\[\]]*+')}
_UNCLOSED = {"{": MALFORMED_OBJECT, "[": MALFORMED_ARRAY}
_TOKEN = re.compile(r"[^ \n\r\t,}\]]+")
_SURROGATE = re.compile("[\ud800-\udfff]")

Kind = Literal["string", "number", "boolean", "null", "object", "array"]


class JsonFault(Exception):
    """The text is not JSON from some place on."""


class JsonValue(NamedTuple):
    """One value of a source: from `start` up to `end`, without the quotes of a string, which ends one later."""

    kind: Kind
    source: "JsonText"
    start: int
    end: int

    @property
    def text(self) -> str:
        """The value as written."""
        return self.source.text[self.start : self.end]

    @property
    def after(self) -> int:
        """The offset behind it."""
        return self.end + (self.kind == "string")


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


class JsonText:
    """A text with the ends of its blocks. An object ends where its braces are even, an array where its brackets are,
    whatever the other kind does between them (as Loki counts). Each place is looked at once, whatever is asked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._blocks = {opening: _Blocks(text, opening) for opening in _PLAIN}

    def block_end(self, start: int) -> int:
        """The offset behind the block that starts here, -1 when it does not end."""
        return self._blocks[self.text[start]].end(start)


class _Blocks:
    """The blocks of one kind. A block may be asked for that lies inside a string for those around it, where a token
    before it has a quote; both readings come to the same soon, so what one has seen serves the other."""

    def __init__(self, text: str, opening: str) -> None:
        self._text = text
        self._opening = opening
        self._plain = _PLAIN[opening]
        self._ends: dict[int, int] = {}
        self._around: dict[int, int] = {}
        """Where the innermost block starts that a place was seen in."""

    def end(self, start: int) -> int:
        if start not in self._ends:
            self._look(start)
        return self._ends[start]

    def _look(self, start: int) -> None:
        text, ends, around = self._text, self._ends, self._around
        begun, at = [start], start + 1
        while begun:
            known = around.get(at)
            if known is None:
                around[at] = begun[-1]
                at = self._event(at)
                if at >= 0 and text[at] == self._opening:
                    begun.append(at)
                    at += 1
                    continue
                at += at >= 0
            else:
                # What closes the block around this place closes ours.
                at = ends[known]
            if at < 0:
                ends.update(dict.fromkeys(begun, -1))
                return
            ends[begun.pop()] = at

    def _event(self, at: int) -> int:
        """The next brace or bracket outside of strings, -1 when there is none."""
        text = self._text
        while True:
            found = self._plain.match(text, at)
            at = found.end() if found is not None else at
            if at >= len(text):
                return -1
            if text[at] != '"':
                return at
            string = _STRING.match(text, at)
            if string is None:
                return -1
            at = string.end()


def skip_space(text: str, at: int, end: int | None = None) -> int:
    """The offset of the next token, -1 at the end."""
    end = len(text) if end is None else end
    found = _SPACE.match(text, at, end)
    next_at = found.end() if found is not None else at
    return next_at if next_at < end else -1


def read_value(source: JsonText, at: int, end: int | None = None) -> JsonValue:
    """The value that starts at or after `at` in what goes up to `end`."""
    text = source.text
    end = len(text) if end is None else end
    start = skip_space(text, at, end)
    if start < 0:
        raise JsonFault(MALFORMED)
    char = text[start]
    if char == '"':
        string = _STRING.match(text, start, end)
        if string is None:
            raise JsonFault(MALFORMED_STRING)
        return JsonValue("string", source, start + 1, string.end() - 1)
    if char in _UNCLOSED:
        closed = source.block_end(start)
        if not 0 <= closed <= end:
            raise JsonFault(_UNCLOSED[char])
        return JsonValue("object" if char == "{" else "array", source, start, closed)
    token = _TOKEN.match(text, start, end)
    if token is None:
        raise JsonFault(UNKNOWN_TYPE)
    word = token[0]
    if word in ("true", "false"):
        return JsonValue("boolean", source, start, token.end())
    if word == "null":
        return JsonValue("null", source, start, token.end())
    if char in "0123456789-":
        return JsonValue("number", source, start, token.end())
    raise JsonFault(UNKNOWN_TYPE)


def members(source: JsonText, at: int = 0, end: int | None = None) -> Iterator[tuple[str, JsonValue]]:
    """Keys and values of the object from `at` up to `end`, in order; JsonFault where it stops being one."""
    text = source.text
    end = len(text) if end is None else end
    at = skip_space(text, at, end)
    if at < 0 or text[at] != "{":
        raise JsonFault(MALFORMED_OBJECT)
    at = skip_space(text, at + 1, end)
    if at < 0:
        raise JsonFault(MALFORMED)
    while True:
        if text[at] == "}":
            return
        if text[at] != '"':
            raise JsonFault(MALFORMED_OBJECT)
        string = _STRING.match(text, at, end)
        if string is None:
            raise JsonFault(MALFORMED)
        key = string[0][1:-1]
        if "\\" in key:
            meaning = unescape(key, keep_invalid=True)
            if meaning is None:
                raise JsonFault(BAD_ESCAPE)
            key = meaning
        at = skip_space(text, string.end(), end)
        if at < 0 or text[at] != ":":
            raise JsonFault(MALFORMED)
        value = read_value(source, at + 1, end)
        yield key, value
        at = skip_space(text, value.after, end)
        if at < 0:
            raise JsonFault(MALFORMED_ARRAY)
        if text[at] == "}":
            return
        if text[at] != ",":
            raise JsonFault(MALFORMED_OBJECT)
        at = skip_space(text, at + 1, end)
        if at < 0:
            raise JsonFault(MALFORMED_ARRAY)


def string_end(text: str, at: int) -> int:
    """The offset behind the string that starts at `at`, -1 when it does not end."""
    string = _STRING.match(text, at)
    return string.end() if string else -1


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
    ValueError for what is not JSON or has white space around it."""
    try:
        value, end = _scan_once(line, 0)
    except StopIteration:
        raise ValueError(line) from None
    if end != len(line):
        raise ValueError(line)
    return value
