"""What travels through a shipper's pipeline, and what a stage is."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from obs_check.golang.numbers import format_float
from obs_check.model.entry import Labels


class Item:
    """One line on its way. `ts` is ns since the epoch, or None while no stage set it (the shipper then takes the
    reading time). `extracted` is the scratch map that stages share; values are JSON-able. Stages change it in place.
    `number` is the 1-based number of the input line, for traces."""

    __slots__ = ("extracted", "labels", "line", "metadata", "number", "ts")

    def __init__(self, line: str, labels: Labels, ts: int | None = None, number: int = 0) -> None:
        self.line = line
        self.labels = dict(labels)
        self.extracted: dict[str, Any] = {}
        self.metadata: Labels = {}
        self.ts = ts
        self.number = number

    def copy(self) -> "Item":
        """A copy that later changes do not reach."""
        other = Item(self.line, self.labels, self.ts, self.number)
        other.extracted = dict(self.extracted)
        other.metadata = dict(self.metadata)
        return other

    def source(self, name: str | None) -> str | None:
        """The text a stage works on: the line, or the extracted value `name`; None when that is absent or no text."""
        return self.line if name is None else text_of(self.extracted.get(name))


def text_of(value: object) -> str | None:
    """An extracted value as text. Promtail 3.5: numbers without exponent, booleans lower case; null is not text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format_float(float(value))
    return None


def _no_drop(reason: str) -> None:
    """Nobody counts."""


@dataclass(frozen=True)
class StageContext:
    """What a running pipeline may ask of the world. `clock` answers ns since the epoch; `dropped` is told the reason of
    each line that a stage drops (`logentry_dropped_lines_total`); `chance` answers in [0, 1) for `sampling`."""

    clock: Callable[[], int]
    dropped: Callable[[str], None] = _no_drop
    chance: Callable[[], float] = field(default_factory=lambda: random.Random(0).random)
    observe: "Callable[[str, Item | None, list[Item], bool], None] | None" = None
    """Called after each stage: its place, the item before it (None when the stage gives up what it held), what came
    out, whether the stage may hold lines."""


class Running(Protocol):
    """A stage at work, with its state."""

    holds: bool
    """True when a line that does not come out may come out later."""

    def feed(self, item: Item) -> list[Item]:
        """What comes out when one line goes in: nothing (dropped or held), the line, or several."""
        ...

    def flush(self, now_ns: int | None) -> list[Item]:
        """What a stage gives up of the lines it holds: those whose wait is over at `now_ns`, or all when None."""
        ...


class PerLine:
    """A stage without memory: a function that changes the line and answers False to drop it."""

    holds = False

    def __init__(self, change: Callable[[Item], bool]) -> None:
        self._change = change

    def feed(self, item: Item) -> list[Item]:
        """The line when it is kept."""
        return [item] if self._change(item) else []

    def flush(self, now_ns: int | None) -> list[Item]:  # noqa: ARG002 (the protocol's signature)
        """Nothing is held."""
        return []


class Stage(Protocol):
    """The settings of one stage; frozen and comparable."""

    kind: ClassVar[str]
    """The key of the stage in promtail's YAML."""

    def start(self, context: StageContext, place: str) -> Running:
        """The stage at work. `place` names it in traces, for example `3 match`."""
        ...


class LineStage:
    """A stage without memory that needs its settings only."""

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        """The stage at work."""
        return PerLine(self.change)

    def change(self, item: Item) -> bool:
        """Change the line; False drops it."""
        raise NotImplementedError
