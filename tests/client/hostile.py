"""A server on loopback that does what a broken or malicious one does, as data: bytes, pauses, what has no end."""

import contextlib
import gzip
import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple


class Pause(NamedTuple):
    """Nothing for so many seconds."""

    seconds: float


class Forever(NamedTuple):
    """These bytes again and again, with a pause between two."""

    data: bytes
    pause_s: float = 0.0


class Reset(NamedTuple):
    """The connection is reset."""


Step = bytes | Pause | Forever | Reset
Script = Sequence[Step]
JSON = b"Content-Type: application/json\r\n"


def head(*lines: bytes, status: bytes = b"200 OK") -> bytes:
    """The start of an answer."""
    return b"HTTP/1.1 " + status + b"\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def whole(body: bytes, *lines: bytes, status: bytes = b"200 OK") -> bytes:
    """An answer with the right length."""
    return head(b"Content-Length: %d" % len(body), *lines, status=status) + body


def bomb(times: int = 1) -> bytes:
    """16 MiB of zeros, packed."""
    packed = bytes(16 * 1024 * 1024)
    for _ in range(times):
        packed = gzip.compress(packed, 9)
    return packed


SILENT: dict[str, Script] = {
    "nothing": [Pause(9)],
    "one byte now and then": [head(b"Content-Length: 100000"), Forever(b"x", 0.05)],
    "headers that trickle": [b"HTTP/1.1 200 OK\r\n", Forever(b"x-a: b\r\n", 0.05)],
    "one byte of the headers now and then": [b"HTTP/1.1 200 OK\r\nx-a: ", Forever(b"b", 0.05)],
    "a status line that trickles": [Forever(b"H", 0.05)],
    "to be continued": [Forever(head(status=b"100 Continue"), 0.01)],
    "to be continued, and again at once": [Forever(head(status=b"100 Continue") * 100)],
    "a body that stops": [head(b"Content-Length: 10"), b"{", Pause(9)],
    "chunks that trickle": [head(b"Transfer-Encoding: chunked"), Forever(b"1\r\nx\r\n", 0.05)],
}
"""What does not come in time."""
BROKEN: dict[str, Script] = {
    "closed at once": [],
    "reset at once": [Reset()],
    "reset in the body": [head(b"Content-Length: 10"), b"{", Pause(0.05), Reset()],
    "another protocol": [b"SSH-2.0-OpenSSH_9.6\r\n"],
    "a header line without end": [b"HTTP/1.1 200 OK\r\nx: ", Forever(b"a" * 4096)],
    "headers without end": [b"HTTP/1.1 200 OK\r\n", Forever(b"x-a: b\r\n" * 100)],
    "a body without end": [head(), Forever(b"x" * 65536)],
    "chunks without end": [head(b"Transfer-Encoding: chunked"), Forever(b"1000\r\n" + b"x" * 4096 + b"\r\n")],
    "a gzip bomb": [whole(bomb(), b"Content-Encoding: gzip")],
    "a bomb in a bomb": [whole(bomb(2), b"Content-Encoding: gzip, gzip")],
    "a bomb said once": [whole(bomb(2), b"Content-Encoding: gzip")],
    "packed another way": [whole(b"\x8b\x02\x80{}\x03", b"Content-Encoding: br")],
    "not packed": [whole(b"{}", b"Content-Encoding: gzip")],
    "packed and cut off": [whole(gzip.compress(b'{"a": 1}')[:-6], b"Content-Encoding: gzip")],
    "broken chunks": [head(b"Transfer-Encoding: chunked"), b"zz\r\n{}\r\n0\r\n\r\n"],
    "a negative chunk": [head(b"Transfer-Encoding: chunked"), b"-1\r\n{}\r\n0\r\n\r\n"],
    "chunks without the last": [head(b"Transfer-Encoding: chunked"), b"2\r\n{}\r\n"],
    "shorter than said": [head(b"Content-Length: 10") + b"{}"],
    "a negative length": [head(b"Content-Length: -2") + b"{}"],
    "two lengths": [head(b"Content-Length: 2", b"Content-Length: 3") + b"{}"],
    "a length of letters": [head(b"Content-Length: two") + b"{}"],
    "a larger length than can be": [head(b"Content-Length: " + b"9" * 30) + b"{}"],
    "no number for a status": [head(status=b"OK")],
    "a status of another kind": [whole(b"{}", status=b"999 Whatever")],
    "a null byte in a header": [head(b"x-a: \x00") + b"{}"],
    "another protocol from here": [head(b"Upgrade: x", b"Connection: Upgrade", status=b"101 Switching Protocols")],
    "an address elsewhere": [whole(b"", b"Location: http://127.0.0.1:9/", status=b"302 Found")],
    "the same address": [whole(b"", b"Location: /", status=b"307 Temporary Redirect")],
    "a login page": [whole(b"<!DOCTYPE html><title>Sign in</title>", b"Content-Type: text/html")],
    "a port of TLS": [whole(b"Client sent an HTTP request to an HTTPS server.\n", status=b"400 Bad Request")],
    "nginx's port of TLS": [
        whole(b"<title>400 The plain HTTP request was sent to HTTPS port</title>", status=b"400 Bad Request")
    ],
    "no body": [whole(b"")],
    "no content": [head(status=b"204 No Content")],
    "JSON cut off": [whole(b'{"a": ', JSON.strip())],
    "two documents": [whole(b"{} {}", JSON.strip())],
    "not a number": [whole(b'{"a": NaN}', JSON.strip())],
    "infinity": [whole(b'{"a": -Infinity}', JSON.strip())],
    "too large a number": [whole(b'{"a": 1e400}', JSON.strip())],
    "too large a whole number": [whole(b'{"a": ' + b"9" * 5000 + b"}", JSON.strip())],
    "nested lists": [whole(b"[" * 20_000 + b"]" * 20_000, JSON.strip())],
    "nested objects": [whole(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, JSON.strip())],
    "nested deeper than anything is": [whole(b"[" * 101 + b"]" * 101, JSON.strip())],
    "half a character": [whole(b'{"a": "\\ud800"}', JSON.strip())],
    "no UTF-8": [whole(b'{"a": "\xff"}', JSON.strip())],
    "UTF-16": [whole('{"a": 1}'.encode("utf-16"), b"Content-Type: application/json; charset=utf-16")],
    "a character set that nobody knows": [whole(b'{"a": "\xff"}', b"Content-Type: application/json; charset=klingon")],
    "quotes without end": [whole(b'"' + b'\\"' * 30_000, JSON.strip())],
    "a control character in a text": [whole(b'{"a": "\x01"}', JSON.strip())],
}
"""What comes in time and is not an answer."""


@contextmanager
def serving(script: Script, asked: list[str] | None = None) -> Iterator[int]:
    """The port of a server that answers every connection by the script, then closes it; `asked` gets what it read."""
    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)

        def accept() -> None:
            while not stopped.is_set():
                with contextlib.suppress(OSError):
                    connection, _ = listening.accept()
                    threading.Thread(target=_play, args=(connection, script, stopped, asked), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            stopped.set()
            thread.join()


def _play(connection: socket.socket, script: Script, stopped: threading.Event, asked: list[str] | None) -> None:
    with connection, contextlib.suppress(OSError):
        connection.settimeout(5)
        request = connection.recv(65536)
        if asked is not None:
            asked.append(request.decode("latin-1"))
        for step in script:
            match step:
                case Pause(seconds):
                    stopped.wait(seconds)
                case Forever(data, pause_s):
                    while not stopped.is_set():
                        connection.sendall(data)
                        time.sleep(pause_s)
                case Reset():
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                case data:
                    connection.sendall(data)
