"""Snappy's block format, decoding only: what shippers compress a push with."""

import cramjam

from obs_check.errors import InputError

CORRUPT = "snappy: corrupt input"


def decode(data: bytes, limit: int = 100 * 1024 * 1024) -> bytes:
    """The uncompressed bytes. InputError ("snappy: corrupt input") when the data is not a block or is larger than
    `limit` bytes uncompressed: a block says its size in front, so nothing larger is unpacked."""
    try:
        if cramjam.snappy.decompress_raw_len(data) > limit:
            raise InputError(CORRUPT)
        return bytes(cramjam.snappy.decompress_raw(data))
    except cramjam.DecompressionError:
        raise InputError(CORRUPT) from None
