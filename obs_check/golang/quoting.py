"""String literals: Go's escapes, both ways.

By hand, because ast.literal_eval reads Python's escapes, which are others.
"""

import re

_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, '"': 34}
_ESCAPE = re.compile(
    r'\\(?:(?P<simple>[abfnrtv\\"])|x(?P<x>[0-9a-fA-F]{2})|(?P<o>[0-7]{3})|u(?P<u>[0-9a-fA-F]{4})'
    r"|U(?P<U>[0-9a-fA-F]{8}))"
)
_SHORT = {7: "a", 8: "b", 12: "f", 10: "n", 13: "r", 9: "t", 11: "v", 92: "\\", 34: '"'}


class EscapeError(ValueError):
    """An escape that Go does not know, in Loki's words."""

    def __init__(self, escape: str, words: str = "invalid char escape") -> None:
        super().__init__(words)
        self.escape = escape


def unquote(literal: str, strict: bool = False) -> str:
    """The text of a literal in double quotes or backticks; broken UTF-8 becomes U+FFFD. Raises EscapeError, also for
    half of a surrogate pair when `strict`, as Go's own reader does and Loki's does not."""
    body = literal[1:-1]
    if literal[0] == "`":
        return body.replace("\r", "")
    if "\\" not in body:
        return body
    out, at = bytearray(), 0
    while at < len(body):
        if body[at] != "\\":
            upto = body.find("\\", at)
            upto = len(body) if upto < 0 else upto
            out += body[at:upto].encode("utf-8", "surrogatepass")
            at = upto
            continue
        escape = _ESCAPE.match(body, at)
        if escape is None:
            raise EscapeError(body[at : at + 2])
        out += _bytes_of(escape, strict)
        at = escape.end()
    return out.decode("utf-8", "replace")


def _bytes_of(escape: "re.Match[str]", strict: bool) -> bytes:
    if escape["simple"]:
        return bytes([_SIMPLE[escape["simple"]]])
    if escape["x"]:
        return bytes([int(escape["x"], 16)])
    if escape["o"]:
        value = int(escape["o"], 8)
        if value > 255:
            raise EscapeError(escape[0], "invalid syntax")
        return bytes([value])
    value = int(escape["u"] or escape["U"], 16)
    half = 0xD800 <= value < 0xE000
    if value > 0x10FFFF or (half and strict):
        raise EscapeError(escape[0], "invalid syntax")
    return (chr(value) if not half else "\ufffd").encode()


def quote(text: str) -> str:
    """A literal in double quotes with Go's escapes; printable characters stay as they are."""
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(char: str) -> str:
    code = ord(char)
    if code in _SHORT:
        return "\\" + _SHORT[code]
    if char.isprintable():
        return char
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
