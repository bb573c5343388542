"""`pack`: labels moved into the line as JSON."""

from dataclasses import dataclass
from typing import ClassVar

from obs_check.golang.jsontext import quote
from obs_check.shipper.item import Item, LineStage, text_of
from obs_check.shipper.stages.declaration import StageDeclaration, StageSettings


@dataclass(frozen=True)
class Pack(LineStage):
    """The line becomes `{"label": "value", "_entry": "the line"}`; packed names leave the labels. With
    `ingest_timestamp` (the default) the time is the reading time again."""

    kind: ClassVar[str] = "pack"
    labels: tuple[str, ...] = ()
    ingest_timestamp: bool = True

    @classmethod
    def read(cls, given: StageSettings) -> "Pack":
        return cls(given.texts("labels"), given.flag("ingest_timestamp", True))

    def change(self, item: Item) -> bool:
        packed = {n: v for n in self.labels if (v := text_of(item.extracted.get(n))) is not None}
        pairs = [(name, packed[name]) for name in sorted(packed)] + [("_entry", item.line)]
        item.line = "{" + ",".join(f"{quote(k)}:{quote(v)}" for k, v in pairs) + "}"
        for name in packed:
            item.labels.pop(name, None)
        if self.ingest_timestamp:
            item.ts = None
        return True


PACK = StageDeclaration(
    Pack.read, ("pack",), "pack", {"labels": "texts", "ingest_timestamp": "flag"}, {"labels": "texts!"}
)
