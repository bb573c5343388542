"""`python -m tests.bench [BOUNDARY_LINES [CODERD_LINES]]`: lines a second of both paths and of a real Loki."""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from obs_check.client.files.source import read_streams
from obs_check.logql import parse
from obs_check.logql.engine.evaluate import query_instant
from obs_check.logql.engine.list_source import ListSource
from obs_check.model.result import Result, Vector
from tests.bench.lines import BOUNDARY, CODERD, write_boundary, write_coderd
from tests.bench.queries import Query, queries
from tests.engine_settings import SETTINGS
from tests.real.loki_process import RealLoki

LABELS = {"boundary": BOUNDARY, "coderd": CODERD}
Rows = list[tuple[list[tuple[str, str]], float]]
ROW = "{:<29} {:>9} {:>10} {:>11} {:>6} {:>12} {:>7} {:>6} {:>11} {:>6} {:>9} {:>7}"
HEAD = (
    "query",
    "lines",
    "row /s",
    "columnar s",
    "cpu s",
    "columnar /s",
    "loki s",
    "cpu s",
    "loki /s",
    "times",
    "cpu times",
)
ROUNDS = 5


def main() -> None:
    """Write the lines, time every query, print a table; exit 1 when the answers differ."""
    options = _options()
    end_ns = time.time_ns() // 10**9 * 10**9
    with tempfile.TemporaryDirectory(prefix="obs-check-bench-") as name:
        root = Path(name)
        files = {kind: root / f"{kind}.log" for kind in LABELS}
        write_boundary(files["boundary"], options.boundary, end_ns)
        write_coderd(files["coderd"], options.coderd, end_ns)
        if shutil.which("loki") is None:
            print("loki is not on PATH: only obs-check is timed")
            same = Bench(files, end_ns, None).run()
        else:
            with RealLoki(root / "loki") as loki:
                same = Bench(files, end_ns, loki).run()
    if not same:
        raise SystemExit(1)


class Bench:
    """Both paths and, where there is one, a Loki, on the same lines."""

    def __init__(self, files: dict[str, Path], end_ns: int, loki: RealLoki | None) -> None:
        self._files = files
        self._end_ns = end_ns
        self._loki = loki
        self._sources: dict[str, ListSource] = {}
        self._counts: dict[str, int] = {}

    def run(self) -> bool:
        """Print the table; answers whether all answers are the same."""
        for kind, path in self._files.items():
            started = time.perf_counter()
            streams = read_streams([path], LABELS[kind]).streams
            took = time.perf_counter() - started
            self._sources[kind] = ListSource(streams)
            self._counts[kind] = sum(len(stream.entries) for stream in streams)
            print(f"row engine reads {path.name}: {took:.1f} s, {self._counts[kind] / took:,.0f} lines/s", flush=True)
            if self._loki is not None:
                for stream in streams:
                    self._loki.push(stream.labels, [[str(entry.ts), entry.line] for entry in stream.entries])
        started = time.perf_counter()
        from obs_check.client.files.columnar_files import database

        database()
        print(f"import and start of the columnar path: {time.perf_counter() - started:.2f} s, not in the times below")
        print(
            f"row: lines in memory, once; columnar: from opening the file, median of {ROUNDS}; loki: median of {ROUNDS}"
        )
        print("cpu: of all threads, which says more than the clock where the machine has other work")
        print(ROW.format(*HEAD, "answer"))
        answers = [self._one(query) for query in queries(self._end_ns // 10**6)]
        return all(answers)

    def _one(self, query: Query) -> bool:
        count = self._counts[query.file]
        row_s, _, by_rows = _timed(lambda: self._by_rows(query), 1, time.process_time)
        columnar_s, columnar_cpu_s, by_columns = _timed(lambda: self._by_columns(query), ROUNDS, time.process_time)
        same = by_rows == by_columns
        cells = ["-"] * 5
        if self._loki is not None:
            loki_s, loki_cpu_s, by_loki = _timed(lambda: self._by_loki(query), ROUNDS, self._loki.cpu_s)
            same = same and by_loki == by_rows
            cells = [f"{loki_s:.2f}", f"{loki_cpu_s:.2f}", f"{count / loki_s:,.0f}"]
            cells += [f"{loki_s / columnar_s:.1f}", f"{loki_cpu_s / columnar_cpu_s:.1f}"]
        own = [f"{count / row_s:,.0f}", f"{columnar_s:.2f}", f"{columnar_cpu_s:.2f}", f"{count / columnar_s:,.0f}"]
        print(ROW.format(query.name, count, *own, *cells, "same" if same else "DIFFERS"), flush=True)
        return same

    def _by_rows(self, query: Query) -> Rows:
        return _values(
            query, query_instant(parse(query.text), self._sources[query.file], self._end_ns, settings=SETTINGS)
        )

    def _by_columns(self, query: Query) -> Rows:
        from obs_check.client.files.columnar_files import ColumnarFiles

        files = ColumnarFiles([self._files[query.file]], LABELS[query.file], None)
        try:
            return _values(query, query_instant(parse(query.text), files, self._end_ns, settings=SETTINGS))
        finally:
            files.close()

    def _by_loki(self, query: Query) -> Rows:
        assert self._loki is not None
        asked = {"query": query.text, "time": str(self._end_ns)}
        answer = self._loki.http.get("/loki/api/v1/query", params=asked)
        answer.raise_for_status()
        result: list[dict[str, Any]] = answer.json()["data"]["result"]
        return _comparable(query, [(sorted(row["metric"].items()), float(row["value"][1])) for row in result])


def _timed(ask: Callable[[], Rows], rounds: int, cpu_s: Callable[[], float]) -> tuple[float, float, Rows]:
    """The medians of the seconds by the clock and of the CPU, and the last answer."""
    took, cost = [], []
    for _ in range(rounds):
        started, before = time.perf_counter(), cpu_s()
        answer = ask()
        took.append(time.perf_counter() - started)
        cost.append(cpu_s() - before)
    return median(took), median(cost), answer


def _values(query: Query, result: Result) -> Rows:
    assert isinstance(result, Vector)
    return _comparable(query, [(sorted(sample.labels.items()), sample.value) for sample in result.samples])


def _comparable(query: Query, rows: Rows) -> Rows:
    """Sorted rows; the last places of a `topk` lose their labels, as Loki chooses among equal ones freely."""
    if query.text.startswith("topk"):
        least = min((value for _, value in rows), default=0.0)
        rows = [(labels if value > least else [], value) for labels, value in rows]
    return sorted(rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Time both paths and a real Loki.")
    parser.add_argument("boundary", nargs="?", type=_count, default=1_000_000, help="lines of boundary (1000000)")
    parser.add_argument("coderd", nargs="?", type=_count, default=300_000, help="lines of coderd (300000)")
    return parser.parse_args()


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of lines: give 1 or more")
    return int(text)


if __name__ == "__main__":
    main()
