"""The number that Loki knows a stream by. Of lines of one time that of the stream with the smaller number comes first,
whatever the direction (Loki 3.5), so that it decides which of them a limit leaves.

xxHash64 is written by hand, because one number of a few short labels is not worth a C extension.
"""

from collections.abc import Iterable, Mapping
from struct import iter_unpack, unpack_from

from obs_check.model.entry import LogStream

_MASK = (1 << 64) - 1
_P1, _P2, _P3, _P4, _P5 = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
_STRIPE = 32


def in_order(streams: Iterable[LogStream]) -> list[LogStream]:
    """The streams by their number."""
    found = list(streams)
    return sorted(found, key=lambda stream: stream_hash(stream.labels)) if len(found) > 1 else found


def stream_hash(labels: Mapping[str, str]) -> int:
    """xxHash64 of the names and values by name, each with a byte 255 behind it."""
    return xxhash64(
        b"".join(
            part.encode("utf-8", "surrogatepass") + b"\xff"
            for name in sorted(labels)
            if name != "__name__"
            for part in (name, labels[name])
        )
    )


def _rotated(value: int, by: int) -> int:
    return ((value << by) | (value >> (64 - by))) & _MASK


def _round(lane: int, value: int) -> int:
    return _rotated((lane + value * _P2) & _MASK, 31) * _P1 & _MASK


def xxhash64(data: bytes) -> int:
    """The 64-bit xxHash with seed 0."""
    striped = len(data) - len(data) % _STRIPE
    if striped:
        lanes = [(_P1 + _P2) & _MASK, _P2, 0, -_P1 & _MASK]
        for stripe in iter_unpack("<4Q", data[:striped]):
            lanes = [_round(lane, value) for lane, value in zip(lanes, stripe, strict=True)]
        total = sum(_rotated(lane, by) for lane, by in zip(lanes, (1, 7, 12, 18), strict=True)) & _MASK
        for lane in lanes:
            total = ((total ^ _round(0, lane)) * _P1 + _P4) & _MASK
    else:
        total = _P5
    total = (total + len(data)) & _MASK
    at = striped
    while at + 8 <= len(data):
        total = (_rotated(total ^ _round(0, unpack_from("<Q", data, at)[0]), 27) * _P1 + _P4) & _MASK
        at += 8
    if at + 4 <= len(data):
        total = (_rotated(total ^ (unpack_from("<I", data, at)[0] * _P1 & _MASK), 23) * _P2 + _P3) & _MASK
        at += 4
    for byte in data[at:]:
        total = _rotated(total ^ (byte * _P5 & _MASK), 11) * _P1 & _MASK
    total = (total ^ (total >> 33)) * _P2 & _MASK
    total = (total ^ (total >> 29)) * _P3 & _MASK
    return total ^ (total >> 32)
