"""`stage.windowsevent` (Alloy): the message of a Windows event, in sections, into the extracted map."""

from dataclasses import dataclass
from typing import ClassVar

from obs_check.shipper.item import Item
from obs_check.shipper.stages.declaration import StageDeclaration
from obs_check.shipper.stages.eventlog import EVENT, EventLogMessage

_SPACES = str.maketrans("", "", "\t\r\n ")
_ENDS = str.maketrans("", "", "\t\r\n")


@dataclass(frozen=True)
class WindowsEvent(EventLogMessage):
    """The first section becomes `Description`; keys of a section with a title get the title in front. A value goes on
    over lines without a colon. Names that are taken get `_extracted` behind them, or are replaced."""

    kind: ClassVar[str] = "windowsevent"

    def take(self, item: Item, message: str) -> None:
        """What a message says in its sections."""
        first, *sections = message.split("\r\n\r\n")
        self._set(item, "Description", first)
        for section in sections:
            self._section(item, section.split("\r\n"))

    def _section(self, item: Item, lines: list[str]) -> None:
        prefix, at = "", 0
        while at < len(lines):
            key, colon, value = lines[at].partition(":")
            at += 1
            if not colon:
                continue
            if not value:
                prefix = f"{key}_" if at == 1 else prefix
                continue
            while at < len(lines) and lines[at] and ":" not in lines[at]:
                value += "," + lines[at]
                at += 1
            self._set(item, prefix + key, value)

    def _set(self, item: Item, key: str, value: str) -> None:
        self.put(item, key.translate(_SPACES), value.translate(_ENDS).strip())


WINDOWSEVENT = StageDeclaration(WindowsEvent.read, alloy="windowsevent", settings=EVENT)
