"""Local log files counted by DuckDB: the source of metric queries that logql/columnar can plan."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any, NoReturn

import duckdb

from obs_check.client.files.duckdb_lines import check_bytes, check_name, lines_of
from obs_check.client.files.line_times import line_time
from obs_check.client.files.search import MAX_LINE
from obs_check.client.files.source import stream_labels
from obs_check.client.files.untimed_lines import untimed_entries
from obs_check.errors import QueryError
from obs_check.logql.columnar.plan import Plan, plan_for
from obs_check.logql.columnar.sql import NotColumnar
from obs_check.logql.columnar.statement import (
    DOUBTFUL,
    SIMPLE,
    Steps,
    bounds_statement,
    count_statement,
    doubtful_statement,
    lines_statement,
    steps_of,
    untimed_statement,
)
from obs_check.logql.engine.match import stream_test
from obs_check.logql.engine.samples import can_be_read, load_samples
from obs_check.logql.engine.source import Samples, SampleSeries
from obs_check.logql.engine.vector import LabelSet
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.hints import LineOrderMatters
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax import ast
from obs_check.model.entry import NO_METADATA, Entry, LogStream
from obs_check.model.window import Window
from obs_check.model.wording import count_noun

_SETTINGS: dict[str, str | int | float | list[str]] = {
    "threads": min(8, os.cpu_count() or 1),
    "memory_limit": "1GB",
    "preserve_insertion_order": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_MANY, _SMALL = 50, 64 * 1024
"""More files, of fewer bytes on average, are sooner read line by line: a statement of DuckDB takes some 8 ms a file."""
_BATCH = 10_000
_MOST_UNTIMED = 10_000
"""Lines of a file without a time of their own: more of them are sooner read with all the others."""


@cache
def database() -> duckdb.DuckDBPyConnection:
    """The DuckDB of this process: it holds no data, and its start takes longer than to count a short file."""
    return duckdb.connect(config={**_SETTINGS, "temp_directory": tempfile.gettempdir()})


class ColumnarFiles:
    """A CountingSource over files: one stream a file, as file_source.read_streams makes them.

    Raises NotColumnar, here and later, where DuckDB cannot be trusted with the files or the query. `doubtful` counts
    the lines that were given to the row engine so far, `untimed` those found so far that say no time of their own.
    """

    def __init__(
        self, paths: Sequence[Path], labels: Mapping[str, str], time_key: str | None, most: int = MAX_LINE
    ) -> None:
        for path in paths:
            check_name(path)
        if len(paths) > _MANY and (each := _bytes_of(paths) // len(paths)) < _SMALL:
            raise NotColumnar(f"{count_noun(len(paths), 'file')} of {count_noun(each, 'byte')} each")
        # DuckDB reads meanwhile; what it finds is not used before the check has ended.
        self._checks = ThreadPoolExecutor(1, "obs-check-bytes")
        self._checked = self._checks.map(partial(check_bytes, most=most), paths)
        self._streams = {path: stream_labels(path, labels) for path in paths}
        self._time_key = time_key
        self._most = most
        self._untimed: dict[Path, list[Entry]] = {}
        self._connection = database().cursor()
        self.doubtful = 0

    def close(self) -> None:
        """End what runs, and free its memory."""
        self._checks.shutdown(cancel_futures=True)
        self._connection.close()

    @property
    def untimed(self) -> int:
        """Lines found so far that say no time of their own."""
        return sum(map(len, self._untimed.values()))

    @property
    def lines(self) -> int:
        """Lines of all files; takes a reading of them."""
        return sum(count for path in self._streams for (count,) in self._rows(lines_statement(lines_of(path))))

    def bounds(self) -> tuple[int, int] | None:
        """Times (ns) of the first and the last line; None when there is no line."""
        times: list[int] = []
        for path in self._streams:
            ((first, last, untold),) = self._rows(bounds_statement(lines_of(path), self._time_key))
            times += [] if first is None else [first, last]
            if untold:
                times += self._untold_bounds(path)
        self._trust()
        return (min(times), max(times)) if times else None

    def _untold_bounds(self, path: Path) -> list[int]:
        """The first and the last time (ns) of the lines for which SQL has none; keeps those that say none."""
        bounds: list[int] = []
        texts: list[str] = []
        for (line,) in self._rows(untimed_statement(lines_of(path), self._time_key)):
            ts = line_time(line, self._time_key)
            if ts is not None:
                found = [ts, *bounds]
                bounds = [min(found), max(found)]
            elif len(texts) == _MOST_UNTIMED:
                raise NotColumnar(f"more than {_MOST_UNTIMED:,} lines have no time of their own")
            else:
                texts.append(line)
        self._trust()
        self._untimed[path] = untimed_entries(path, set(texts), self._time_key, self._most) if texts else []
        return bounds + [entry.ts for entry in self._untimed[path]]

    def _trust(self) -> None:
        """Wait for the check of the files' bytes; NotColumnar for what it found."""
        for _ in self._checked:
            pass

    def select(self, matchers: Sequence[ast.Matcher], start_ns: int, end_ns: int) -> NoReturn:  # noqa: ARG002
        """The lines themselves are not for this path."""
        raise NotColumnar("a log query asks for the lines themselves")

    def count(
        self, expr: ast.RangeAggregation, pushed: ast.Grouping | None, times: Sequence[int], settings: EngineSettings
    ) -> Samples:
        """See CountingSource.count."""
        steps = steps_of(times, expr.range.interval_ns, expr.range.offset_ns)
        found = Samples()
        try:
            wanted = stream_test(expr.range.query.selector.matchers)
            plans = [(path, stream, plan_for(expr, pushed, stream)) for path, stream in self._streams.items()]
        except QueryError as refusal:
            raise NotColumnar("Loki refuses the query") from refusal
        for path, stream, plan in plans:
            if not wanted(stream):
                continue
            if self._count_simple(path, stream, plan, steps, found):
                rest = _Rest(stream, partial(self._rest, path, plan, steps))
                try:
                    window = Window(steps.start_ns, steps.end_ns)
                    _merge(found, load_samples(expr, pushed, rest, window, settings, apart=True))
                except LineOrderMatters as reason:
                    raise NotColumnar(reason.message) from reason
        self._trust()
        for series in found.series.values():
            series.sort()
        found.errors.sort()
        return found

    def _count_simple(self, path: Path, stream: Mapping[str, str], plan: Plan, steps: Steps, found: Samples) -> bool:
        """Adds the counts of the simple lines; answers whether there are others."""
        others = False
        keys: dict[tuple[str | None, ...], LabelSet | None] = {}
        for state, ts, lines, size, *values in self._rows(count_statement(lines_of(path), plan, steps, self._time_key)):
            if state != SIMPLE:
                if state == DOUBTFUL:
                    others = True
                    self.doubtful += lines
                continue
            labels = tuple(values)
            if labels not in keys:
                key = _key(plan, stream, labels)
                keys[labels] = key if key is not None and can_be_read(key) else None
            if (key := keys[labels]) is not None:
                series = found.series.setdefault(key, SampleSeries())
                series.times.append(ts)
                series.values.append(float(size if plan.in_bytes else lines))
        return others

    def _rest(self, path: Path, plan: Plan, steps: Steps) -> Iterator[list[Entry]]:
        untimed = set()
        for batch in self._batches(doubtful_statement(lines_of(path), plan, steps, self._time_key)):
            entries = []
            for told, line in batch:
                ts = line_time(line, self._time_key) if told is None else told
                if ts is None:
                    if path not in self._untimed:
                        self._untold_bounds(path)
                    untimed.add(line)
                elif steps.start_ns <= ts < steps.end_ns:
                    entries.append(Entry(ts, line))
            yield entries
        if untimed:
            yield [e for e in self._untimed[path] if e.line in untimed and steps.start_ns <= e.ts < steps.end_ns]

    def _rows(self, statement: str) -> Iterator[Any]:
        for batch in self._batches(statement):
            yield from batch

    def _batches(self, statement: str) -> Iterator[list[Any]]:
        try:
            cursor = self._connection.cursor().execute(statement)
            while batch := cursor.fetchmany(_BATCH):
                yield batch
        except (duckdb.InterruptException, RuntimeError) as error:
            # DuckDB takes Ctrl-C for itself.
            if "interrupted" not in str(error).lower():
                raise
            raise KeyboardInterrupt from error
        except duckdb.Error as error:
            # The bytes are the better reason where both refuse the file.
            self._trust()
            raise NotColumnar(f"DuckDB: {str(error).partition(chr(10))[0]}") from error


