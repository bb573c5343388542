"""`pack`: labels moved into the line as JSON."""

from dataclasses import dataclass
from typing import ClassVar

from obs_check.documents.yaml_tree import YamlValue
from obs_check.golang.jsontext import quote
from obs_check.shipper.item import Item, PerLine, StageContext, text_of


@dataclass(frozen=True)
class Pack:
    """The line becomes `{"label": "value", "_entry": "the line"}`; packed names leave the labels. With
    `ingest_timestamp` (the default) the time is the reading time again."""

    kind: ClassVar[str] = "pack"
    labels: tuple[str, ...] = ()
    ingest_timestamp: bool = True

    @classmethod
    def read(cls, node: YamlValue) -> "Pack":
        """From YAML."""
        node.mapping(("labels", "ingest_timestamp"))
        labels, ingest = node.get("labels"), node.get("ingest_timestamp")
        return cls(tuple(v.text() for v in labels.items()) if labels else (), ingest.flag() if ingest else True)

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        """At work."""

        def change(item: Item) -> bool:
            packed = {n: v for n in self.labels if (v := text_of(item.extracted.get(n))) is not None}
            pairs = [(name, packed[name]) for name in sorted(packed)] + [("_entry", item.line)]
            item.line = "{" + ",".join(f"{quote(k)}:{quote(v)}" for k, v in pairs) + "}"
            for name in packed:
                item.labels.pop(name, None)
            if self.ingest_timestamp:
                item.ts = None
            return True

        return PerLine(change)
