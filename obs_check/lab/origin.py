"""Loopback HTTP servers of the lab that stop cleanly, and the origin that allowed requests reach."""

import contextlib
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from socketserver import BaseRequestHandler, TCPServer, ThreadingMixIn
from typing import Any, Self

from obs_check.errors import Unavailable
from obs_check.serving import STOP_S, Startable

LOOPBACK = "127.0.0.1"
Handler = Callable[[Any, Any, Any], BaseRequestHandler]
"""A handler class, or a partial of one: called with connection, client address and server."""


def reserved_port() -> socket.socket:
    """A socket that holds a free loopback port until it is closed: nobody else is given the port, and a server that
    reuses addresses can listen on it."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind((LOOPBACK, 0))
    return held


class HangUpServer(ThreadingMixIn, TCPServer):
    """A server with a thread a connection, each of which serves one after the other. It remembers its open connections,
    so that a client that keeps one open cannot hold up the stop: `hang_up`, then `server_close`, which waits for the
    threads, for STOP_S at most."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: Any, handler: Handler) -> None:
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        self._serving: list[threading.Thread] = []
        self._idle = 0
        """Threads that wait for a connection which nobody has promised them yet."""
        self._accepted: queue.SimpleQueue[tuple[Any, Any] | None] = queue.SimpleQueue()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: object) -> None:
        """Note the connection, then serve it in a thread that has nothing to do, else in a new one."""
        with self._open_lock:
            self._open.add(request)
            idle = self._idle > 0
            self._idle -= idle
        self._accepted.put((request, client_address))
        if not idle:
            thread = threading.Thread(target=self._serve, daemon=True)
            self._serving.append(thread)
            thread.start()

    def _serve(self) -> None:
        while (accepted := self._accepted.get()) is not None:
            self.process_request_thread(*accepted)
            with self._open_lock:
                self._idle += 1

    def server_close(self) -> None:
        """Close the socket that listens, and wait for the threads of connections."""
        super().server_close()
        for _ in self._serving:
            self._accepted.put(None)
        until = time.monotonic() + STOP_S
        for thread in self._serving:
            thread.join(max(0.0, until - time.monotonic()))

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection and close it."""
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: object) -> None:
        """A client that goes away in the middle is not news; anything else is shown by socketserver."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @contextlib.contextmanager
    def noting(self, connection: socket.socket) -> Iterator[None]:
        """Remember another socket of an open connection: TLS takes over the one that is known."""
        with connection:
            with self._open_lock:
                self._open.add(connection)
            try:
                yield
            finally:
                with self._open_lock:
                    self._open.discard(connection)

    def hang_up(self) -> None:
        """End every connection's reads, and with them its thread; an answer that is being written still goes out."""
        with self._open_lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)


class LoopbackServer(Startable):
    """A server on 127.0.0.1 in threads of its own. `port` 0 takes a free one; usable as a context manager."""

    def __init__(self, name: str, handler: Handler, port: int = 0) -> None:
        self._name = name
        self._handler = handler
        self._port = port
        self._server: HangUpServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Listen; Unavailable when the port is taken."""
        try:
            server = HangUpServer((LOOPBACK, self._port), self._handler)
        except OSError as error:
            raise Unavailable(
                f"{self._name}: cannot listen on {LOOPBACK}:{self._port}: {error.strerror or error}",
                "choose port 0 for a free one",
            ) from error
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,), name=self._name, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening, hang up on clients and wait for every thread. Stopping twice is not an error."""
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is None or thread is None:
            return
        if thread.is_alive():
            # It waits for the thread, for ever where a signal came between making and starting it.
            server.shutdown()
        thread.join(STOP_S)
        server.hang_up()
        server.server_close()

    @property
    def running(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    @property
    def port(self) -> int:
        """The port that is listened on; Unavailable before `start` and after `stop`."""
        if self._server is None:
            raise Unavailable(f"{self._name} is not running", "start it first")
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """`http://127.0.0.1:<port>`, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.port}"


class _OriginHandler(BaseHTTPRequestHandler):
    server_version = "lab-origin"
    protocol_version = "HTTP/1.1"
    # Head and body go by themselves: on a connection that is kept the second would wait for the first to be received.
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        body = b"ok\n"
        length = self.headers.get("Content-Length", "")
        self.rfile.read(int(length) if length.isdecimal() else 0)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """The lab writes no access log."""


class Origin(LoopbackServer):
    """What an allowed request reaches: answers every method and path with 200 and the body `ok`."""

    def __init__(self, port: int = 0) -> None:
        super().__init__("lab-origin", _OriginHandler, port)
