"""Log queries: the lines that survive, newest or oldest first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Literal

from obs_check.logql.engine.source import Source
from obs_check.logql.engine.stream_hash import in_order
from obs_check.logql.engine.vector import LabelSet, label_set, labels_text
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.compile import compile_pipeline
from obs_check.logql.stages.row import Row, row_of
from obs_check.logql.syntax import ast
from obs_check.model.entry import Entry, LogStream
from obs_check.model.result import Streams
from obs_check.model.window import Window

Direction = Literal["backward", "forward"]


@dataclass(frozen=True, slots=True)
class LineChoice:
    """Which of the lines that pass are answered: at most `limit` (0 or less: all), from the newest back or from the
    oldest on. With an interval (ns) a line is left out that is nearer than that to the one taken before it, whatever
    their streams."""

    limit: int = 100
    direction: Direction = "backward"
    interval_ns: int = 0


def query_logs(
    query: ast.LogQuery, source: Source, window: Window, settings: EngineSettings, choice: LineChoice
) -> Streams:
    """Lines of the window, its end excluded, grouped by the labels they end up with, the groups by the text of these.
    Loki 3.5 takes lines of one stream and time that end up alike for one.

    Entries keep the metadata they were pushed with. The limit counts lines that pass, taken in the direction asked
    for, so no more of the source is run through the pipeline than needed.
    """
    passes = compile_pipeline(query.stages, settings)
    newest_first = choice.direction == "backward"
    sign = -1 if newest_first else 1
    selected = in_order(source.select(query.selector.matchers, window.start_ns, window.end_ns))
    # Every stream is run up to its next line that passes, so a parser may meet lines out of order (as in Loki 3.5).
    ordered: Iterator[tuple[LabelSet, Entry]] = merge(
        *(_surviving(stream, newest_first, passes) for stream in selected), key=lambda kept: sign * kept[1].ts
    )
    found: dict[LabelSet, list[Entry]] = {}
    if choice.interval_ns:
        ordered = _spaced(ordered, choice.interval_ns)
    for labels, entry in islice(ordered, choice.limit if choice.limit > 0 else None):
        found.setdefault(labels, []).append(entry)
    groups = sorted(found.items(), key=lambda group: labels_text(group[0])) if len(found) > 1 else found.items()
    return Streams([LogStream(dict(labels), entries) for labels, entries in groups])


def _surviving(
    stream: LogStream, newest_first: bool, passes: Callable[[Row], bool]
) -> Iterator[tuple[LabelSet, Entry]]:
    at: int | None = None
    seen: set[str] = set()
    for entry in reversed(stream.entries) if newest_first else stream.entries:
        row = row_of(entry.ts, entry.line, stream.labels, entry.metadata)
        if passes(row):
            if entry.ts != at:
                at = entry.ts
                seen.clear()
            if row.line in seen:
                continue
            seen.add(row.line)
            yield label_set(row.labels()), Entry(entry.ts, row.line, entry.metadata)


def _spaced(ordered: Iterator[tuple[LabelSet, Entry]], interval_ns: int) -> Iterator[tuple[LabelSet, Entry]]:
    last: int | None = None
    for kept in ordered:
        if last is None or abs(kept[1].ts - last) >= interval_ns:
            last = kept[1].ts
            yield kept
