"""`python -m tests.bench.start`: seconds until the lab is up and until it is gone, a real Loki beside it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.real.loki_process import RealLoki
from tests.signals import hear_signals

PROGRAM = [sys.executable, "-m", "obs_check"]
ROUNDS = 5
ROW = "{:<24} {:>7} {:>7}"


def main() -> None:
    """Print the medians of both, start and end, in seconds."""
    print(ROW.format(f"median of {ROUNDS}, in s", "up", "gone"))
    with tempfile.TemporaryDirectory(prefix="obs-check-bench-") as name:
        _row("obs-check lab up", [_lab(Path(name)) for _ in range(ROUNDS)])
        if shutil.which("loki") is not None:
            _row("loki, until it is ready", [_loki(Path(name) / f"loki-{n}") for n in range(ROUNDS)])
        else:
            print("loki is not on PATH: only the lab is timed")


def _lab(directory: Path) -> tuple[float, float]:
    """Of the whole lab, from its command line on."""
    env = {**os.environ, "TMPDIR": str(directory), "PYTHONUNBUFFERED": "1"}
    started = time.perf_counter()
    with subprocess.Popen([*PROGRAM, "lab", "up"], env=env, stdout=subprocess.PIPE, preexec_fn=hear_signals) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        up = time.perf_counter()
        process.send_signal(signal.SIGINT)
        process.wait()
    if b"lab is up" not in first or process.returncode != 0:
        raise SystemExit(f"the lab did not start: {first.decode()!r}, exit {process.returncode}")
    return up - started, time.perf_counter() - up


def _loki(directory: Path) -> tuple[float, float]:
    started = time.perf_counter()
    with RealLoki(directory):
        up = time.perf_counter()
    return up - started, time.perf_counter() - up


def _row(name: str, took: list[tuple[float, float]]) -> None:
    starts, ends = zip(*took, strict=True)
    print(ROW.format(name, f"{median(starts):.2f}", f"{median(ends):.2f}"), flush=True)


if __name__ == "__main__":
    main()
