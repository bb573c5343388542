"""Counting files with DuckDB: the same answers as the row engine, or a reason why not."""

import tempfile
from contextlib import closing, suppress
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from obs_check.client.files import duckdb_lines
from obs_check.client.files.columnar_files import ColumnarFiles
from obs_check.client.files.duckdb_lines import check_bytes
from obs_check.client.files.line_files import LineFiles
from obs_check.client.files.source import read_streams
from obs_check.errors import QueryError
from obs_check.logql import parse
from obs_check.logql.columnar.sql import NotColumnar
from obs_check.logql.engine.evaluate import query_instant, query_range
from obs_check.logql.engine.list_source import ListSource
from obs_check.logql.engine.source import Source
from obs_check.logql.settings import EngineSettings
from obs_check.model.result import Result, Vector
from obs_check.model.window import Window
from tests.bench.lines import BOUNDARY, CODERD, write_boundary, write_coderd
from tests.bench.queries import Query, queries
from tests.client import broken_lines
from tests.client.columnar_questions import questions
from tests.engine_settings import NEWER, SETTINGS

S = 1_000_000_000
COUNT = 'sum by (a) (bytes_over_time({job="x"} | logfmt [1h]))'
END = 1_764_003_600 * S
START = 1_764_000_000 * S
LABELS = {"job": "x", "level": "stream"}


def ask(query: str, source: Source, step_s: int | None, engine: EngineSettings = SETTINGS) -> Result | str:
    """The answer over the first minute, or at its end; the words of a refusal."""
    expr = parse(query)
    try:
        if step_s is None:
            return query_instant(expr, source, START + 61 * S, settings=engine)
        return query_range(expr, source, Window(START, START + 60 * S), step_s * S, settings=engine)
    except QueryError as refusal:
        return refusal.message


def by_rows(
    query: str, files: list[Path], step_s: int | None, time_key: str | None, engine: EngineSettings = SETTINGS
) -> Result | str:
    """The row engine's answer."""
    streams = read_streams(files, LABELS, time_key).streams
    return ask(query, ListSource(streams), step_s, engine)


def by_columns(
    query: str, files: list[Path], step_s: int | None, time_key: str | None, engine: EngineSettings = SETTINGS
) -> Result | str:
    """The columnar answer; raises NotColumnar."""
    source = ColumnarFiles(files, LABELS, time_key)
    try:
        return ask(query, source, step_s, engine)
    finally:
        source.close()


def differences(
    texts: list[str],
    contents: list[list[str]],
    step_s: int | None,
    time_key: str | None,
    engine: EngineSettings = SETTINGS,
) -> list[str]:
    """The queries that are answered otherwise than by all lines in memory: by DuckDB, where not line by line."""
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("one.log", "two.log")[: len(contents)]]
        for file, content in zip(files, contents, strict=True):
            file.write_bytes("\n".join(content).encode())
        for query in texts:
            try:
                counted = by_columns(query, files, step_s, time_key, engine)
            except NotColumnar:
                counted = ask(query, LineFiles(files, LABELS, time_key, held=3), step_s, engine)
            if counted != by_rows(query, files, step_s, time_key, engine):
                wrong.append(query)
        with suppress(NotColumnar), closing(ColumnarFiles(files, LABELS, time_key)) as source:
            if (source.bounds() or ()) != read_streams(files, LABELS, time_key).bounds:
                wrong.append("bounds")
    return wrong


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    questions(),
    st.sampled_from([None, None, 1, 7, 30]),
    st.sampled_from([None, None, None, "ts", "time"]),
    st.sampled_from([SETTINGS, NEWER]),
)
@example(([COUNT], [["time=2025-11-24T16:00:00Z a=b", "time=2025-11-24 16:00:04 a=b"]]), None, None, SETTINGS)
@example(([COUNT], [["time=2025-11-24T16:00:00Z a=b a=c", "time=2025-11-24T16:00:04Z a=b"]]), None, None, SETTINGS)
@example(([COUNT], [["time=2025-11-24T16:00:00Z a=b a=c", "time=2025-11-24T16:00:04Z a=b"]]), None, None, NEWER)
def test_both_paths_answer_the_same(
    asked: tuple[list[str], list[list[str]]], step_s: int | None, time_key: str | None, engine: EngineSettings
) -> None:
    texts, contents = asked
    assert differences(texts, contents, step_s, time_key, engine) == []


PLAIN, KEPT = "time=2025-11-24T16:00:00Z owner=joe decision=deny", "time=2025-11-24T16:00:01Z a_b=x"


