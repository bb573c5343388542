"""`tenant`: the tenant a line is pushed for."""

from dataclasses import dataclass
from typing import ClassVar

from obs_check.documents.yaml_tree import YamlValue
from obs_check.shipper.item import Item, PerLine, StageContext, text_of

TENANT_LABEL = "__tenant_id__"
"""The label that carries the tenant to the client, which takes it off again."""


@dataclass(frozen=True)
class Tenant:
    """Exactly one of a label, an extracted value and a fixed value; an empty tenant changes nothing."""

    kind: ClassVar[str] = "tenant"
    label: str = ""
    source: str = ""
    value: str = ""

    @classmethod
    def read(cls, node: YamlValue) -> "Tenant":
        """From YAML."""
        given = {name: value.text() for name, value in node.mapping(("label", "source", "value")).items()}
        if len([v for v in given.values() if v]) != 1:
            raise node.error("exactly one of label, source, value is needed")
        return cls(**given)

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        """At work."""

        def change(item: Item) -> bool:
            found: str | None = self.value
            if self.source:
                found = text_of(item.extracted.get(self.source))
            elif self.label:
                found = item.labels.get(self.label)
            if found:
                item.labels[TENANT_LABEL] = found
            return True

        return PerLine(change)
