"""`python -m tests.bench.kept`: lines a second that the lab's Loki acknowledges, with its log ahead of DuckDB and
without."""

import tempfile
import threading
import time
from pathlib import Path
from statistics import median

from obs_check.model.entry import Entry, LogStream
from obs_check.standin.loki.archive import Archive
from obs_check.standin.loki.counters import Counters
from obs_check.standin.loki.ingest import Ingest
from obs_check.standin.loki.limits import Limits
from obs_check.standin.loki.refusal import LokiRefusal
from obs_check.standin.loki.write_ahead import WriteAhead
from obs_check.standin.loki.writer import Writer

ROUNDS = 3
PUSHERS = 4
SECONDS = 2.0
AGAIN_S = 0.1
PUSH_LINES = (1, 100, 1000)
LINE = "time=2026-11-24T00:00:00.603Z level=WARN msg=DENY method=GET host=denied.example url=http://denied.example/x"
ROW = "{:<28} {:>12} {:>12} {:>6}"


def main() -> None:
    """Print the medians, by lines a push."""
    print(ROW.format(f"{PUSHERS} pushers, lines a second", "without", "with log", "times"))
    for lines in PUSH_LINES:
        without, kept = (median(_rate(lines, log) for _ in range(ROUNDS)) for log in (False, True))
        name = f"{lines:,} line{'s' * (lines > 1)} a push"
        print(ROW.format(name, f"{without:,.0f}", f"{kept:,.0f}", f"{kept / without:.2f}"), flush=True)


def _rate(lines: int, log: bool) -> float:
    """Lines a second that pushes of so many lines bring to DuckDB, everything between written at the end, too."""
    with tempfile.TemporaryDirectory(prefix="obs-check-bench-") as name:
        archive = Archive(Path(name))
        archive.open()
        ahead = WriteAhead(Path(name)) if log else None
        limits = Limits(ingestion_rate=0, per_stream_rate=0, too_far_behind=0)
        ingest = Ingest(limits, Counters(), time.time_ns, archive, ahead)
        writer = Writer(ingest)
        counts = [0] * PUSHERS
        started = time.perf_counter()

        def push(who: int) -> None:
            while time.perf_counter() - started < SECONDS:
                now = time.time_ns()
                try:
                    ingest.push("t", [LogStream({"job": str(who)}, [Entry(now + n, LINE) for n in range(lines)])])
                except LokiRefusal:
                    # DuckDB is behind by a whole log: as a shipper does, later again.
                    time.sleep(AGAIN_S)
                else:
                    counts[who] += lines

        threads = [threading.Thread(target=push, args=(who,)) for who in range(PUSHERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        writer.stop()
        took = time.perf_counter() - started
        if ahead is not None:
            ahead.close()
        archive.close()
    return sum(counts) / took


if __name__ == "__main__":
    main()
