"""What a stage gets and changes: one line with its labels.

Loki keeps three kinds of labels apart, and results depend on which kind a label is of: labels of the stream (the
series identity), structured metadata pushed with the entry, and labels parsed by a stage. Names in `deleted` are gone
whatever the kind.
"""

from collections.abc import Callable, Mapping

from obs_check.model.entry import Labels

ERROR = "__error__"
ERROR_DETAILS = "__error_details__"


class Row:
    """One line on its way through a pipeline. `ts` is ns since the epoch. Stages change it in place.

    `stream` and `metadata` are shared between rows and never written: changes go to `parsed` (added or overwritten)
    and `deleted`.
    """

    __slots__ = ("deleted", "error", "error_details", "line", "metadata", "parsed", "stream", "ts")

    def __init__(self, ts: int, line: str, stream: Mapping[str, str], metadata: Mapping[str, str]) -> None:
        self.ts = ts
        self.line = line
        self.stream = stream
        self.metadata = metadata
        self.parsed: Labels = {}
        self.deleted: set[str] = set()
        self.error = ""
        self.error_details = ""

    def get(self, name: str) -> str:
        """The value a label filter or a template sees; "" when absent (Loki makes no difference)."""
        if name == ERROR:
            return self.error
        if name == ERROR_DETAILS:
            return self.error_details
        if name in self.parsed:
            return self.parsed[name]
        if name in self.deleted:
            return ""
        return self.metadata.get(name) or self.stream.get(name, "")

    def labels(self) -> Labels:
        """All labels as Loki answers them (stream, metadata, parsed, then the error labels); empty values left out."""
        merged = {**self.stream, **self.metadata}
        for name in self.deleted:
            merged.pop(name, None)
        merged.update(self.parsed)
        if self.error:
            merged[ERROR] = self.error
        if self.error_details:
            merged[ERROR_DETAILS] = self.error_details
        return {name: value for name, value in merged.items() if value != ""}


StageFunction = Callable[[Row], bool]
"""Changes the row; False drops it."""
