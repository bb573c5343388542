"""A real Loki on loopback, for the tests and the bench that compare with it."""

import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import yaml

READY_S = 60
STOP_S = 30
BATCH = 5_000
"""Lines a push: below the 4 MiB that Loki's gRPC takes by default."""


class RealLoki:
    """The `loki` on PATH with its data below `directory`; a context manager that ends with Loki's own shutdown.

    One tenant, rings in memory, chunks on the file system, no limit on age or rate, no cache of results.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._http_port, self._grpc_port = _free_ports(2)
        self.url = f"http://127.0.0.1:{self._http_port}"
        self.http = httpx.Client(base_url=self.url, timeout=120, trust_env=False)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        config = self._directory / "loki.yaml"
        config.write_text(yaml.safe_dump(self._config()))
        with (self._directory / "loki.log").open("wb") as log:
            self._process = subprocess.Popen(
                ["loki", f"-config.file={config}"], stdout=log, stderr=subprocess.STDOUT, cwd=self._directory
            )
        try:
            self._await_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def push(self, labels: dict[str, str], values: list[list[Any]]) -> None:
        """Push `[ns as text, line(, metadata)]` values, ascending by time; httpx.HTTPStatusError when refused."""
        for at in range(0, len(values), BATCH):
            body = {"streams": [{"stream": labels, "values": values[at : at + BATCH]}]}
            self.http.post("/loki/api/v1/push", json=body).raise_for_status()

    def flush(self, query: str, at_ns: int) -> None:
        """Write the ingester's lines to chunks and wait until `query`, an instant one, has an answer.

        Loki 3.5 does not ask the ingester for lines older than three hours: they appear once they are chunks.
        """
        self.http.post("/flush").raise_for_status()
        deadline = time.monotonic() + READY_S
        while True:
            answer = self.http.get("/loki/api/v1/query", params={"query": query, "time": str(at_ns)})
            answer.raise_for_status()
            if answer.json()["data"]["result"]:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"loki has no lines {READY_S} s after /flush:\n{self._tail()}")
            time.sleep(0.1)

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        while True:
            assert self._process is not None
            if self._process.poll() is not None:
                raise RuntimeError(f"loki ended with {self._process.returncode}:\n{self._tail()}")
            try:
                if self.http.get("/ready").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            if time.monotonic() > deadline:
                raise RuntimeError(f"loki is not ready after {READY_S} s:\n{self._tail()}")
            time.sleep(0.1)

    def _stop(self) -> None:
        self.http.close()
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _tail(self) -> str:
        return (self._directory / "loki.log").read_text(errors="replace")[-2000:]

    def _config(self) -> dict[str, Any]:
        data = self._directory / "data"
        return {
            "auth_enabled": False,
            "server": {
                "http_listen_address": "127.0.0.1",
                "http_listen_port": self._http_port,
                "grpc_listen_address": "127.0.0.1",
                "grpc_listen_port": self._grpc_port,
                "log_level": "warn",
            },
            "common": {
                "instance_addr": "127.0.0.1",
                "path_prefix": str(data),
                "replication_factor": 1,
                "ring": {"kvstore": {"store": "inmemory"}},
                "storage": {
                    "filesystem": {"chunks_directory": str(data / "chunks"), "rules_directory": str(data / "rules")}
                },
            },
            "schema_config": {
                "configs": [
                    {
                        "from": "2020-01-01",
                        "store": "tsdb",
                        "object_store": "filesystem",
                        "schema": "v13",
                        "index": {"prefix": "index_", "period": "24h"},
                    }
                ]
            },
            # Without these two Loki waits 15 s before it is ready and 30 s before it ends.
            "ingester": {"lifecycler": {"min_ready_duration": "0s", "final_sleep": "0s"}},
            "query_range": {"cache_results": False},
            "limits_config": {
                "reject_old_samples": False,
                "creation_grace_period": "87600h",
                "ingestion_rate_mb": 1024,
                "ingestion_burst_size_mb": 1024,
                "per_stream_rate_limit": "1GB",
                "per_stream_rate_limit_burst": "1GB",
                "discover_service_name": [],
                "discover_log_levels": False,
            },
            "analytics": {"reporting_enabled": False},
        }


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
