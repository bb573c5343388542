"""Lines of a file without a timestamp, each with the time that its neighbours give it."""

from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path

from obs_check.client.files.line_times import Timing
from obs_check.client.files.search import MAX_LINE, each_line
from obs_check.client.files.source import Decoded, modified_ns
from obs_check.model.entry import Entry


def untimed_entries(path: Path, untimed: Collection[str], time_key: str | None, most: int = MAX_LINE) -> list[Entry]:
    """The entries of these texts, in their order, with the times (ns) of `Timing`; `untimed` are all the texts of the
    file that say none. The file is read once, and times only of the lines beside such ones. Raises InputError."""
    timing = Timing(time_key, partial(modified_ns, path))
    return [entry for entry in timing.of_all(_beside(path, untimed, most)) if entry.line in untimed]


def _beside(path: Path, untimed: Collection[str], most: int) -> Iterator[str]:
    """Those texts, the line before each, and the first that says a time."""
    before, first = "", True
    for text in Decoded(each_line(path, most)):
        if text in untimed:
            if before:
                yield before
                before = ""
            yield text
        elif first:
            first = False
            yield text
        else:
            before = text
