"""Where one Alloy component hands lines to the next: steps between the stages of a path."""

from dataclasses import dataclass
from typing import ClassVar

from obs_check.shipper.item import Item, LineStage, PerLine, StageContext
from obs_check.shipper.relabel import RelabelRule, relabel


@dataclass(frozen=True)
class NextProcess(LineStage):
    """The start of a further `loki.process`: extracted values do not pass between components."""

    kind: ClassVar[str] = "loki.process"
    component: str

    def change(self, item: Item) -> bool:
        item.extracted = dict(item.labels)
        return True


@dataclass(frozen=True)
class RelabelLines:
    """`loki.relabel`: rules on the labels of each line. A line that a rule drops, or that has no labels left, goes; it
    is not counted."""

    kind: ClassVar[str] = "loki.relabel"
    component: str
    rules: tuple[RelabelRule, ...]

    @property
    def may_drop(self) -> bool:
        """Whether a rule drops lines."""
        return any(rule.action in ("keep", "drop", "keepequal", "dropequal") for rule in self.rules)

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        def change(item: Item) -> bool:
            labels = relabel(item.labels, self.rules)
            if not labels:
                context.dropped(self.component)
                return False
            item.labels = labels
            return True

        return PerLine(change)


@dataclass(frozen=True)
class Nowhere:
    """The end of a component that forwards to nothing."""

    kind: ClassVar[str] = "forward_to"
    component: str

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        def change(item: Item) -> bool:  # noqa: ARG001 (every line is lost)
            context.dropped(f"{self.component} forwards to nothing")
            return False

        return PerLine(change)
