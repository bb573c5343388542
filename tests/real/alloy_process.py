"""A real Grafana Alloy on loopback, for the tests that compare with it."""

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


class RealAlloy:
    """The `alloy` on PATH with a configuration text in `directory`, where it keeps its data; its log is `alloy.log`."""

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
        command = ["alloy", "run", "--disable-reporting", f"--storage.path={self._directory}/data"]
        command += [f"--server.http.listen-addr={self._address}", str(path)]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._directory, env=dict(os.environ))
        self.until(self._ready, "alloy is not ready")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(timeout=READY_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

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
