"""A real Alloy on loopback, for the tests that compare with it."""

import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

READY_S = 30


class RealAlloy:
    """The `alloy` on PATH with a configuration in `directory`, where its data and its log `alloy.log` go too."""

    def __init__(self, directory: Path, config: str) -> None:
        self._directory = directory
        self._config = config
        self.log = directory / "alloy.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._address = f"127.0.0.1:{free.getsockname()[1]}"
        self.url = f"http://{self._address}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        path = self._directory / "config.alloy"
        path.write_text(self._config)
        options = [
            f"--server.http.listen-addr={self._address}",
            f"--storage.path={self._directory}/data",
            "--disable-reporting",
        ]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                ["alloy", "run", *options, str(path)], stdout=log, stderr=log, cwd=self._directory
            )
        try:
            self.until(self._ready, "alloy is not ready")
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def until(self, condition: Callable[[], bool], message: str) -> None:
        """Wait for a condition; RuntimeError with the log's end when alloy ended or the time is up."""
        deadline = time.monotonic() + READY_S
        pause = threading.Event()
        while not condition():
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{message}:\n{self.log.read_text()[-2000:]}")
            pause.wait(0.1)

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def _stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(timeout=READY_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
