"""`stage.truncate` (Alloy): lines and values cut to a size."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, cast, get_args

from obs_check.shipper.item import Item, LineStage
from obs_check.shipper.stages.declaration import Form, StageDeclaration, StageSettings

Field = Literal["line", "label", "structured_metadata", "extracted"]


@dataclass(frozen=True)
class CutRule:
    """Texts of more than `limit` bytes, less those of `suffix`, are cut and get the suffix; `sources` are the names,
    all when empty."""

    limit: int
    suffix: str = ""
    sources: tuple[str, ...] = ()
    field: Field = "line"

    @classmethod
    def read(cls, given: StageSettings) -> "CutRule":
        limit, kind = given.needed("limit"), given.text("source_type", "line")
        size = given.size("limit") or 0
        if kind not in get_args(Field):
            raise given.error(f"not a source_type: {kind!r}", "line, label, structured_metadata or extracted")
        found = cls(size, given.text("suffix"), given.texts("sources"), cast(Field, kind))
        if size <= len(found.suffix.encode()):
            raise limit.error("must be above 0 and longer than the suffix")
        if kind == "line" and found.sources:
            raise given.error("sources are not for lines", "remove sources or set source_type")
        return found


@dataclass(frozen=True)
class Truncate(LineStage):
    """The extracted value `truncated` names what was cut, sorted and joined by commas."""

    kind: ClassVar[str] = "truncate"
    rules: tuple[CutRule, ...]

    @classmethod
    def read(cls, given: StageSettings) -> "Truncate":
        if not given.blocks:
            raise given.error("a rule block is missing", "")
        return cls(tuple(CutRule.read(given.inside(rule)) for _, rule in given.blocks))

    def change(self, item: Item) -> bool:
        cut: set[str] = set()
        for rule in self.rules:
            if _apply(rule, item):
                cut.add(rule.field)
            if cut:
                before = item.extracted.get("truncated")
                cut.update(before.split(",") if isinstance(before, str) else ())
                item.extracted["truncated"] = ",".join(sorted(cut))
        return True


def _apply(rule: CutRule, item: Item) -> bool:
    if rule.field == "line":
        before = item.line
        item.line = _cut(rule, before)
        return item.line != before
    values: dict[str, Any] = {
        "label": item.labels,
        "structured_metadata": item.metadata,
        "extracted": item.extracted,
    }[rule.field]
    names: Iterable[str] = rule.sources or tuple(values)
    changed = False
    for name in names:
        if isinstance(values.get(name), str) and (text := _cut(rule, values[name])) != values[name]:
            values[name] = text
            changed = True
    return changed


def _cut(rule: CutRule, text: str) -> str:
    data, limit = text.encode(), rule.limit - len(rule.suffix.encode())
    return text if len(data) <= limit else data[:limit].decode(errors="replace") + rule.suffix


_RULE: Form = {"limit": "text!", "suffix": "text", "sources": "texts", "source_type": "text"}
TRUNCATE = StageDeclaration(Truncate.read, alloy="truncate", blocks={"rule": _RULE})
