"""Lines of a file that do not say when they were written, each with the time that the lines before give it."""

from collections.abc import Collection
from functools import partial
from pathlib import Path

from obs_check.client.file_source import Timing, modified_ns
from obs_check.client.files import each_line
from obs_check.model.entry import Entry


def untimed_entries(path: Path, untimed: Collection[str], time_key: str | None) -> list[Entry]:
    """The entries of these texts, in their order, with the times (ns) of `Timing`; `untimed` are all the texts of the
    file that say none. The file is read once, and times only of the lines in front of such ones. Raises InputError."""
    timing = Timing(time_key, partial(modified_ns, path))
    found = []
    before = ""
    for text, _ in each_line(path):
        if text in untimed:
            if before:
                timing.of(before)
                before = ""
            found.append(Entry(timing.of(text), text))
        elif text:
            before = text
    return found
