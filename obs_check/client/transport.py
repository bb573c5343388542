"""How the bytes of an answer come: within limits of time and size, which are checked while they arrive.

A time-out of httpx is one of a single read, so a server that sends a byte now and then would never meet it. Here the
reads of one answer share their time: that until its headers are there, then that until its end.
"""

import threading
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

if TYPE_CHECKING:
    import ssl

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TransferLimits:
    """What one answer may take. `connect_s` until there is a connection, `headers_s` from then until the headers are
    there (longer than Grafana's 30 s for a datasource, so that its own answer is seen), `answer_s` until its end, and
    `bytes`, as sent and as unpacked."""

    connect_s: float = 10.0
    headers_s: float = 60.0
    answer_s: float = 180.0
    bytes: int = 64 * MIB


class TooLarge(Exception):
    """An answer is larger than its limit."""


class BadlyPacked(Exception):
    """An answer is not packed as its headers say, or in a way that was not asked for."""


class Timed:
    """The time that the requests of this thread have left."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._local = threading.local()

    def allow(self, seconds: float) -> None:
        """From now on, so many seconds."""
        self._local.ends = self._clock() + seconds

    def left_s(self, wanted_s: float | None) -> float:
        """At most `wanted_s` and what is left; 0 when there is none."""
        left = max(0.0, getattr(self._local, "ends", float("inf")) - self._clock())
        return left if wanted_s is None else min(left, wanted_s)


class _Stream(httpcore.NetworkStream):
    """A connection whose reads and writes take no longer than what is left."""

    def __init__(self, inner: httpcore.NetworkStream, timed: Timed) -> None:
        self._inner = inner
        self._timed = timed

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._timed.left_s(timeout)
        if left <= 0:
            raise httpcore.ReadTimeout("the answer takes too long")
        return self._inner.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = self._timed.left_s(timeout)
        if left <= 0:
            raise httpcore.WriteTimeout("the request takes too long")
        self._inner.write(buffer, left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: "ssl.SSLContext", server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._timed)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Connections that are timed."""

    def __init__(self, timed: Timed) -> None:
        self._inner = httpcore.SyncBackend()
        self._timed = timed

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream, self._timed)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


def timed_transport(timed: Timed, context: "ssl.SSLContext | None") -> httpx.BaseTransport:
    """The network, timed; no proxy of the environment. `context` is for https; without it there is only http, and the
    certificates of the machine are not read."""
    transport = httpx.HTTPTransport(verify=context or False, trust_env=False)
    transport._pool = httpcore.ConnectionPool(  # httpx has no argument for it
        ssl_context=context,
        max_connections=20,
        max_keepalive_connections=20,
        keepalive_expiry=5.0,
        network_backend=_Backend(timed),
    )
    return transport


def read_body(response: httpx.Response, most: int) -> bytes:
    """The unpacked body of a streamed response. Raises TooLarge, BadlyPacked and what httpx raises."""
    if response.is_stream_consumed:
        # It came as a whole, from an application in this process.
        if len(response.content) > most:
            raise TooLarge
        return response.content
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in _PACKINGS:
        raise BadlyPacked(f"packed with {packing!r}")
    unpack = _Unpacked(_PACKINGS[packing], most) if _PACKINGS[packing] else None
    body = bytearray()
    arrived = 0
    for chunk in response.iter_raw():
        arrived += len(chunk)
        if arrived > most:
            raise TooLarge
        body += unpack.more(chunk) if unpack else chunk
    if unpack is not None and arrived:
        unpack.end()
    return bytes(body)


_PACKINGS = {"identity": 0, "": 0, "gzip": 31, "x-gzip": 31, "deflate": 15}
"""The `wbits` of zlib; others are not asked for."""
ACCEPTED = "gzip, deflate"
"""For the header Accept-Encoding."""


class _Unpacked:
    """A body as it is unpacked; one that grows beyond `most` bytes raises TooLarge before it is in memory."""

    def __init__(self, wbits: int, most: int) -> None:
        self._wbits = wbits
        self._left = most
        self._stream = zlib.decompressobj(wbits)

    def more(self, chunk: bytes) -> bytes:
        """What one more chunk unpacks to."""
        found = bytearray()
        while chunk:
            if self._stream.eof:
                # gzip may have one part behind the other.
                self._stream = zlib.decompressobj(self._wbits)
            try:
                part = self._stream.decompress(chunk, self._left + 1)
            except zlib.error as error:
                raise BadlyPacked(str(error)) from None
            self._left -= len(part)
            if self._left < 0:
                raise TooLarge
            found += part
            chunk = self._stream.unconsumed_tail or self._stream.unused_data
        return bytes(found)

    def end(self) -> None:
        """Raise BadlyPacked where the end is missing."""
        if not self._stream.eof:
            raise BadlyPacked("its end is missing")
