"""Local log files as log streams, so that a query runs on them as it would on Loki."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from obs_check.client.files.line_times import Timing
from obs_check.client.files.named_paths import STDIN
from obs_check.client.files.search import MAX_LINE, Text, each_line, each_stdin_line
from obs_check.model.entry import LogStream, entry_time


@dataclass(frozen=True, slots=True)
class FileStreams:
    """One stream a file, entries ascending by time. Of all lines, those that were not kept too: how many there are, how
    many have no time of their own, bytes that are not UTF-8, the times (ns) of the first and the last, and how many
    were cut."""

    streams: list[LogStream]
    lines: int = 0
    untimed: int = 0
    undecodable: int = 0
    bounds: tuple[int, ...] = ()
    cut: int = 0


def read_streams(
    paths: Sequence[Path],
    labels: Mapping[str, str],
    time_key: str | None = None,
    stdin: BinaryIO | None = None,
    clock: Callable[[], int] = time.time_ns,
    keep: Callable[[str], bool] = lambda _line: True,
    most: int = MAX_LINE,
) -> FileStreams:
    """The lines of files as named_paths gives them; STDIN is `stdin`. Labels of a stream: `filename`, then `labels`
    (which may replace it). Only lines that `keep` answers True for are held. They are cut behind `most` bytes.

    A line without a time follows the line before it by 1 ns, and those at the start of a file come 1 ns each before the
    first that has one. Where none has, the first gets the file's mtime, that of stdin the clock's ns. Empty lines are
    left out, as a shipper does. Raises InputError when a file is not there or binary.
    """
    streams, lines, untimed, undecodable, cut = [], 0, 0, 0, 0
    first, last = math.inf, -math.inf
    for path in paths:
        piped = stdin is not None and path == STDIN
        timing = Timing(time_key, clock if piped else partial(modified_ns, path))
        entries = []
        read = Decoded(each_stdin_line(stdin, most) if piped and stdin else each_line(path, most))
        for entry in timing.of_all(read):
            lines += 1
            first, last = min(first, entry.ts), max(last, entry.ts)
            if keep(entry.line):
                entries.append(entry)
        untimed += timing.untimed
        undecodable += read.undecodable
        cut += read.cut
        entries.sort(key=entry_time)
        streams.append(LogStream(stream_labels(path, labels), entries))
    return FileStreams(streams, lines, untimed, undecodable, (int(first), int(last)) if lines else (), cut)


def stream_labels(path: Path, labels: Mapping[str, str]) -> dict[str, str]:
    """The labels of a file's lines: `filename`, then `labels`."""
    return {"filename": "stdin" if path == STDIN else str(path), **labels}


def modified_ns(path: Path) -> int:
    """When a file was last written, ns since the epoch."""
    return path.stat().st_mtime_ns


class Decoded:
    """The texts of lines as search.each_line has them, without empty ones; so far there were `undecodable` bytes and
    `cut` lines."""

    def __init__(self, lines: Iterable[Text]) -> None:
        self._lines = lines
        self.undecodable = 0
        self.cut = 0

    def __iter__(self) -> Iterator[str]:
        for text, bad, cut in self._lines:
            self.undecodable += bad
            self.cut += cut
            if text:
                yield text
