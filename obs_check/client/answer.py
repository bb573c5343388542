"""An answer as a whole, and its JSON: what the edge lets in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, TypeVar

from obs_check.model.exchange import Exchange, exchange
from obs_check.model.secret import beginning

DEEPEST = 100
"""Levels of lists and objects in JSON: ten times what Grafana and Loki have, and what recursion can take."""
MOST = 2_000_000
"""Values in JSON: some 200 MB of objects of Python's. Loki's most (5,000 lines) and a dashboard's have far less."""
PART = 128 * 1024
"""Bytes of JSON that are looked at together."""
_START = 512 * 1024
_WHOLE_TEXTS = re.compile(rb'(?:[^"]+|"[^"\\]*(?:\\.[^"\\]*)*")*', re.S)
"""As far as no text is open. (Possessive quantifiers find less than they should in Python 3.11.2.)"""
_TEXTS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.S)
"""Also one without an end: it is all the rest, so that a text of quotes is not looked through once for each."""
_BRACKETS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_OTHERS = bytes(byte for byte in range(256) if byte not in _BRACKETS)
_TITLE = re.compile(r"<title[^>]{0,200}>(?P<title>[^<]{0,200})", re.I)
_CHARSET = re.compile(r"charset=\"?(?P<name>[\w.:-]{1,40})", re.I)


T = TypeVar("T")


def as_type(value: object, kind: type[T]) -> T:
    """A decoded value as a type of msgspec's, for example a Struct. What is new in it is left out; raises NoJson with
    the place for what is of another kind."""
    import msgspec

    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise NoJson(f"of another shape: {error}") from None


class NoJson(Exception):
    """An answer is not the JSON that it has to be; the text says what it is."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The status, the headers (lower case) and the whole body, unpacked, of what a request to `url` was answered.
    `method`, `target` (path and query string) and `sent` (JSON) are the request."""

    status_code: int
    content: bytes
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    target: str = ""
    sent: Any = None

    def kept(self) -> Exchange:
        """Request and answer as a probe keeps them."""
        return exchange(self.method, self.target, self.sent, self.status_code, self.text)

    @property
    def text(self) -> str:
        """The body as text for a person: what is no such text is replaced."""
        return self._decoded(self.content)

    @property
    def start(self) -> str:
        """The beginning of `text`, much longer than anything that is shown of it."""
        return self._decoded(self.content[:_START])

    def _decoded(self, content: bytes) -> str:
        named = _CHARSET.search(self.headers.get("content-type", ""))
        try:
            return content.decode(named["name"] if named else "utf-8", "replace")
        except LookupError:
            return content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises NoJson as `decoded`, with the start of the body, or a page of HTML in words."""
        if self.content.lstrip()[:1] == b"<":
            raise NoJson(self.page)
        try:
            return decode_json(self.content)
        except NoJson as error:
            text = " ".join(beginning(self.start).split())[:80]
            raise NoJson(f"{text!r} ({error})" if text else "nothing") from None

    @property
    def page(self) -> str:
        """A page of HTML in words."""
        title = _TITLE.search(beginning(self.start))
        said = " ".join(title["title"].split()) if title else ""
        return f"a page of HTML ({said})" if said else "a page of HTML"


def decode_json(content: bytes) -> Any:
    """A JSON text. Raises NoJson for anything else: NaN, numbers too large for a float, half a character, what is
    nested deeper than DEEPEST, and more than MOST values, which would not fit into memory."""
    import msgspec

    levels, values = measure_json(content)
    if levels > DEEPEST:
        raise NoJson(f"JSON nested deeper than {DEEPEST}")
    if values > MOST:
        raise NoJson(f"JSON of more than {MOST:,} values")
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        raise NoJson(str(error)) from None
    except RecursionError:
        raise NoJson("JSON nested too deep") from None


def measure_json(content: bytes) -> tuple[int, int]:
    """How deep the lists and objects of a JSON text are nested, and at most how many values it has (lists, objects and
    what is in them); found without recursion, a part of the text after the other, until one of both is too much."""
    at = level = deepest = values = 0
    size = PART
    while at < len(content) and deepest <= DEEPEST and values <= MOST:
        part = next(_WHOLE_TEXTS.finditer(content, at, at + size))
        if not part.group() and at + size < len(content):
            # A text that is longer.
            size *= 2
            continue
        plain = _TEXTS.sub(b"", part.group())
        values += sum(map(plain.count, (b"[", b"{", b",", b":")))
        brackets = plain.translate(None, _OTHERS)
        deepest = max(deepest, max(accumulate(map(_BRACKETS.__getitem__, brackets), initial=level)))
        level += 2 * sum(map(brackets.count, (b"[", b"{"))) - len(brackets)
        if not part.group():
            break
        at, size = part.end(), PART
    return deepest, values
