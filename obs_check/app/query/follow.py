"""A log query on lines as they come: from files that grow, or from a Loki that has no tail to listen to."""

import time
from collections.abc import Callable, Iterable, Iterator

from obs_check.client.loki.client import LokiClient
from obs_check.errors import Refused, Unavailable
from obs_check.logql.engine.match import stream_test
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.compile import compile_stages
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax.ast import LogQuery
from obs_check.model.entry import Entry, LogStream
from obs_check.model.result import Streams
from obs_check.model.window import NS, Window

ASK_S = 2.0
"""Seconds between two questions to a Loki that is asked again and again."""
LATE_S = 30
"""Lines that reach Loki later than this many seconds after their own time are not seen by asking again."""
_LIMIT = 1000


def passing_lines(
    query: LogQuery, batches: Iterable[list[LogStream]], start_ns: int, settings: EngineSettings
) -> Iterator[Streams]:
    """What of each batch of raw streams the query keeps, lines before `start_ns` left out; batches without a line are
    handed on too, so that the caller sees the time pass."""
    wanted = stream_test(query.selector.matchers)
    passes = compile_stages(query.stages, settings)
    for batch in batches:
        found = []
        for stream in batch:
            if not wanted(stream.labels):
                continue
            for entry in stream.entries:
                row = Row(entry.ts, entry.line, stream.labels, entry.metadata)
                if entry.ts >= start_ns and passes(row):
                    found.append(LogStream(row.labels(), [Entry(entry.ts, row.line)]))
        yield Streams(found)


def poll_lines(
    client: LokiClient,
    text: str,
    start_ns: int,
    clock: Callable[[], int],
    say: Callable[[str], None],
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Streams]:
    """The lines of a log query since `start_ns`, by asking every ASK_S seconds for the last LATE_S; never ends.

    `clock` gives ns. The first outage is raised; later ones are said, and the question is asked again.
    """
    seen: dict[tuple[int, str, frozenset[tuple[str, str]]], None] = {}
    since = start_ns
    answered = False
    while True:
        now = clock()
        try:
            value = client.query_range(text, Window(since, now + 1), limit=_LIMIT, direction="forward").value
        except Unavailable as error:
            if not answered or isinstance(error, Refused):
                raise
            say(f"{error.message}; asking again in {ASK_S:g} s")
            pause(ASK_S)
            continue
        answered = True
        found = []
        for labels, entries in value.streams if isinstance(value, Streams) else ():
            for entry in entries:
                key = (entry.ts, entry.line, frozenset(labels.items()))
                if key not in seen:
                    seen[key] = None
                    found.append(LogStream(labels, [entry]))
        yield Streams(found)
        if isinstance(value, Streams) and value.lines >= _LIMIT and found:
            # A full answer ends at its last line, not now.
            since = max(entry.ts for stream in found for entry in stream.entries)
            continue
        since = max(start_ns, now - LATE_S * NS)
        seen = {key: None for key in seen if key[0] >= since}
        pause(ASK_S)
