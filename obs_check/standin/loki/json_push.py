"""A push in JSON, and Loki's words for one that does not parse."""

import json
import re
from json import JSONDecodeError

from obs_check.errors import InputError
from obs_check.model.entry import NO_METADATA, Entry, LogStream
from obs_check.standin.loki.label_syntax import check_labels

_PLACE = "loghttp.PushRequest.Streams: []loghttp.LogProtoStream"
_STREAM = f"{_PLACE}: unmarshalerDecoder"
_VALUE = "Value looks like Number/Boolean/None, but can't find its end: ',' or '}' symbol"
_STRING = "Value is string, but can't find closing '\"' symbol"
_OBJECT = "Value looks like object, but can't find closing '}' symbol"
_ARRAY = "Value is array, but can't find closing ']' symbol"
_MALFORMED = "Malformed JSON error"
_END = "unexpected end of input"
_ESCAPE = "Encountered an invalid escape sequence in a string"
_HALF = re.compile("[\ud800-\udfff]")
_WHOLE = re.compile(r"-?\d{1,100}")
_MOST_NS = 1 << 63
_NO_TIME = -62_135_596_800 * 1_000_000_000
"""Go's zero time in ns: what an entry without a time has."""


class _Number(str):
    """A number of the document as it was written: Loki takes one for the value of a label."""


_DECODER = json.JSONDecoder(strict=False, parse_int=_Number, parse_float=_Number)


class _BadStream(Exception):
    """A stream that is JSON but not what a push holds; the text says what Loki takes it for."""


def _at(operation: str, message: str, text: str, head: int) -> InputError:
    """Loki's JSON reader names the place by what stands around its read position `head`."""
    start = max(0, head - 10)
    near = text[start : head + 10]
    around = text[max(0, head - 50) : head + 50]
    return InputError(
        f"{operation}: {message}, error found in #{head - start} byte of ...|{near}|..., "
        f"bigger context ...|{around}|...",
        "",
    )


def _entry(value: object) -> Entry:
    """`[time, line, metadata]`. Loki 3.5: a part of a wrong type is not counted, the next one is taken for it; parts
    may be missing at the end, and what follows the metadata is not looked at."""
    if not isinstance(value, list):
        raise _BadStream(_no_array(value))
    ts, line, metadata = _NO_TIME, "", NO_METADATA
    place, fault = 0, ""
    for item in value:
        if place < 2 and type(item) is not str:
            fault = _STRING
        elif place == 0:
            if _WHOLE.fullmatch(item) and -_MOST_NS <= int(item) < _MOST_NS:
                ts, place = int(item), 1
            else:
                fault = _VALUE
        elif place == 1:
            line, place = _whole(item), 2
        elif place == 2:
            if not isinstance(item, dict):
                fault = _OBJECT
            elif not all(type(text) is str for text in item.values()):
                fault = _STRING
            else:
                metadata, place = {_name(n): _as_written(text) for n, text in item.items()} or NO_METADATA, 3
    if fault:
        raise _BadStream(fault)
    return Entry(ts, line, metadata)


def _no_array(value: object) -> str:
    return _MALFORMED if isinstance(value, _Number) else _ARRAY


def _label(value: object) -> str:
    return _whole(str(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _whole(text: str, fault: str = _VALUE) -> str:
    """Loki 3.5 refuses half of a UTF-16 pair, in the words of `fault`."""
    if not text.isascii() and _HALF.search(text):
        raise _BadStream(fault)
    return text


def _name(text: str) -> str:
    return _whole(text, _ESCAPE)


def _as_written(text: str) -> str:
    """Loki 3.5 leaves the escapes of structured metadata as they stand (here: as JSON is usually written)."""
    escaped = json.dumps(text, ensure_ascii=False)[1:-1]
    return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", escaped)


def _stream(value: object) -> LogStream:
    if not isinstance(value, dict):
        raise _BadStream(_OBJECT)
    labels = value.get("stream", {})
    if not isinstance(labels, dict):
        raise _BadStream(_OBJECT)
    entries = value.get("values")
    if entries is not None and not isinstance(entries, list):
        raise _BadStream(_no_array(entries))
    named = check_labels({_name(name): _label(text) for name, text in labels.items()})
    return LogStream(named, [_entry(e) for e in entries or () if e is not None])


def _behind_key(text: str) -> int:
    """Offset of the value of "streams"."""
    at = text.find(":", text.find('"streams"')) + 1
    return at + len(text[at:]) - len(text[at:].lstrip(" \t\r\n"))


def _end_of_stream(text: str, index: int) -> int:
    """Offset after the stream of that index, found again only when it has to be named in an error."""
    at = _behind_key(text) + 1
    decoder = json.JSONDecoder()
    for _ in range(index + 1):
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        _, at = decoder.raw_decode(text, at)
    return at


def _not_json(text: str, error: JSONDecodeError) -> InputError:
    if not text.strip():
        return InputError("EOF", "")
    head = min(error.pos + 1, len(text))
    if error.msg.startswith("Unterminated string"):
        return _at(f"{_PLACE}: readStringSlowPath", _END, text, len(text))
    found = text[error.pos : error.pos + 1] or "\0"
    if error.pos == 0:
        return _at("readObjectStart", f"expect {{ or n, but found {found}", text, head)
    if error.msg.startswith("Expecting property name"):
        return _at("loghttp.PushRequest.readFieldHash", f'expect ", but found {found}', text, head)
    return _at("loghttp.PushRequest", f"expect a JSON value, but found {found}", text, head)


def decode_push(body: bytes) -> list[LogStream]:
    """The streams of a push. InputError with the text that Loki answers (it is sent as it stands)."""
    text = body.decode("utf-8", "replace")
    try:
        # Loki 3.5 does not look at what stands behind the document.
        document, _ = _DECODER.raw_decode(text, len(text) - len(text.lstrip(" \t\r\n")))
    except JSONDecodeError as error:
        raise _not_json(text, error) from None
    if document is None:
        return []
    if not isinstance(document, dict):
        raise _at("readObjectStart", f"expect {{ or n, but found {text.lstrip()[:1]}", text, 1)
    streams = document.get("streams")
    if streams is not None and not isinstance(streams, list):
        at = _behind_key(text)
        raise _at(_PLACE, f"decode slice: expect [ or n, but found {text[at : at + 1]}", text, at + 1)
    decoded = []
    for index, value in enumerate(streams or ()):
        try:
            decoded.append(_stream(value))
        except _BadStream as bad:
            raise _at(_STREAM, str(bad), text, _end_of_stream(text, index)) from None
    return decoded
