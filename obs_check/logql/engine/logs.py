"""Log queries: the lines that survive, newest or oldest first."""

from collections.abc import Callable, Iterator
from heapq import merge
from itertools import islice
from typing import Literal

from obs_check.logql.engine.source import Source
from obs_check.logql.engine.vector import LabelSet, label_set
from obs_check.logql.stages.compile import compile_pipeline
from obs_check.logql.stages.row import Row, row_of
from obs_check.logql.syntax import ast
from obs_check.model.entry import Entry, LogStream
from obs_check.model.result import Streams

Direction = Literal["backward", "forward"]


def query_logs(
    query: ast.LogQuery, source: Source, start_ns: int, end_ns: int, limit: int, direction: Direction
) -> Streams:
    """Lines of `start_ns <= ts < end_ns`, at most `limit` (0 or less: all), grouped by the labels they end up with.

    Entries keep the metadata they were pushed with. The limit counts lines that pass, taken in the direction asked
    for, so no more of the source is run through the pipeline than needed.
    """
    passes = compile_pipeline(query.stages)
    newest_first = direction == "backward"
    sign = -1 if newest_first else 1
    selected = source.select(query.selector.matchers, start_ns, end_ns)
    # Every stream is run up to its next line that passes, so a parser may meet lines out of order (as in Loki 3.5).
    ordered = merge(
        *(_surviving(stream, newest_first, passes) for stream in selected), key=lambda kept: sign * kept[1].ts
    )
    found: dict[LabelSet, list[Entry]] = {}
    for labels, entry in islice(ordered, limit if limit > 0 else None):
        found.setdefault(labels, []).append(entry)
    return Streams([LogStream(dict(labels), entries) for labels, entries in sorted(found.items())])


def _surviving(
    stream: LogStream, newest_first: bool, passes: Callable[[Row], bool]
) -> Iterator[tuple[LabelSet, Entry]]:
    for entry in reversed(stream.entries) if newest_first else stream.entries:
        row = row_of(entry.ts, entry.line, stream.labels, entry.metadata)
        if passes(row):
            yield label_set(row.labels()), Entry(entry.ts, row.line, entry.metadata)
