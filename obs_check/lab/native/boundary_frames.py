"""What a real boundary v0.9.0 writes to the audit socket, as the lab's agent takes it."""

from collections.abc import Iterator
from typing import Any

from obs_check.model.window import NS

STATUS = 2
"""The field of the envelope that holds drop counters; the other one holds decisions."""


def decode(body: bytes) -> dict[str, Any]:
    """A frame's protobuf (`BoundaryMessage`): the decisions of a batch, or what was dropped."""
    (number, inner) = next(_fields(body))
    if number == STATUS:
        counted = dict(_fields(inner))
        return {"status": {"dropped_channel_full": counted.get(1, 0), "dropped_batch_full": counted.get(2, 0)}}
    return {"logs": [_log(dict(_fields(log))) for _, log in _fields(inner)]}


def _log(fields: dict[int, Any]) -> dict[str, object]:
    """`BoundaryLog`: 1 allowed, 2 time, 3 the request (1 method, 2 URL, 3 rule); what is zero or empty is left out."""
    time, request = dict(_fields(fields[2])), dict(_fields(fields[3]))
    method, url, rule = (request.get(number, b"").decode() for number in (1, 2, 3))
    at = time.get(1, 0) * NS + time.get(2, 0)
    return {"allowed": bool(fields.get(1)), "time_ns": at, "method": method, "url": url, "matched_rule": rule}


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Numbers and values of a message of varints and lengths with bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        value, at = _varint(data, at)
        if key & 7:
            yield key >> 3, data[at : at + value]
            at += value
        else:
            yield key >> 3, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while data[at] & 128:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
    return value | data[at] << shift, at + 1
