"""`eventlogmessage`: the message of a Windows event, `key: value` lines, into the extracted map."""

from dataclasses import dataclass
from typing import ClassVar

from obs_check.documents.yaml_tree import YamlValue
from obs_check.shipper.item import Item, PerLine, StageContext, text_of
from obs_check.shipper.stages.labels import LABEL_NAME, label_name


@dataclass(frozen=True)
class EventLogMessage:
    """A key that is not a label name is written with `_`, or left out; a key that is taken gets `_extracted` behind it,
    or replaces."""

    kind: ClassVar[str] = "eventlogmessage"
    source: str = "message"
    drop_invalid_labels: bool = False
    overwrite_existing: bool = False

    @classmethod
    def read(cls, node: YamlValue) -> "EventLogMessage":
        """From YAML."""
        node.mapping(("source", "drop_invalid_labels", "overwrite_existing"))
        source = node.get("source")
        if source and not LABEL_NAME.fullmatch(source.text()):
            raise source.error(f"not a label name: {source.text()!r}")
        drop, overwrite = node.get("drop_invalid_labels"), node.get("overwrite_existing")
        return cls(
            source.text() if source else "message",
            drop.flag() if drop else False,
            overwrite.flag() if overwrite else False,
        )

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        """At work."""

        def change(item: Item) -> bool:
            if self.source not in item.extracted:
                return True
            text = text_of(item.extracted[self.source])
            if text is None:
                return False
            self.take(item, text)
            return True

        return PerLine(change)

    def take(self, item: Item, message: str) -> None:
        """What a message says, into the extracted map."""
        for line in message.split("\r\n"):
            key, colon, value = line.partition(":")
            if colon:
                self.put(item, key, value.strip())

    def put(self, item: Item, name: str, value: str) -> None:
        """One value into the extracted map, under a name that the settings allow."""
        if not LABEL_NAME.fullmatch(name):
            if self.drop_invalid_labels:
                return
            name = label_name(name)
        if name in item.extracted and not self.overwrite_existing:
            name += "_extracted"
        item.extracted[name] = value
