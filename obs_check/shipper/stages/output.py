"""`output` and `decolorize`: what the shipped line is."""

import re
from dataclasses import dataclass
from typing import ClassVar

from obs_check.documents.yaml_tree import YamlValue
from obs_check.shipper.item import Item, PerLine, StageContext, text_of
from obs_check.shipper.stages.source import read_required

_COLOUR = re.compile(
    r"[\u001b\u009b][\[\]()#;?]*(?:(?:(?:[a-zA-Z0-9]*(?:;[a-zA-Z0-9]*)*)?\u0007)|"
    r"(?:(?:[0-9]{1,4}(?:;[0-9]{0,4})*)?[0-9A-PRZcf-ntqry=><~]))"
)
"""Terminal escape sequences: colours, cursor moves, titles."""


@dataclass(frozen=True)
class OutputStage:
    """`output`: the line becomes an extracted value, when there is one."""

    kind: ClassVar[str] = "output"
    source: str

    @classmethod
    def read(cls, node: YamlValue) -> "OutputStage":
        """From YAML."""
        node.mapping(("source",))
        return cls(read_required(node, "source").text())

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        """At work."""

        def change(item: Item) -> bool:
            if (text := text_of(item.extracted.get(self.source))) is not None:
                item.line = text
            return True

        return PerLine(change)


@dataclass(frozen=True)
class DecolorizeStage:
    """`decolorize`: the line without terminal escapes."""

    kind: ClassVar[str] = "decolorize"

    @classmethod
    def read(cls, node: YamlValue) -> "DecolorizeStage":
        """From YAML."""
        node.mapping(())
        return cls()

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        """At work."""

        def change(item: Item) -> bool:
            item.line = _COLOUR.sub("", item.line)
            return True

        return PerLine(change)
