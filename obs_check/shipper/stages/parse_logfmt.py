"""`logfmt`: values of a logfmt line into the extracted map."""

from dataclasses import dataclass
from typing import ClassVar

from obs_check.shipper.item import Item, PerLine, StageContext
from obs_check.shipper.logfmt import BadLogfmt, pairs
from obs_check.shipper.stages.declaration import SOURCE, StageDeclaration, StageSettings, read_names
from obs_check.shipper.stages.regexes import compile_regex


@dataclass(frozen=True)
class Logfmt:
    """`mapping` is (name to set, key of the line). Of two names for one key the later gets the value. Values before a
    syntax error stand. With `regex` (Alloy) also every key that it matches is taken."""

    kind: ClassVar[str] = "logfmt"
    mapping: tuple[tuple[str, str], ...]
    source: str | None = None
    regex: str | None = None

    @classmethod
    def read(cls, given: StageSettings) -> "Logfmt":
        regex = given.regex("regex")
        mapping = given.needed("mapping") if regex is None or given.get("mapping") else None
        return cls(read_names(mapping) if mapping else (), given.source(), regex)

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        names = {key: name for name, key in self.mapping}
        keys = compile_regex(self.regex) if self.regex else None

        def change(item: Item) -> bool:
            text = item.source(self.source)
            for line in (text or "").split("\n"):
                try:
                    for key, value in pairs(line.removesuffix("\r")):
                        if key in names:
                            item.extracted[names[key]] = value
                        if keys and keys.search(key):
                            item.extracted[key] = value
                except BadLogfmt:
                    break
            return True

        return PerLine(change)


LOGFMT = StageDeclaration(
    Logfmt.read,
    ("logfmt",),
    "logfmt",
    {"mapping": "map", **SOURCE},
    {"regex": "text"},
    strict=True,
    blank_is_unset=True,
)
