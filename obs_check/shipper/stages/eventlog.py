"""`eventlogmessage`: the message of a Windows event, `key: value` lines, into the extracted map."""

from dataclasses import dataclass
from typing import ClassVar, Self

from obs_check.shipper.item import Item, LineStage, text_of
from obs_check.shipper.stages.declaration import SOURCE, Form, StageDeclaration, StageSettings
from obs_check.shipper.stages.labels import LABEL_NAME, label_name


@dataclass(frozen=True)
class EventLogMessage(LineStage):
    """A key that is not a label name is written with `_`, or left out; a key that is taken gets `_extracted` behind it,
    or replaces."""

    kind: ClassVar[str] = "eventlogmessage"
    source: str = "message"
    drop_invalid_labels: bool = False
    overwrite_existing: bool = False

    @classmethod
    def read(cls, given: StageSettings) -> Self:
        source = given.get("source")
        if source and not LABEL_NAME.fullmatch(source.text()):
            raise source.error(f"not a label name: {source.text()!r}")
        return cls(
            given.text("source", cls.source), given.flag("drop_invalid_labels"), given.flag("overwrite_existing")
        )

    def change(self, item: Item) -> bool:
        """A value that is no text drops the line."""
        if self.source not in item.extracted:
            return True
        text = text_of(item.extracted[self.source])
        if text is None:
            return False
        self.take(item, text)
        return True

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


EVENT: Form = {**SOURCE, "drop_invalid_labels": "flag", "overwrite_existing": "flag"}
EVENTLOGMESSAGE = StageDeclaration(EventLogMessage.read, ("eventlogmessage",), "eventlogmessage", EVENT, strict=True)
