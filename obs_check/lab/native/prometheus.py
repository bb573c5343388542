"""A Prometheus from PATH that scrapes what the lab's own scrapes."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from obs_check.lab.native.program import NativeProgram


class NativePrometheus(NativeProgram):
    """Its blocks are below `directory`. `targets` are (job, URL of the metrics), scraped every `interval`."""

    program = "prometheus"
    ready_path = "/-/ready"

    def __init__(self, directory: Path, targets: Sequence[tuple[str, str]] = (), interval: str = "1h") -> None:
        super().__init__(directory)
        self._targets = targets
        self._interval = interval

    def arguments(self) -> list[str]:
        """With a configuration of its own."""
        config = self._directory / "prometheus.yaml"
        config.write_text(yaml.safe_dump(self._config()), "utf-8")
        return [
            f"--config.file={config}",
            f"--storage.tsdb.path={self._directory / 'data'}",
            "--storage.tsdb.retention.time=10y",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--log.level=warn",
        ]

    def scraped(self) -> bool:
        """Whether it has scraped something, however that went: some 5 s after it is ready (Prometheus 2.42)."""
        text = self.answers("/api/v1/query?query=up")
        return text is not None and '"result":[]' not in text

    def _config(self) -> dict[str, object]:
        jobs = []
        for job, url in self._targets:
            where = urlsplit(url)
            jobs.append(
                {
                    "job_name": job,
                    "metrics_path": where.path or "/metrics",
                    "static_configs": [{"targets": [where.netloc]}],
                }
            )
        return {"global": {"scrape_interval": self._interval, "scrape_timeout": self._interval}, "scrape_configs": jobs}
