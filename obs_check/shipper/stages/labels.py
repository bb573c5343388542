"""`labels`, `structured_metadata`, `static_labels`, `labeldrop`, `labelallow`: which labels a line is shipped with."""

import re
from dataclasses import dataclass
from typing import ClassVar

from obs_check.documents.yaml_tree import YamlValue
from obs_check.shipper.item import Item, LineStage, PerLine, StageContext, text_of
from obs_check.shipper.stages.declaration import StageDeclaration, StageSettings, read_names
from obs_check.shipper.stages.regexes import compile_regex

LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def label_name(name: str) -> str:
    """A text as a label name: every character that has no place there becomes `_`, nothing at all too."""
    return re.sub(r"^\d|[^a-zA-Z0-9_]", "_", name) or "_"


def _read_labels(node: YamlValue, any_text: bool = False) -> tuple[tuple[str, str], ...]:
    """(label, extracted value) of a mapping. With `any_text` a name may be any that is not empty (Alloy 1.11, tried).
    Raises ConfigError."""
    if not node.is_map():
        raise node.error("a mapping of label name to extracted value is needed", "write for example `level:`")
    for name, value in node.mapping().items():
        if not (name if any_text else LABEL_NAME.fullmatch(name)):
            raise value.error(f"not a label name: {name!r}", "letters, digits and _, not starting with a digit")
    return read_names(node)


def _read_list(given: StageSettings) -> tuple[str, ...]:
    names = given.texts("values")
    if given.alloy and not names:
        raise given.error("values is empty", "name at least one")
    if not any(names):
        raise given.written("values").error("a list of label names is needed")
    return names


@dataclass(frozen=True)
class AddLabels(LineStage):
    """`labels`: (label, extracted value); an absent or null value sets nothing. With `from_metadata` (Alloy's
    `source_type = "structured_metadata"`) the values are those of structured metadata."""

    kind: ClassVar[str] = "labels"
    labels: tuple[tuple[str, str], ...]
    from_metadata: bool = False

    @classmethod
    def read(cls, given: StageSettings) -> "AddLabels":
        kind = given.choice("source_type", ("extracted", "structured_metadata"))
        return cls(_read_labels(given.written("values"), given.alloy), kind == "structured_metadata")

    def change(self, item: Item) -> bool:
        values = item.metadata if self.from_metadata else item.extracted
        for name, source in self.labels:
            if (value := text_of(values.get(source))) is not None:
                item.labels[name] = value
        return True


@dataclass(frozen=True)
class StructuredMetadata:
    """`structured_metadata`: as `labels`, but beside the stream's labels; a label of that name is moved. With
    `regex` (Alloy) also all extracted values and labels whose name it matches."""

    kind: ClassVar[str] = "structured_metadata"
    labels: tuple[tuple[str, str], ...]
    regex: str | None = None

    @classmethod
    def read(cls, given: StageSettings) -> "StructuredMetadata":
        regex, values = given.regex("regex"), given.node.mapping().get("values")
        if values is None or (given.alloy and not values.mapping()):
            return cls((), regex)
        return cls(_read_labels(values, given.alloy), regex)

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        names = compile_regex(self.regex) if self.regex else None

        def change(item: Item) -> bool:
            wanted = [*self.labels]
            if names:
                wanted += [(n, n) for n in (*item.extracted, *item.labels) if names.search(n)]
            for name, source in wanted:
                if (value := text_of(item.extracted.get(source))) is not None:
                    item.metadata[name] = value
            for name, source in wanted:
                if source in item.labels:
                    item.metadata[name] = item.labels[source]
            for _, source in wanted:
                item.labels.pop(source, None)
            return True

        return PerLine(change)


@dataclass(frozen=True)
class StructuredMetadataDrop(LineStage):
    """`structured_metadata_drop` (Alloy): structured metadata of these names goes."""

    kind: ClassVar[str] = "structured_metadata_drop"
    names: tuple[str, ...]

    def change(self, item: Item) -> bool:
        for name in self.names:
            item.metadata.pop(name, None)
        return True


@dataclass(frozen=True)
class StaticLabels(LineStage):
    """`static_labels`: fixed labels; empty values set nothing."""

    kind: ClassVar[str] = "static_labels"
    labels: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, given: StageSettings) -> "StaticLabels":
        values = given.written("values")
        _read_labels(values)
        return cls(tuple(values.texts().items()))

    def change(self, item: Item) -> bool:
        item.labels.update({name: value for name, value in self.labels if value})
        return True


@dataclass(frozen=True)
class LabelDrop(LineStage):
    """`labeldrop`: these labels go."""

    kind: ClassVar[str] = "labeldrop"
    names: tuple[str, ...]

    @classmethod
    def read(cls, given: StageSettings) -> "LabelDrop":
        return cls(_read_list(given))

    def change(self, item: Item) -> bool:
        for name in self.names:
            item.labels.pop(name, None)
        return True


@dataclass(frozen=True)
class LabelAllow(LineStage):
    """`labelallow`: only these labels stay."""

    kind: ClassVar[str] = "labelallow"
    names: tuple[str, ...]

    @classmethod
    def read(cls, given: StageSettings) -> "LabelAllow":
        return cls(_read_list(given))

    def change(self, item: Item) -> bool:
        item.labels = {name: value for name, value in item.labels.items() if name in self.names}
        return True


LABELS = StageDeclaration(
    AddLabels.read, ("labels",), "labels", {"values": "map!"}, {"source_type": "text"}, whole="values", strict=True
)
STRUCTURED_METADATA = StageDeclaration(
    StructuredMetadata.read,
    ("structured_metadata", "non_indexed_labels"),
    "structured_metadata",
    {"values": "map"},
    {"regex": "text"},
    whole="values",
    strict=True,
)
STRUCTURED_METADATA_DROP = StageDeclaration(
    lambda given: StructuredMetadataDrop(given.texts("values")),
    alloy="structured_metadata_drop",
    settings={"values": "texts!"},
)
STATIC_LABELS = StageDeclaration(
    StaticLabels.read, ("static_labels",), "static_labels", {"values": "map!"}, whole="values", strict=True
)
LABELDROP = StageDeclaration(
    LabelDrop.read, ("labeldrop",), "label_drop", {"values": "texts!"}, whole="values", strict=True
)
LABELALLOW = StageDeclaration(
    LabelAllow.read, ("labelallow",), "label_keep", {"values": "texts!"}, whole="values", strict=True
)
