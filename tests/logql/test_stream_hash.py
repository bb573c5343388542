"""xxHash64 against the values its authors publish, and the order that streams are in."""

import pytest

from obs_check.logql.engine.stream_hash import in_order, stream_hash, xxhash64
from obs_check.model.entry import LogStream


@pytest.mark.parametrize(
    ("data", "want"),
    [
        (b"", 0xEF46DB3751D8E999),
        (b"a", 0xD24EC4F1A98C6E5B),
        (b"abc", 0x44BC2CF5AD770999),
        (b"Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1),
    ],
)
def test_xxhash64(data: bytes, want: int) -> None:
    assert xxhash64(data) == want


def test_streams_are_in_the_order_that_loki_has_them_in() -> None:
    streams = [LogStream({"app": "eq", "s": name}, []) for name in "abc"]
    assert [stream.labels["s"] for stream in in_order(streams)] == ["b", "c", "a"]
    assert stream_hash({"b": "2", "a": "1", "__name__": "logs"}) == stream_hash({"a": "1", "b": "2"})
