"""What a stage gets and changes: one line with its labels.

Loki keeps three kinds of labels apart, and results depend on which kind a label is of: labels of the stream (the
series identity), structured metadata pushed with the entry, and labels parsed by a stage. Names in `deleted` are gone
whatever the kind.
"""

from collections.abc import Callable, Mapping

from obs_check.model.entry import Labels

ERROR = "__error__"
ERROR_DETAILS = "__error_details__"
DUPLICATE_SUFFIX = "_extracted"
"""What a parser appends to a name that the stream already has."""
_NONE: frozenset[str] = frozenset()


def row_of(ts: int, line: str, stream: Mapping[str, str], metadata: Mapping[str, str]) -> "Row":
    """The row of an entry. Metadata that has the name of a label of the stream gets a suffix (Loki 3.5)."""
    if metadata and not stream.keys().isdisjoint(metadata):
        metadata = {f"{name}{DUPLICATE_SUFFIX}" if name in stream else name: v for name, v in metadata.items()}
    return Row(ts, line, stream, metadata)


class Row:
    """One line on its way through a pipeline. `ts` is ns since the epoch. Stages change it in place.

    `stream` and `metadata` are shared between rows and never written: changes go to `parsed` (added or overwritten)
    and `deleted`.
    """

    __slots__ = ("_lost", "deleted", "error", "error_details", "line", "metadata", "parsed", "stream", "ts")

    def __init__(self, ts: int, line: str, stream: Mapping[str, str], metadata: Mapping[str, str]) -> None:
        self.ts = ts
        self.line = line
        self.stream = stream
        self.metadata = metadata
        self.parsed: Labels = {}
        self.deleted = _NONE
        self._lost = _NONE
        self.error = ""
        self.error_details = ""

    def find(self, name: str) -> str | None:
        """The value of a label, None when absent. The error labels are not labels here (Loki 3.5:
        LabelsBuilder.Get)."""
        value = self.parsed.get(name)
        if value is not None:
            return value
        if name in self.deleted:
            return None
        value = self.metadata.get(name)
        return value if value is not None else self.stream.get(name)

    def get(self, name: str) -> str:
        """The value a label filter or a template sees; "" when absent (Loki makes no difference)."""
        if name == ERROR:
            return self.error
        if name == ERROR_DETAILS:
            return self.error_details
        return self.find(name) or ""

    def has_extracted(self, *names: str) -> bool:
        """Whether all these labels were set by metadata or an earlier stage, or were and are deleted (Loki 3.5)."""
        parsed = self.parsed
        for name in names:  # noqa: SIM110 - a generator would be slower, and this runs for every label
            if name not in parsed and name not in self.metadata and name not in self._lost:
                return False
        return True

    def has_parsed(self, *names: str) -> bool:
        """Whether all these labels were set by an earlier stage, or were and are deleted: Loki 3.6 does not count what
        metadata set."""
        parsed = self.parsed
        for name in names:  # noqa: SIM110 - as above
            if name not in parsed and name not in self._lost:
                return False
        return True

    def has_metadata(self, name: str) -> bool:
        """Whether there is structured metadata of that name which no stage has set or deleted."""
        return name in self.metadata and name not in self.parsed and name not in self.deleted

    def untouched(self) -> bool:
        """Whether there is no label that has_extracted could name."""
        return not (self.parsed or self.metadata or self._lost)

    def delete(self, name: str) -> None:
        """Takes a label away, whatever its kind."""
        if self.parsed.pop(name, None) is not None:
            self._lost |= {name}
        self.deleted |= {name}

    def fail(self, error: str, details: str = "") -> None:
        """Sets the error label, and its details where there are any."""
        self.error = error
        if details:
            self.error_details = details

    def copy(self) -> "Row":
        """One that stages can change without changing this."""
        copy = Row(self.ts, self.line, self.stream, self.metadata)
        copy.parsed, copy.deleted, copy._lost = dict(self.parsed), self.deleted, self._lost
        copy.error, copy.error_details = self.error, self.error_details
        return copy

    def labels(self) -> Labels:
        """All labels as Loki answers them: stream, metadata, parsed, then the error labels. A label that a parser set
        to the empty string stays (Loki 3.5 answers `"empty": ""`)."""
        merged = {**self.stream, **self.metadata}
        for name in self.deleted:
            merged.pop(name, None)
        merged.update(self.parsed)
        if self.error:
            merged[ERROR] = self.error
        # Loki 3.5 forgets the details of a dropped error where nothing else is changed.
        if self.error_details and (self.error or self.parsed or self.metadata or self.deleted):
            merged[ERROR_DETAILS] = self.error_details
        return merged


StageFunction = Callable[[Row], bool]
"""Changes the row; False drops it."""
