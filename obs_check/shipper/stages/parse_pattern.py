"""`stage.pattern` (Alloy): captures of a LogQL pattern into the extracted map."""

from dataclasses import dataclass
from typing import ClassVar

from obs_check.errors import QueryError
from obs_check.logql.stages.pattern import compile_captures
from obs_check.shipper.item import Item, PerLine, StageContext
from obs_check.shipper.stages.declaration import SOURCE, StageDeclaration, StageSettings


@dataclass(frozen=True)
class Pattern:
    """`pattern` is that of LogQL's `| pattern`; with `labels_from_groups` captures also become labels."""

    kind: ClassVar[str] = "pattern"
    pattern: str
    source: str | None = None
    labels_from_groups: bool = False

    @classmethod
    def read(cls, given: StageSettings) -> "Pattern":
        pattern = given.written("pattern")
        try:
            compile_captures(pattern.text())
        except QueryError as error:
            raise pattern.error(f"not a pattern: {error.message}") from None
        return cls(pattern.text(), given.source(), given.flag("labels_from_groups"))

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        captures = compile_captures(self.pattern)

        def change(item: Item) -> bool:
            text = item.source(self.source)
            found = dict(captures(text)) if text is not None else {}
            item.extracted.update(found)
            if self.labels_from_groups:
                item.labels.update(found)
            return True

        return PerLine(change)


PATTERN = StageDeclaration(
    Pattern.read, alloy="pattern", settings={**SOURCE, "pattern": "text!", "labels_from_groups": "flag"}
)
