"""A real Prometheus on loopback, for the tests that compare with it."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from obs_check.lab.native.prometheus import NativePrometheus

NEVER = "1h"


class RealPrometheus(NativePrometheus):
    """The `prometheus` on PATH; `samples` are (labels, ((ms, value), ...)) that are there from the start, written by
    `promtool`."""

    def __init__(
        self,
        directory: Path,
        targets: Sequence[tuple[str, str]] = (),
        interval: str = NEVER,
        samples: Sequence[tuple[Mapping[str, str], Sequence[tuple[int, float]]]] = (),
    ) -> None:
        super().__init__(directory, [(job, f"http://{at}") for job, at in targets], interval)
        self._samples = samples

    def arguments(self) -> list[str]:
        """With the blocks of the samples."""
        if self._samples:
            text, data = self._directory / "samples.txt", self._directory / "data"
            text.write_text(_open_metrics(self._samples))
            subprocess.run(
                ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(data)],
                check=True,
                capture_output=True,
            )
        return super().arguments()


def _open_metrics(samples: Sequence[tuple[Mapping[str, str], Sequence[tuple[int, float]]]]) -> str:
    """The samples as `promtool` reads them: a metric's series beside each other, times in s."""
    lines = []
    for labels, points in sorted(samples, key=lambda one: one[0]["__name__"]):
        inside = ",".join(f'{name}="{value}"' for name, value in labels.items() if name != "__name__")
        lines += [f"{labels['__name__']}{{{inside}}} {value} {ms / 1000:.3f}" for ms, value in points]
    return "\n".join([*lines, "# EOF\n"])