def _bytes_of(paths: Sequence[Path]) -> int:
    try:
        return sum(path.stat().st_size for path in paths)
    except OSError as error:
        raise NotColumnar(f"{error.filename}: {error.strerror}") from error


class _Rest:
    """The lines of one file that are not simple, as a Source."""

    def __init__(self, stream: dict[str, str], batches: "partial[Iterator[list[Entry]]]") -> None:
        self._stream = stream
        self._batches = batches

    def select(self, matchers: Sequence[ast.Matcher], start_ns: int, end_ns: int) -> Iterable[LogStream]:  # noqa: ARG002
        """The lines in batches; the file was chosen by its labels before, and its lines by their times."""
        return (LogStream(self._stream, entries) for entries in self._batches())


def _key(plan: Plan, stream: Mapping[str, str], labels: tuple[str | None, ...]) -> LabelSet | None:
    """The series of the lines with these labels; None when a label filter drops them."""
    row = Row(0, "", stream, NO_METADATA)
    row.parsed = {name: value for name, value in zip(plan.columns, labels, strict=True) if value is not None}
    if not plan.passes(row):
        return None
    if row.error:
        raise NotColumnar("a label filter cannot read a value")
    return plan.key(row)


def _merge(found: Samples, more: Samples) -> None:
    found.errors += more.errors
    for key, series in more.series.items():
        into = found.series.setdefault(key, SampleSeries())
        into.times += series.times
        into.values += series.values
