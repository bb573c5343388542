"""A push in protobuf: `logproto.PushRequest`, decoding only.

PushRequest  1 streams: StreamAdapter
Stream       1 labels: string, 2 entries: Entry
Entry        1 timestamp: (1 seconds, 2 nanos), 2 line: string, 3 structured metadata: (1 name, 2 value)

By hand, because these few messages need neither protobuf's runtime nor generated code.
"""

from collections.abc import Iterator

from obs_check.errors import InputError
from obs_check.model.entry import Entry, LogStream
from obs_check.standin.loki.label_syntax import parse_labels

NS = 1_000_000_000


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise InputError("unexpected EOF", "")


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(field number, value): numbers for varints, bytes for the rest; fixed-width fields as bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise InputError(f"proto: illegal wireType {kind}", "")
        if at + size > len(data):
            raise InputError("unexpected EOF", "")
        yield number, data[at : at + size]
        at += size


def _text(value: int | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _bytes(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else b""


def _signed(value: int | bytes) -> int:
    if isinstance(value, bytes):
        return 0
    return value - (1 << 64) if value >= 1 << 63 else value


def _entry(data: bytes) -> Entry:
    ts, line, metadata = 0, "", {}
    for number, value in _fields(data):
        if number == 1:
            for part, amount in _fields(_bytes(value)):
                ts += _signed(amount) * (NS if part == 1 else 1)
        elif number == 2:
            line = _text(value)
        elif number == 3:
            pair = {part: _text(text) for part, text in _fields(_bytes(value))}
            metadata[pair.get(1, "")] = pair.get(2, "")
    return Entry(ts, line, metadata)


def decode_push(data: bytes) -> list[LogStream]:
    """The streams of a push. InputError with Loki's text when bytes or labels do not parse."""
    streams = []
    for number, value in _fields(data):
        if number != 1:
            continue
        labels, entries = "{}", []
        for part, content in _fields(_bytes(value)):
            if part == 1:
                labels = _text(content)
            elif part == 2:
                entries.append(_entry(_bytes(content)))
        streams.append(LogStream(parse_labels(labels), entries))
    return streams
