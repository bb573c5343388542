"""Snappy's block format, decoding only: what shippers compress a push with."""

from obs_check.errors import InputError

CORRUPT = "snappy: corrupt input"


def _varint(data: bytes) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(data[:5]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, index + 1
    raise InputError(CORRUPT)


def _copy(out: bytearray, offset: int, length: int) -> None:
    if not 0 < offset <= len(out):
        raise InputError(CORRUPT)
    start = len(out) - offset
    if offset >= length:
        out += out[start : start + length]
        return
    # The copy overlaps what it writes: it repeats the last `offset` bytes.
    pattern = bytes(out[start:])
    out += (pattern * (length // offset + 1))[:length]


def decode(data: bytes, limit: int = 100 * 1024 * 1024) -> bytes:
    """The uncompressed bytes. InputError ("snappy: corrupt input") when the data is not a block or is larger than
    `limit` bytes uncompressed."""
    size, at = _varint(data)
    if size > limit:
        raise InputError(CORRUPT)
    out = bytearray()
    end = len(data)
    while at < end:
        tag = data[at]
        at += 1
        kind, upper = tag & 3, tag >> 2
        if kind == 0:
            length = upper + 1
            if upper >= 60:
                width = upper - 59
                length = int.from_bytes(data[at : at + width], "little") + 1
                at += width
            if at + length > end:
                raise InputError(CORRUPT)
            out += data[at : at + length]
            at += length
            continue
        width = (0, 1, 2, 4)[kind]
        if at + width > end:
            raise InputError(CORRUPT)
        offset = int.from_bytes(data[at : at + width], "little")
        at += width
        if kind == 1:
            _copy(out, (tag >> 5) << 8 | offset, (upper & 7) + 4)
        else:
            _copy(out, offset, upper + 1)
        if len(out) > size:
            raise InputError(CORRUPT)
    if len(out) != size:
        raise InputError(CORRUPT)
    return bytes(out)
