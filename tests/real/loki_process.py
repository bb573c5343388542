"""A real Loki on loopback, for the tests and the bench that compare with it."""

from pathlib import Path
from typing import Any

import httpx

from obs_check.lab.native.loki import NativeLoki
from obs_check.standin.loki.limits import Limits
from tests.real.process import RealProcess

BATCH = 5_000
"""Lines a push: below the 4 MiB that Loki's gRPC takes by default."""


class RealLoki(NativeLoki, RealProcess):
    """The `loki` on PATH with its data below `directory`, one tenant, no limit on age or rate."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, Limits(tenancy="off", reject_old_samples_max_age=0))
        self.http = httpx.Client(base_url=self.url, timeout=120, trust_env=False)

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

    def close(self) -> None:
        """Hang up first."""
        self.http.close()
        super().close()

    def config(self) -> dict[str, Any]:
        """With rates that no test reaches."""
        document = super().config()
        rates = {"per_stream_rate_limit": "1GB", "per_stream_rate_limit_burst": "1GB"}
        limits = {**document["limits_config"], "ingestion_rate_mb": 1024, "ingestion_burst_size_mb": 1024, **rates}
        return {**document, "limits_config": {**limits, "creation_grace_period": "87600h"}}