@pytest.mark.parametrize(
    ("query", "content"),
    [
        ('sum by (decision) (count_over_time({job="x"} | logfmt decision, owner [1h]))', [PLAIN]),
        ('sum(count_over_time({job="x"} | logfmt decision, owner | decision=~"allow|deny" [1h]))', [PLAIN]),
        ('sum by (decision, absent) (count_over_time({job="x"} | logfmt decision, owner [1h]))', [PLAIN]),
        ('sum by (a, owner) (count_over_time({job="x"} | regexp `(?P<a>j)` | logfmt decision, owner [1h]))', [PLAIN]),
        (
            'sum by (__error__, a) (count_over_time({job="x"} | json a, b [1h]))',
            ['{"ts":"2025-11-24T16:00:00Z","a":"x","b":nan}'],
        ),
        (
            'sum by (job) (count_over_time({job="x"} | logfmt | a_b!=`` [1h]))',
            ["time=2025-11-24T16:00:00Z a-b=x a_b=\\", KEPT],
        ),
        (
            'absent_over_time({job="x"} | regexp `(?P<a>1x)|(?P<b>Z)` | __error__!=`` | a>0 [1h])',
            ["time=2025-11-24T16:00:00Z a=1"],
        ),
    ],
)
def test_what_a_parser_is_asked_for_shows_in_both_paths(query: str, content: list[str]) -> None:
    for engine in (SETTINGS, NEWER):
        assert differences([query], [content], None, None, engine) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_half_broken_lines_are_counted_alike(seed: int) -> None:
    random = Random(seed)
    for _ in range(30):
        content = broken_lines.lines(random, 12)
        asked = [broken_lines.query(random) for _ in range(5)]
        assert differences(asked, [content], None, None, random.choice([SETTINGS, NEWER])) == [], content


ATOMS = st.sampled_from(
    ["x", "x*?", "x??", "(?:y|yx)", "(?:xy|x)", "[^x]", "[^$]+", "\\[", "\\[^", "\\b", "\\B", "$", "^", "\\A", "\\z",
     ".", ".*", "(?i:X)", "\\d*", "ü", "(?m:^)", "\\Qx^\\E", "\\S+"]
)  # fmt: skip
PATTERNS = st.tuples(st.lists(ATOMS, max_size=2), st.lists(ATOMS, max_size=3), st.lists(ATOMS, max_size=2)).map(
    lambda parts: f"{''.join(parts[0])}(?P<a>{''.join(parts[1])})(?P<b>{''.join(parts[2])})"
)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PATTERNS, min_size=2, max_size=2), st.lists(st.text("xyXY [^$ü1", max_size=6), min_size=8, max_size=30))
@example(["(?P<a>y|yx)(?P<b>\\b)"], ["yx", "y x"])
def test_a_regular_expression_takes_the_same_text_in_both_paths(patterns: list[str], texts: list[str]) -> None:
    content = [f"2025-11-24T16:00:00Z {text}" for text in texts]
    asked = [f'sum by (a, b) (count_over_time({{job="x"}} | regexp `{pattern}` [1h]))' for pattern in patterns]
    assert differences(asked, [content], None, None) == []


