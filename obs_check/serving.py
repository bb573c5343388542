"""Runs an ASGI application on a port of its own, in a thread that stops quickly."""

import asyncio
import logging
import socket
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

from obs_check.errors import Unavailable, UsageError

if TYPE_CHECKING:
    import uvicorn

STOP_S = 10.0
"""Seconds that a thread may take to end. None is waited for longer: what it waits for itself may never come."""
_IDLE_S = 120
"""How long a connection may idle, as in Loki 3.5. uvicorn's 5 s are httpx's too, and a client that is about to use a
connection again would now and then find it closed."""
_LEFT = "ASGI callable returned without completing handshake."
"""What uvicorn takes for an error, of a client that leaves while its websocket is being accepted."""


def _worth_telling(record: logging.LogRecord) -> bool:
    return record.msg != _LEFT


class Startable(ABC):
    """What runs from `start` to `stop`, as a context too."""

    @abstractmethod
    def start(self) -> Self:
        """Begin."""

    @abstractmethod
    def stop(self) -> None:
        """End. Stopping twice is not an error."""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class Server(Startable):
    """An ASGI application served by uvicorn in a thread. `port` 0 takes a free one."""

    def __init__(self, app: Any, host: str = "127.0.0.1", port: int = 0, name: str = "server") -> None:
        self._app = app
        self._host = host
        self._wanted = port
        self._name = name
        self._port: int | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

    def start(self) -> Self:
        """Listen and serve; returns when requests are answered. Unavailable when the port is taken."""
        import uvicorn

        started = threading.Event()

        class Announcing(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                started.set()

        listener = self._listen()
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_keep_alive=_IDLE_S,
            timeout_graceful_shutdown=1,
        )
        logging.getLogger("uvicorn.error").addFilter(_worth_telling)
        server = Announcing(config)

        def serve() -> None:
            try:
                with listener:
                    asyncio.run(server.serve(sockets=[listener]))
            finally:
                started.set()
                self._ended.set()

        self._ended.clear()
        self._server = server
        self._port = listener.getsockname()[1]
        self._thread = threading.Thread(target=serve, name=self._name, daemon=True)
        self._thread.start()
        started.wait()
        return self

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # asyncio sends small answers at once (TCP_NODELAY) only where the protocol is named; else they take 40 ms.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._wanted))
            listener.listen(128)
        except OSError as error:
            listener.close()
            raise Unavailable(
                f"{self._name}: cannot listen on {self._host}:{self._wanted}: {error.strerror or error}",
                "choose port 0 for a free one",
            ) from error
        return listener

    def stop(self) -> None:
        """Stop listening, end open connections and wait for the thread, which has a second for answers that are under
        way. Stopping twice is not an error."""
        server, thread = self._server, self._thread
        self._server = self._thread = self._port = None
        if server is None or thread is None:
            return
        server.should_exit = True
        thread.join(STOP_S)

    @property
    def port(self) -> int:
        """The port that is listened on; Unavailable before `start` and after `stop`."""
        if self._port is None:
            raise Unavailable(f"{self._name} is not running", "start it first")
        return self._port

    @property
    def url(self) -> str:
        """`http://host:port`, without a slash at the end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}"

    def wait(self) -> None:
        """Block until the server ends, which happens when another thread stops it."""
        if self._thread is not None:
            # Not by a join: one that a signal interrupts takes the thread for ended, and `stop` would not wait for it.
            self._ended.wait()


def parse_listen(listen: str) -> tuple[str, int]:
    """(host, port) of `HOST:PORT`, `:PORT` or `[::1]:PORT`; UsageError when it is neither."""
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"{listen!r} is not HOST:PORT", "for example 127.0.0.1:3100")
    return host.strip("[]") or "127.0.0.1", int(port)
