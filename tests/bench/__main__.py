"""`python -m tests.bench [BOUNDARY_LINES [CODERD_LINES]]`: lines a second of the row engine and of a real Loki."""

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from obs_check.logql import parse
from obs_check.logql.engine.evaluate import query_instant
from obs_check.logql.engine.list_source import ListSource
from obs_check.model.result import Result, Vector
from tests.bench.lines import BOUNDARY, CODERD, read_stream, write_boundary, write_coderd
from tests.bench.queries import queries
from tests.real.loki_process import RealLoki

LABELS = {"boundary": BOUNDARY, "coderd": CODERD}
Rows = list[tuple[list[tuple[str, str]], float]]
ROW = "{:<30} {:>9} {:>10} {:>14} {:>10} {:>14} {:>7}"


def main() -> None:
    """Write the lines, time every query, print a table; exit 1 when the two answer differently."""
    options = _options()
    end_ns = time.time_ns() // 10**9 * 10**9
    with tempfile.TemporaryDirectory(prefix="obs-check-bench-") as name:
        root = Path(name)
        files = {kind: root / f"{kind}.log" for kind in LABELS}
        write_boundary(files["boundary"], options.boundary, end_ns)
        write_coderd(files["coderd"], options.coderd, end_ns)
        if shutil.which("loki") is None:
            print("loki is not on PATH: only the row engine is timed")
            _run(options, files, end_ns, None)
            return
        with RealLoki(root / "loki") as loki:
            for kind, path in files.items():
                stream = read_stream(path, LABELS[kind])
                loki.push(stream.labels, [[str(entry.ts), entry.line] for entry in stream.entries])
            differ = _run(options, files, end_ns, loki)
    if differ:
        raise SystemExit(1)


def _run(options: argparse.Namespace, files: dict[str, Path], end_ns: int, loki: RealLoki | None) -> bool:
    print(ROW.format("query", "lines", "engine s", "engine lines/s", "loki s", "loki lines/s", "answer"))
    differ = False
    for query in queries(end_ns // 10**6):
        count = getattr(options, query.file)
        started = time.perf_counter()
        source = ListSource([read_stream(files[query.file], LABELS[query.file])])
        answer = _comparable(query.text, _values(query_instant(parse(query.text), source, end_ns)))
        ours = time.perf_counter() - started
        cells: list[str] = ["-", "-", "-"]
        if loki is not None:
            started = time.perf_counter()
            got = loki.http.get("/loki/api/v1/query", params={"query": query.text, "time": str(end_ns)})
            theirs = time.perf_counter() - started
            got.raise_for_status()
            same = _comparable(query.text, _loki_values(got.json()["data"]["result"])) == answer
            differ |= not same
            cells = [f"{theirs:.2f}", f"{count / theirs:,.0f}", "same" if same else "DIFFERS"]
        print(ROW.format(query.name, count, f"{ours:.2f}", f"{count / ours:,.0f}", *cells), flush=True)
    return differ


def _values(result: Result) -> Rows:
    assert isinstance(result, Vector)
    return [(sorted(sample.labels.items()), sample.value) for sample in result.samples]


def _loki_values(result: list[dict[str, Any]]) -> Rows:
    return [(sorted(row["metric"].items()), float(row["value"][1])) for row in result]


def _comparable(query: str, rows: Rows) -> Rows:
    """Sorted rows; the last places of a `topk` lose their labels, as Loki chooses among equal ones freely."""
    if query.startswith("topk"):
        least = min((value for _, value in rows), default=0.0)
        rows = [(labels if value > least else [], value) for labels, value in rows]
    return sorted(rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Time the row engine and a real Loki.")
    parser.add_argument("boundary", nargs="?", type=_count, default=200_000, help="lines of boundary (200000)")
    parser.add_argument("coderd", nargs="?", type=_count, default=60_000, help="lines of coderd (60000)")
    return parser.parse_args()


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of lines: give 1 or more")
    return int(text)


if __name__ == "__main__":
    main()
