"""The runs that a document tells of, in order: one, or that before a change and that after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from obs_check.app.verify.document import Document
from obs_check.model.tree import mappings_at
from obs_check.report.tables import sent_events


@dataclass(frozen=True, slots=True)
class ToldRun:
    """`prefix` makes the anchors of one run differ from those of the other; `name` is "" where there is one run."""

    prefix: str
    name: str
    document: "Document"

    def rows(self, key: str) -> list[Mapping[str, Any]]:
        """The rows of a list of the document."""
        return [*mappings_at(self.document, key)]

    @property
    def sent(self) -> int:
        """How many events were sent; those of a large run stand in its journal."""
        return sent_events(self.document)

    def anchor(self, *parts: object) -> str:
        """A name for a place in the page."""
        return "-".join(_name(str(part)) for part in (self.prefix, *parts))

    @property
    def caption(self) -> str:
        """What a caption ends with: ` before the change`."""
        return f" {self.name}" if self.name else ""


def runs_of(document: "Document") -> list[ToldRun]:
    """A demonstration's document holds the run after the fixes, a confirmation's the run before."""
    after, before = document.get("after"), document.get("before")
    if isinstance(after, Mapping):
        return [ToldRun("before", "before the fixes", document), ToldRun("after", "after the fixes", after)]
    if isinstance(before, Mapping):
        return [ToldRun("before", "before", before), ToldRun("after", "now", document)]
    return [ToldRun("run", "", document)]


def _name(text: str) -> str:
    """A text as part of an anchor; two texts never share one."""
    return "".join(char if char.isalnum() and char.isascii() else f"_{ord(char):x}_" for char in text)
