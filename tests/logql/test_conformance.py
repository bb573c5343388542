"""Queries with the answers of a real Loki 3.5.9, replayed against the engine.

`own/` holds cases of our own: one for each production of the grammar and each function of templates, quirks, and
refusals with their text; `more` asks further questions of the same lines as the cases beside it. `recorded_ns` is when
Loki answered, which some templates print. `newer` is what Loki 3.7.6 answered at `newer_ns`, where that is something
else; `apart` says why the engine does not follow it. `python -m tests.real.record_cases` asks a real Loki again.
"""

import gzip
import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from obs_check.errors import QueryError
from obs_check.logql import parse
from obs_check.logql.engine.evaluate import query_instant, query_range
from obs_check.logql.engine.list_source import ListSource
from obs_check.logql.engine.logs import LineChoice
from obs_check.logql.settings import LOKI_3_7, EngineSettings, LokiVersion
from obs_check.model.entry import Entry, LogStream
from obs_check.model.result import Matrix, Result, Scalar, Streams, Vector
from obs_check.model.window import Window
from obs_check.standin.loki.params import parse_duration

CASES = Path(__file__).parent.parent / "fixtures" / "logql"
Rows = list[tuple[str, list[tuple[float, float]]]]


def read(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))


@cache
def source(path: Path, loki: LokiVersion) -> ListSource:
    """The lines as that Loki has them: 3.7 drops metadata without a value when it is pushed."""
    streams = []
    for stream in read(path)["streams"]:
        entries = [Entry(int(e[0]), e[1], e[2] if len(e) > 2 else {}) for e in stream["entries"]]
        if loki >= LOKI_3_7:
            entries = [e._replace(metadata={n: v for n, v in e.metadata.items() if v}) for e in entries]
        streams.append(LogStream(stream["labels"], entries))
    return ListSource(streams)


def queries() -> list[Any]:
    found = []
    for path in sorted(CASES.rglob("*.json.gz")):
        case = read(path)
        if "queries" not in case:
            continue
        lines = path.with_name(f"{case['streams']}.gz")
        times = int(case["recorded_ns"]), int(case.get("newer_ns", 0))
        for n, query in enumerate(case["queries"]):
            found.append(pytest.param(query, lines, times, id=f"{case['name']}-{n}-{query['type']}"))
    return found


def ask(query: dict[str, Any], lines: Path, settings: EngineSettings) -> Result:
    expr = parse(query["query"])
    found = source(lines, settings.loki)
    if query["type"] == "instant":
        return query_instant(expr, found, int(query["time"]), settings=settings)
    start, end = int(query["start"]), int(query["end"])
    step = parse_duration(query["step"]) if "step" in query else max((end - start) // (250 * 10**9), 1) * 10**9
    choice = LineChoice(
        int(query.get("limit", 100)), query.get("direction", "backward"), parse_duration(query.get("interval", "0"))
    )
    return query_range(expr, found, Window(start, end), step, settings=settings, choice=choice)


def labels_key(labels: dict[str, str]) -> str:
    return json.dumps(labels, sort_keys=True)


def canonical_rows(query: str, rows: Rows, is_vector: bool) -> Rows:
    if is_vector and query.lstrip().startswith("sort"):
        return [("", points) for _, points in rows]
    if "topk" in query or "bottomk" in query:
        at: dict[float, list[float]] = {}
        for _, points in rows:
            for t, v in points:
                at.setdefault(t, []).append(v)
        return [(str(t), [(t, v) for v in sorted(vs)]) for t, vs in sorted(at.items())]
    return sorted(rows)


def wanted(query: str, want: dict[str, Any]) -> tuple[str, Any]:
    kind, result = want["resultType"], want["result"]
    if kind == "streams":
        return kind, sorted((int(v[0]), labels_key(s["stream"]), v[1]) for s in result for v in s["values"])
    if kind == "scalar":
        return kind, [("", [(float(result[0]), float(result[1]))])]
    field = "values" if kind == "matrix" else "value"
    rows = []
    for series in result:
        values = series[field] if kind == "matrix" else [series[field]]
        rows.append((labels_key(series["metric"]), [(float(t), float(v)) for t, v in values]))
    return kind, canonical_rows(query, rows, kind == "vector")


def scalar_time(ts: int) -> float:
    """What Loki 3.5 prints as the time of a scalar: milliseconds taken for seconds, in nanoseconds that do not fit
    into 64 bits."""
    wrapped = (ts // 1_000_000 * 10**9) % 2**64
    return (wrapped if wrapped < 2**63 else wrapped - 2**64) // 10**6


def answered(query: dict[str, Any], result: Result) -> tuple[str, Any]:
    match result:
        case Streams():
            return "streams", sorted((e.ts, labels_key(s.labels), e.line) for s in result.streams for e in s.entries)
        case Scalar():
            return "scalar", [("", [(scalar_time(result.ts), result.value)])]
        case Vector():
            rows = [(labels_key(s.labels), [(s.ts / 1e9, s.value)]) for s in result.samples]
            return "vector", canonical_rows(query["query"], rows, True)
        case Matrix():
            rows = [(labels_key(s.labels), [(t / 1e9, v) for t, v in s.points]) for s in result.series]
            return "matrix", canonical_rows(query["query"], rows, False)


def same_number(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.parametrize(("query", "lines", "times"), queries())
def test_the_engine_answers_as_loki_did(query: dict[str, Any], lines: Path, times: tuple[int, int]) -> None:
    check(query, query["want"], lines, EngineSettings(lambda: times[0]))
    if "apart" not in query:
        check(query, query.get("newer", query["want"]), lines, EngineSettings(lambda: times[1], LOKI_3_7))


def check(query: dict[str, Any], wants: dict[str, Any], lines: Path, settings: EngineSettings) -> None:
    if wants["status"] != 200:
        with pytest.raises(QueryError) as refused:
            ask(query, lines, settings)
        text = wants.get("error", "")
        if text.startswith("parse error"):
            assert refused.value.message == text
        return
    (kind, want), (got_kind, got) = wanted(query["query"], wants), answered(query, ask(query, lines, settings))
    assert got_kind == kind, query["query"]
    if kind == "streams":
        assert got == want, query["query"]
        return
    assert [row[0] for row in got] == [row[0] for row in want], query["query"]
    for (_, have), (_, should) in zip(got, want, strict=True):
        assert len(have) == len(should), query["query"]
        for (t, v), (wt, wv) in zip(have, should, strict=True):
            assert abs(t - wt) <= 1e-3, query["query"]
            assert same_number(v, wv), f"{query['query']}: {v} is not {wv}"
