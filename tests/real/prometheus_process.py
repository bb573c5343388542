"""A real Prometheus on loopback, for the tests that compare with it."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.real.process import RealProcess

NEVER = "1h"


class RealPrometheus(RealProcess):
    """The `prometheus` on PATH with its blocks below `directory`. `targets` are (job, host:port) that it scrapes every
    `interval`; `samples` are (labels, ((ms, value), ...)) that are there from the start, written by `promtool`."""

    program = "prometheus"
    ready_path = "/-/ready"

    def __init__(
        self,
        directory: Path,
        targets: Sequence[tuple[str, str]] = (),
        interval: str = NEVER,
        samples: Sequence[tuple[Mapping[str, str], Sequence[tuple[int, float]]]] = (),
    ) -> None:
        super().__init__(directory)
        self._targets = targets
        self._interval = interval
        self._samples = samples

    def arguments(self) -> list[str]:
        """With a configuration of its own, and the blocks of the samples."""
        data = self._directory / "data"
        if self._samples:
            text = self._directory / "samples.txt"
            text.write_text(_open_metrics(self._samples))
            subprocess.run(
                ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(data)],
                check=True,
                capture_output=True,
            )
        config = self._directory / "prometheus.yaml"
        config.write_text(yaml.safe_dump(self._config()))
        return [
            f"--config.file={config}",
            f"--storage.tsdb.path={data}",
            "--storage.tsdb.retention.time=10y",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--log.level=warn",
        ]

    def _config(self) -> dict[str, Any]:
        jobs = [{"job_name": job, "static_configs": [{"targets": [at]}]} for job, at in self._targets]
        return {"global": {"scrape_interval": self._interval, "scrape_timeout": self._interval}, "scrape_configs": jobs}


def _open_metrics(samples: Sequence[tuple[Mapping[str, str], Sequence[tuple[int, float]]]]) -> str:
    """The samples as `promtool` reads them: a metric's series beside each other, times in s."""
    lines = []
    for labels, points in sorted(samples, key=lambda one: one[0]["__name__"]):
        inside = ",".join(f'{name}="{value}"' for name, value in labels.items() if name != "__name__")
        lines += [f"{labels['__name__']}{{{inside}}} {value} {ms / 1000:.3f}" for ms, value in points]
    return "\n".join([*lines, "# EOF\n"])
