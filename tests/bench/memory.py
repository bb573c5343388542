"""`python -m tests.bench.memory [LINES]`: the most memory that `obs-check query --file` takes on a large file."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.lines import write_boundary

MOST_KIB = 1_500_000
QUERIES = {
    "by msg, columnar": 'sum by (msg) (count_over_time({job="boundary"} | logfmt [1h]))',
    "by msg, row engine": 'sum by (msg) (count_over_time({job="boundary"} | logfmt | label_format a=b [1h]))',
}
BLOCK = 1_000_000
"""Lines that are made; a longer file holds them again and again, the last time in part."""


def main() -> None:
    """Write the file, run each query in a process of its own, print time and memory; exit 1 above 1.5 GB."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory(prefix="obs-check-bench-") as name:
        file = Path(name) / "boundary.log"
        _write(file, count)
        peaks = [_measure(title, query, file, count) for title, query in QUERIES.items()]
    if max(peaks) > MOST_KIB:
        raise SystemExit(1)


def _write(file: Path, count: int) -> None:
    block = file.with_name("block.log")
    write_boundary(block, min(count, BLOCK), time.time_ns())
    content = block.read_bytes()
    with file.open("wb") as into:
        for _ in range(count // BLOCK):
            into.write(content)
        into.write(b"".join(content.splitlines(keepends=True)[: count % BLOCK]))


def _measure(title: str, query: str, file: Path, count: int) -> int:
    """The peak in KiB."""
    program = Path(sys.executable).with_name("obs-check")
    command: list[str | Path] = [program, "query", query, "--file", file, "--label", "job=boundary"]
    started = time.perf_counter()
    process = subprocess.Popen([*command, "--instant", "-v"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - started
    if status:
        raise SystemExit(f"{title}: the query ended with {os.waitstatus_to_exitcode(status)}")
    print(f"{title}: {count:,} lines in {took:.1f} s, at most {usage.ru_maxrss / 1024:,.0f} MiB", flush=True)
    return usage.ru_maxrss


if __name__ == "__main__":
    main()
