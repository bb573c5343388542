"""`drop`: lines that are not shipped."""

from dataclasses import dataclass
from typing import Any, ClassVar

import re2

from obs_check.documents.yaml_tree import YamlValue
from obs_check.golang.quantity import duration_ns
from obs_check.shipper.item import Item, PerLine, StageContext, text_of
from obs_check.shipper.stages.declaration import StageDeclaration, StageSettings
from obs_check.shipper.stages.regexes import compile_regex, read_regex

_SETTINGS = ("source", "separator", "expression", "value", "older_than", "longer_than", "drop_counter_reason")


@dataclass(frozen=True)
class Drop:
    """All conditions given must hold. `expression` and `value` test the line, or the sources joined by `separator`; a
    source alone tests that every one of them was extracted. `longer_than` in bytes, `older_than` in ns."""

    kind: ClassVar[str] = "drop"
    may_drop: ClassVar[bool] = True
    source: tuple[str, ...] | None = None
    separator: str = ";"
    expression: str | None = None
    value: str | None = None
    older_than: int | None = None
    longer_than: int | None = None
    reason: str = "drop_stage"

    @classmethod
    def read(cls, given: StageSettings) -> "Drop":
        written = {name: value for name in _SETTINGS if (value := given.get(name))}
        if not written.keys() & {"source", "expression", "older_than", "longer_than"}:
            raise given.error("one of source, expression, older_than, longer_than is needed")
        if "value" in written and "source" not in written:
            raise written["value"].error("value needs a source", "add source, or use expression to test the line")
        if "value" in written and "expression" in written:
            raise written["value"].error("value and expression exclude each other")
        return cls(
            _sources(written["source"], given.alloy) if "source" in written else None,
            given.text("separator", ";"),
            read_regex(written["expression"]) if "expression" in written else None,
            written["value"].text() if "value" in written else None,
            written["older_than"].read(duration_ns) if "older_than" in written else None,
            given.size("longer_than"),
            given.reason("drop_stage"),
        )

    def tested(self) -> str:
        """A text of the configuration that tells this stage from others of its kind."""
        of_age = "older_than" if self.older_than is not None else "longer_than"
        return self.expression or self.value or next(iter(self.source or ()), of_age)

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        pattern = self.expression if self.value is None else f"^{re2.escape(self.value)}$"
        regex = None if pattern is None else compile_regex(pattern)

        def change(item: Item) -> bool:
            if not self._meets(item, regex, context):
                return True
            context.dropped(self.reason)
            return False

        return PerLine(change)

    def _meets(self, item: Item, regex: Any, context: StageContext) -> bool:
        if self.longer_than is not None and len(item.line.encode()) <= self.longer_than:
            return False
        if self.older_than is not None:
            # The reading time is a moment ago.
            age = context.clock() - item.ts if item.ts is not None else 1
            if age <= self.older_than:
                return False
        if regex is None:
            return self.source is None or all(name in item.extracted for name in self.source)
        if self.source is None:
            return regex.search(item.line) is not None
        values = [text_of(item.extracted[name]) for name in self.source if name in item.extracted]
        texts = [v for v in values if v is not None]
        return len(texts) == len(values) and regex.search(self.separator.join(texts)) is not None


def _sources(source: YamlValue, alloy: bool) -> tuple[str, ...]:
    """Promtail takes a name or a list of them, Alloy names with commas between."""
    if isinstance(source.data, list):
        return tuple(v.text() for v in source.items())
    return tuple(source.text().split(",")) if alloy else (source.text(),)


DROP = StageDeclaration(Drop.read, ("drop",), "drop", dict.fromkeys(_SETTINGS, "text"), blank_is_unset=True)
