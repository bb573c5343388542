"""`output` and `decolorize`: what the shipped line is."""

import re
from dataclasses import dataclass
from typing import ClassVar

from obs_check.shipper.item import Item, LineStage, text_of
from obs_check.shipper.stages.declaration import StageDeclaration, StageSettings

_COLOUR = re.compile(
    r"[\u001b\u009b][\[\]()#;?]*(?:(?:(?:[a-zA-Z0-9]*(?:;[a-zA-Z0-9]*)*)?\u0007)|"
    r"(?:(?:[0-9]{1,4}(?:;[0-9]{0,4})*)?[0-9A-PRZcf-ntqry=><~]))"
)
"""Terminal escape sequences: colours, cursor moves, titles."""


@dataclass(frozen=True)
class OutputStage(LineStage):
    """`output`: the line becomes an extracted value, when there is one."""

    kind: ClassVar[str] = "output"
    source: str

    @classmethod
    def read(cls, given: StageSettings) -> "OutputStage":
        return cls(given.needed("source").text())

    def change(self, item: Item) -> bool:
        if (text := text_of(item.extracted.get(self.source))) is not None:
            item.line = text
        return True


@dataclass(frozen=True)
class DecolorizeStage(LineStage):
    """`decolorize`: the line without terminal escapes."""

    kind: ClassVar[str] = "decolorize"

    def change(self, item: Item) -> bool:
        item.line = _COLOUR.sub("", item.line)
        return True


OUTPUT = StageDeclaration(OutputStage.read, ("output",), "output", {"source": "text!"}, strict=True)
DECOLORIZE = StageDeclaration(lambda _: DecolorizeStage(), ("decolorize",), "decolorize")
