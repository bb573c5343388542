"""Base64 as Go decodes it, with its words for where a text is none."""

import base64
import re

_ALPHABET = re.compile(r"[A-Za-z0-9+/]")


def decode_utf8(data: bytes) -> str:
    """Text; every byte that is not UTF-8 becomes U+FFFD, as in Go's JSON."""
    return re.sub("[\ud800-\udfff]", "\ufffd", data.decode("utf-8", "surrogateescape"))


def b64enc(text: str) -> str:
    """The text in base64."""
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()


def b64dec(text: str) -> str:
    """The decoded text, or Go's words for what is wrong with it (sprig answers those as the value)."""
    wrong = _fault(text.encode())
    if wrong >= 0:
        return f"illegal base64 data at input byte {wrong}"
    return decode_utf8(base64.b64decode(text))


def _fault(data: bytes) -> int:
    """The offset that Go names, -1 when all is well. Line breaks are passed over."""
    kept = [(at, chr(byte)) for at, byte in enumerate(data) if byte not in b"\r\n"]
    place = 0
    for count, (at, char) in enumerate(kept):
        place = count % 4
        if _ALPHABET.fullmatch(char):
            continue
        if char != "=" or place < 2:
            return at
        rest = kept[count + 1 :]
        if place == 3:
            return rest[0][0] if rest else -1
        if not rest:
            return len(data)
        if rest[0][1] != "=":
            return rest[0][0] - 1
        return rest[1][0] if len(rest) > 1 else -1
    return len(data) - len(kept) % 4 if len(kept) % 4 else -1
