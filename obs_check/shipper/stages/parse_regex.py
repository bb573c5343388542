"""`regex`: named groups into the extracted map."""

from dataclasses import dataclass
from typing import ClassVar

from obs_check.shipper.item import Item, PerLine, StageContext
from obs_check.shipper.stages.declaration import SOURCE, StageDeclaration, StageSettings
from obs_check.shipper.stages.regexes import compile_regex, read_regex


@dataclass(frozen=True)
class Regex:
    """`expression` is RE2, not anchored. A named group that took no part in the match sets the empty text.
    With `labels_from_groups` (Alloy) named groups also become labels."""

    kind: ClassVar[str] = "regex"
    expression: str
    source: str | None = None
    labels_from_groups: bool = False

    @classmethod
    def read(cls, given: StageSettings) -> "Regex":
        return cls(read_regex(given.needed("expression")), given.source(), given.flag("labels_from_groups"))

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        regex = compile_regex(self.expression)

        def change(item: Item) -> bool:
            text = item.source(self.source)
            match = regex.search(text) if text is not None else None
            if match:
                found = {name: value or "" for name, value in match.groupdict().items()}
                item.extracted.update(found)
                if self.labels_from_groups:
                    item.labels.update(found)
            return True

        return PerLine(change)


REGEX = StageDeclaration(
    Regex.read, ("regex",), "regex", {"expression": "text!", **SOURCE}, {"labels_from_groups": "flag"}, strict=True
)
