"""The functions of templates that make a text of a text."""

import re

from obs_check.golang.template.base64 import decode_utf8

_HTML: dict[str, str | int | None] = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&#34;",
    "'": "&#39;",
    "\0": "\ufffd",
}
_JS = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}


def html(text: str) -> str:
    """The text with what means something in HTML replaced."""
    return text.translate(str.maketrans(_HTML))


def js(text: str) -> str:
    """The text as the inside of a string of JavaScript."""
    return "".join(_JS.get(c) or (c if c.isprintable() else f"\\u{ord(c):04X}") for c in text)


def cut(text: str, start: int, end: int) -> str:
    """Bytes of the text; ValueError when they do not lie inside, in the words of Go's runtime."""
    data = text.encode("utf-8", "surrogatepass")
    if end < 0 or end > len(data):
        raise ValueError(
            f"runtime error: slice bounds out of range [:{end}]" + (f" with length {len(data)}" * (end >= 0))
        )
    if start > end:
        raise ValueError(f"runtime error: slice bounds out of range [{start}:{end}]")
    return decode_utf8(data[start:end])


def trunc(count: int, text: str) -> str:
    """The first bytes of a text; with a negative count the last."""
    size = len(text.encode())
    if count < 0 and size + count > 0:
        return cut(text, size + count, size)
    return cut(text, 0, count) if 0 <= count < size else text


def substr(start: int, end: int, text: str) -> str:
    """The bytes from `start` on, before `end` where that lies inside."""
    size = len(text.encode())
    if start < 0:
        return cut(text, 0, end)
    return cut(text, start, size if end < 0 or end > size else end)


def align(count: int, text: str, right: bool) -> str:
    """The text in as many characters, cut or filled with blanks on the other side."""
    if count < 0:
        return text
    if right:
        return text.rjust(count) if count >= len(text) else text[len(text) - count :]
    return text.ljust(count)[:count]


def upper(text: str) -> str:
    """In capitals, character by character, as Go's ToUpper: what would become two stays."""
    return "".join(char.upper() if len(char.upper()) == 1 else char for char in text)


def lower(text: str) -> str:
    """In small letters, character by character, as Go's ToLower."""
    return "".join(char.lower()[:1] for char in text)


def title(text: str) -> str:
    """Each word with a capital."""
    return re.sub(r"(?<!\w)\w", lambda found: upper(found[0]), text)


def repeat(count: int, text: str) -> str:
    """The text so many times; ValueError with Go's words for a negative count."""
    if count < 0:
        raise ValueError("strings: negative Repeat count")
    return text * count


def indent(count: int, text: str) -> str:
    """Every line behind so many blanks."""
    pad = repeat(count, " ")
    return pad + text.replace("\n", f"\n{pad}")
