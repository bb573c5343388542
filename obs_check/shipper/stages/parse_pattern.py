"""`stage.pattern` (Alloy): captures of a LogQL pattern into the extracted map."""

from dataclasses import dataclass
from typing import ClassVar

from obs_check.logql.stages.pattern import compile_captures
from obs_check.shipper.item import Item, PerLine, StageContext


@dataclass(frozen=True)
class Pattern:
    """`pattern` is that of LogQL's `| pattern`; with `labels_from_groups` captures also become labels."""

    kind: ClassVar[str] = "pattern"
    pattern: str
    source: str | None = None
    labels_from_groups: bool = False

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        """At work."""
        captures = compile_captures(self.pattern)

        def change(item: Item) -> bool:
            text = item.source(self.source)
            found = dict(captures(text)) if text is not None else {}
            item.extracted.update(found)
            if self.labels_from_groups:
                item.labels.update(found)
            return True

        return PerLine(change)
