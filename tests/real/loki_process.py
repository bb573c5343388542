"""A real Loki on loopback, for the tests and the bench that compare with it."""

from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.real.process import RealProcess, free_ports

BATCH = 5_000
"""Lines a push: below the 4 MiB that Loki's gRPC takes by default."""


class RealLoki(RealProcess):
    """The `loki` on PATH with its data below `directory`.

    One tenant, rings in memory, chunks on the file system, no limit on age or rate, no cache of results.
    """

    program = "loki"
    ready_path = "/ready"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.http = httpx.Client(base_url=self.url, timeout=120, trust_env=False)

    def arguments(self) -> list[str]:
        """With a configuration of its own."""
        config = self._directory / "loki.yaml"
        config.write_text(yaml.safe_dump(self._config()))
        return [f"-config.file={config}"]

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

        def answers() -> bool:
            answer = self.http.get("/loki/api/v1/query", params={"query": query, "time": str(at_ns)})
            answer.raise_for_status()
            return bool(answer.json()["data"]["result"])

        self.until(answers, "loki has no lines after /flush")

    def _stop(self) -> None:
        self.http.close()
        super()._stop()

    def _config(self) -> dict[str, Any]:
        data = self._directory / "data"
        return {
            "auth_enabled": False,
            "server": {
                "http_listen_address": "127.0.0.1",
                "http_listen_port": self._port,
                "grpc_listen_address": "127.0.0.1",
                "grpc_listen_port": free_ports(1)[0],
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
