"""A real program on loopback, started and stopped by the tests that compare with it."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

READY_S = 60
STOP_S = 30


class RealProcess:
    """A program on PATH with its files in `directory`, its log there as `<program>.log`; a context manager that ends
    with the program's own shutdown. `ready_path` answers 200 when it is ready."""

    program: str
    ready_path: str
    stdin: int | None = None

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self._port}"
        self.log = directory / f"{self.program}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def arguments(self) -> list[str]:
        """The command line behind the program's name; writes the configuration that it names."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Its environment variables."""
        return dict(os.environ)

    def cpu_s(self) -> float:
        """CPU seconds of all its threads so far (Linux: /proc/PID/stat)."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        command = [self.program, *self.arguments()]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=self.stdin, stdout=log, stderr=log, cwd=self._directory, env=self.environment()
            )
        try:
            self.until(self._ready, f"{self.program} is not ready")
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def until(self, condition: Callable[[], bool], message: str) -> None:
        """Wait for a condition; RuntimeError with the log's end when the program ended or the time is up."""
        deadline = time.monotonic() + READY_S
        pause = threading.Event()
        while not condition():
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{message}:\n{self.log.read_text(errors='replace')[-2000:]}")
            pause.wait(0.1)

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}{self.ready_path}", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def _stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens at."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
