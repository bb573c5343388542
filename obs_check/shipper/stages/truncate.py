"""`stage.truncate` (Alloy): lines and values cut to a size."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from obs_check.shipper.item import Item, PerLine, StageContext

Field = Literal["line", "label", "structured_metadata", "extracted"]


@dataclass(frozen=True)
class CutRule:
    """Texts of more than `limit` bytes, less those of `suffix`, are cut and get the suffix; `sources` are the names,
    all when empty."""

    limit: int
    suffix: str = ""
    sources: tuple[str, ...] = ()
    field: Field = "line"


@dataclass(frozen=True)
class Truncate:
    """The extracted value `truncated` names what was cut, sorted and joined by commas."""

    kind: ClassVar[str] = "truncate"
    rules: tuple[CutRule, ...]

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        """At work."""

        def change(item: Item) -> bool:
            cut: set[str] = set()
            for rule in self.rules:
                if _apply(rule, item):
                    cut.add(rule.field)
                if cut:
                    before = item.extracted.get("truncated")
                    cut.update(before.split(",") if isinstance(before, str) else ())
                    item.extracted["truncated"] = ",".join(sorted(cut))
            return True

        return PerLine(change)


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
