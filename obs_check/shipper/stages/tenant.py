"""`tenant`: the tenant a line is pushed for."""

from dataclasses import dataclass
from typing import ClassVar

from obs_check.shipper.item import Item, LineStage, text_of
from obs_check.shipper.stages.declaration import StageDeclaration, StageSettings

TENANT_LABEL = "__tenant_id__"
"""The label that carries the tenant to the client, which takes it off again."""


@dataclass(frozen=True)
class Tenant(LineStage):
    """Exactly one of a label, an extracted value and a fixed value; an empty tenant changes nothing."""

    kind: ClassVar[str] = "tenant"
    label: str = ""
    source: str = ""
    value: str = ""

    @classmethod
    def read(cls, given: StageSettings) -> "Tenant":
        texts = [given.text(name) for name in ("label", "source", "value")]
        if len([text for text in texts if text]) != 1:
            raise given.error("exactly one of label, source, value is needed")
        return cls(*texts)

    def change(self, item: Item) -> bool:
        found: str | None = self.value
        if self.source:
            found = text_of(item.extracted.get(self.source))
        elif self.label:
            found = item.labels.get(self.label)
        if found:
            item.labels[TENANT_LABEL] = found
        return True


TENANT = StageDeclaration(
    Tenant.read, ("tenant",), "tenant", {"label": "text", "source": "text", "value": "text"}, strict=True
)
