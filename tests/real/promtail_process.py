"""A real promtail on loopback, for the tests that compare with it."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import yaml

READY_S = 30


class RealPromtail:
    """The `promtail` on PATH with a configuration (its `server` and `positions` are added) in `directory`; its log is
    `promtail.log` there. Static targets are found 5 s after the start: that is how often it looks at its discovery."""

    def __init__(self, directory: Path, config: dict[str, Any]) -> None:
        self._directory = directory
        self._config = config
        self.positions = directory / "positions.yaml"
        self.log = directory / "promtail.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        server = {"http_listen_address": "127.0.0.1", "http_listen_port": self._port, "grpc_listen_port": 0}
        whole = {
            "server": server,
            "positions": {"filename": str(self.positions), "sync_period": "200ms"},
            "target_config": {"sync_period": "500ms"},
            **self._config,
        }
        path = self._directory / "promtail.yaml"
        path.write_text(yaml.safe_dump(whole))
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                ["promtail", f"-config.file={path}"], stdout=log, stderr=log, cwd=self._directory, env=dict(os.environ)
            )
        self.until(lambda: self._answers(), "promtail does not answer")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(timeout=READY_S)

    def until(self, condition: Callable[[], bool], message: str) -> None:
        """Wait for a condition; RuntimeError with the log's end when promtail ended or the time is up."""
        deadline = time.monotonic() + READY_S
        pause = threading.Event()
        while not condition():
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{message}:\n{self.log.read_text()[-2000:]}")
            pause.wait(0.1)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/metrics", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False