def test_lines_without_a_time_follow_the_line_before_them(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_text(
        "panic: a\ntime=2025-11-24T16:00:30Z b\n  at a\n  at a\n\ntime=2025-11-24T16:00:40Z c\n  at a\nx time=1 d\n"
    )
    windows = {"[1h]": 4, "[1ms] offset 31s": 1, "[25s] offset 20999999999ns": 4, "[1ms] offset 30999999999ns": 2}
    for window, count in windows.items():
        query = f'sum(count_over_time({{job="x"}} |= `a` {window}))'
        answer = by_columns(query, [file], None, None)
        assert answer == by_rows(query, [file], None, None)
        assert isinstance(answer, Vector) and [sample.value for sample in answer.samples] == [count], window
    with closing(ColumnarFiles([file], LABELS, None)) as source:
        assert source.bounds() == read_streams([file], LABELS).bounds
        assert (source.untimed, source.lines) == (4, 7)


@pytest.mark.parametrize("query", queries(END // 10**6), ids=lambda query: query.name)
def test_the_queries_of_the_bench_are_counted_by_duckdb(query: Query, tmp_path: Path) -> None:
    file = tmp_path / "bench.log"
    (write_boundary if query.file == "boundary" else write_coderd)(file, 300, END)
    labels = BOUNDARY if query.file == "boundary" else CODERD
    source = ColumnarFiles([file], labels, None)
    answer = query_instant(parse(query.text), source, END, settings=SETTINGS)
    assert source.doubtful == 0
    source.close()
    rows = ListSource(read_streams([file], labels).streams)
    assert answer == query_instant(parse(query.text), rows, END, settings=SETTINGS)
    assert isinstance(answer, Vector) and answer.samples


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ('{job="x"}', "a log query"),
        ('sum(sum_over_time({job="x"} | logfmt | unwrap a [1h]))', "needs every value"),
        ('max(count_over_time({job="x"} | logfmt [1h]))', "takes every field"),
        ('sum by (a) (count_over_time({job="x"} | pattern `<a> <_>` [1h]))', "PatternParser"),
        ('sum by (a) (count_over_time({job="x"} | logfmt | label_format a=b [1h]))', "LabelFormat"),
        ('sum by (a) (count_over_time({job="x"} | msg=`x` | logfmt [1h]))', "before the parser"),
        ('sum by (a) (count_over_time({job="x"} |> `<_>x<_>` | logfmt [1h]))', "a line filter with"),
        ('sum by (a) (count_over_time({job="x"} |~ `\\pL` | logfmt [1h]))', "a class of Unicode"),
        ('sum(count_over_time({job="x"} | logfmt | a > 5 [1h]))', "cannot read a value"),
    ],
)
def test_a_query_that_sql_cannot_answer_exactly_is_refused(query: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_text("time=2025-11-24T16:00:00Z a=b msg=x\n")
    with pytest.raises(NotColumnar, match=reason):
        by_columns(query, [file], 10 if query.startswith("{") else None, None)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"time=2025-11-24T16:00:00Z a=b\r\n", "a carriage return"),
        (b"\xef\xbb\xbftime=2025-11-24T16:00:00Z a=b\n", "a byte order mark"),
        (b"time=2025-11-24T16:00:00Z a=b\n" * 400 + b"time=2025-11-24T16:00:00Z a=\0\n", "a NUL byte"),
        (b"time=2025-11-24T16:00:00Z a=\xff\n", "DuckDB"),
        (b"time=2025-11-24T16:00:00Z a=\x01\n", "the byte 0x01"),
        (b"time=2025-11-24T16:00:00Z a=b\n" + b"  at frame 1\n" * 10_001, "lines have no time of their own"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_duckdb_would_read_otherwise_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.log"
    file.write_bytes(content)
    with pytest.raises(NotColumnar, match=reason):
        by_columns(COUNT, [file], None, None)
    rows = by_rows(COUNT, [file], None, None)
    assert isinstance(rows, Vector)
    assert rows == ask(COUNT, LineFiles([file], LABELS, None, held=1), None)


@settings(deadline=None)
@given(st.lists(st.integers(0, 12), max_size=8), st.integers(1, 9), st.sampled_from([b"", b"\n"]))
def test_a_line_that_would_be_cut_is_not_for_duckdb(sizes: list[int], chunk: int, end: bytes) -> None:
    content = b"\n".join(b"x" * size for size in sizes) + end
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb_lines, "_CHUNK", chunk)
        file = Path(folder) / "a.log"
        file.write_bytes(content)
        try:
            check_bytes(file, 6)
        except NotColumnar:
            assert max(sizes) > 6
        else:
            assert max(sizes, default=0) <= 6


def test_both_paths_cut_a_line_at_the_same_place(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_text("time=2025-11-24T16:00:00Z a=b\ntime=2025-11-24T16:00:01Z a=bc\n")
    query = 'sum by (a) (count_over_time({job="x"} | logfmt [1h]))'
    with closing(ColumnarFiles([file], LABELS, None, 29)) as source, pytest.raises(NotColumnar, match="more than 29"):
        ask(query, source, None)
    answer = ask(query, LineFiles([file], LABELS, None, most=29), None)
    assert isinstance(answer, Vector)
    assert [(sample.labels, sample.value) for sample in answer.samples] == [({"a": "b"}, 2.0)]


class Interrupted:
    """A connection that says what DuckDB 1.4 says when Ctrl-C ends its query."""

    def cursor(self) -> "Interrupted":
        return self

    def execute(self, _: str) -> None:
        raise RuntimeError("Query interrupted")

    def close(self) -> None:
        return None


def test_an_interrupt_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.log"
    file.write_text("time=2025-11-24T16:00:00Z a=b\n")
    source = ColumnarFiles([file], LABELS, None)
    monkeypatch.setattr(source, "_connection", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        source.bounds()
    source.close()


@pytest.mark.parametrize(("number", "size", "columnar"), [(50, 10, True), (51, 10, False), (51, 64 * 1024, True)])
def test_many_small_files_are_sooner_read_line_by_line(number: int, size: int, columnar: bool, tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.log" for n in range(number)]
    for path in paths:
        path.write_text("a" * (size - 1) + "\n")
    if columnar:
        ColumnarFiles(paths, {}, None).close()
    else:
        with pytest.raises(NotColumnar, match="51 files of 10 bytes each"):
            ColumnarFiles(paths, {}, None)
