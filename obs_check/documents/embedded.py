"""Texts that stand in YAML: the keys of Kubernetes' ConfigMaps and Secrets, each by itself, with its place."""

import base64
import binascii
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from obs_check.documents.yaml_tree import YamlValue, load
from obs_check.errors import ConfigError

_HOLDING = ("json", "gzipJson")
"""Where a GrafanaDashboard has its dashboard, if anywhere."""
_GZIP = 31
_LARGEST = 16 * 1024 * 1024
"""Of what is unpacked, bytes."""


@dataclass(frozen=True)
class Embedded:
    """A text and the line of `file` at which it starts. `owner` is the object that holds it (`ConfigMap monitoring/x`)
    and `key` its key there, both "" for a text that is not a key of one; `notes` name what of a template was left out.
    The lines of a text that is `escaped` (in quotes, or base64) are none of the file's: all stand at the first."""

    text: str
    file: str
    first_line: int
    owner: str = ""
    key: str = ""
    notes: tuple[str, ...] = ()
    escaped: bool = False

    @property
    def name(self) -> str:
        """What a message calls it."""
        return f"{self.owner}, key {self.key}" if self.owner else f"{self.file}:{self.first_line}"

    def documents(self) -> list[YamlValue]:
        """Its YAML documents; raises ConfigError."""
        found = load(self.text, self.file, self.first_line)
        for value in found if self.escaped else ():
            _at_line(value, self.first_line)
        return found


def _at_line(value: YamlValue, line: int) -> None:
    value.line = line
    for inner in value.data.values() if isinstance(value.data, dict) else value.data or ():
        if isinstance(inner, YamlValue):
            _at_line(inner, line)


def embedded(value: YamlValue, owner: str = "", key: str = "") -> Embedded:
    """The text in a value of YAML, with the line where it starts."""
    text = value.text()
    first = value.line + 1 if value.style in {"|", ">"} else value.line
    return Embedded(text, value.file, first, owner, key, escaped=value.style in ('"', "'"))


def objects(document: YamlValue) -> Iterator[YamlValue]:
    """A document, or what a Kubernetes list (`kubectl get -o yaml`) holds."""
    kind = document.get("kind") if document.is_map() else None
    items = document.get("items") if kind is not None and str(kind.data).endswith("List") else None
    if items is None:
        yield document
        return
    for item in items.items():
        yield from objects(item)


def keys_of(item: YamlValue) -> list[Embedded] | None:
    """The texts of a ConfigMap or a Secret ("" for bytes that are none), or of grafana-operator's GrafanaDashboard;
    None for any other object."""
    if not item.is_map() or "kind" not in item.mapping():
        return None
    top = item.mapping()
    kind = top["kind"].data
    owner = f"{kind} {_name(item)}"
    if kind == "GrafanaDashboard":
        spec = item.get("spec")
        given = spec.mapping() if spec and spec.is_map() else {}
        held, packed = (one if (one := given.get(name)) and isinstance(one.data, str) else None for name in _HOLDING)
        found = [embedded(held, owner, _HOLDING[0])] if held else []
        if packed:
            found.append(Embedded(unpacked(packed.text()), packed.file, packed.line, owner, _HOLDING[1], escaped=True))
        return found
    if kind not in ("ConfigMap", "Secret"):
        return None
    found = [
        embedded(value, owner, key)
        for name in ("data", "stringData")
        if not (kind == "Secret" and name == "data") and (part := item.get(name)) and part.is_map()
        for key, value in part.mapping().items()
        if isinstance(value.data, str)
    ]
    encoded = item.get("data" if kind == "Secret" else "binaryData")
    for key, value in encoded.mapping().items() if encoded and encoded.is_map() else ():
        found.append(Embedded(_decoded(value), value.file, value.line, owner, key, escaped=True))
    return found


def unpacked(text: str) -> str:
    """The text that grafana-operator's `gzipJson` holds: gzip in base64; "" for what is none, and for a larger one than
    any dashboard."""
    try:
        stream = zlib.decompressobj(_GZIP)
        found = stream.decompress(base64.b64decode("".join(text.split()), validate=True), _LARGEST)
        return found.decode() if stream.eof else ""
    except (ValueError, zlib.error):
        return ""


def _name(item: YamlValue) -> str:
    metadata = item.get("metadata")
    if metadata is None or not metadata.is_map():
        return "without a name"
    given = [part.data for name in ("namespace", "name") if (part := metadata.get(name))]
    return "/".join(one for one in given if isinstance(one, str)) or "without a name"


def _decoded(value: YamlValue) -> str:
    """The text of a value in base64, which may stand on several lines; "" for what is no text."""
    try:
        return base64.b64decode("".join(value.text().split()), validate=True).decode()
    except (binascii.Error, ConfigError, UnicodeDecodeError, ValueError):
        return ""
