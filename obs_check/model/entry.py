"""A log line as Loki keeps it, and streams of them."""

from collections.abc import Mapping
from operator import itemgetter
from typing import NamedTuple

Labels = dict[str, str]
"""Label name to value. Loki treats an absent label and an empty value as the same."""

NO_METADATA: Mapping[str, str] = {}


class Entry(NamedTuple):
    """One line: time in ns since the epoch (UTC), text, structured metadata."""

    ts: int
    line: str
    metadata: Mapping[str, str] = NO_METADATA


entry_time = itemgetter(0)
"""The `ts` of an entry, to sort and to search by; quicker than a function of Python."""


class LogStream(NamedTuple):
    """Entries that share one set of labels."""

    labels: Labels
    entries: list[Entry]
