"""A pipeline run on lines, without files, clocks or sockets."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from obs_check.model.entry import Labels
from obs_check.model.tree import Json
from obs_check.shipper.item import Item, StageContext
from obs_check.shipper.pipeline import Pipeline


@dataclass(frozen=True)
class Shipped:
    """One line as promtail's -dry-run prints it: without a newline at its end, which is pushed all the same (the
    `docker` stage leaves one). `ts` is ns since the epoch, None where the shipper takes the reading time."""

    ts: int | None
    labels: Labels
    line: str
    metadata: Labels = field(default_factory=dict)
    number: int = field(default=0, compare=False)
    """The input line it comes from, the first one of a block; 1-based."""


@dataclass(frozen=True)
class TracedStage:
    """What one stage did to one input line (`number`, 1-based). `stage` is its place, `2 json` or `3 match > 1 regex`.
    `changes` are (what, before, after): `line`, `ts`, `label NAME`, `extracted NAME`, `metadata NAME`; None is absent.
    A line that was `held` may be `released` later, as it is then (one change, of `line`) or as part of another.
    `reason` is that of the drop counter, where one counts."""

    number: int
    stage: str
    outcome: Literal["kept", "dropped", "held", "released"]
    changes: tuple[tuple[str, Json, Json], ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Simulation:
    """`shipped` in order; `effects` of every stage on every line; `dropped` counts lines by reason."""

    shipped: list[Shipped]
    effects: list[TracedStage]
    dropped: dict[str, int]


def last_change(ran: Simulation, number: int, what: str) -> str:
    """The place of the last stage that changed something of an input line (`line`, `ts`, `label NAME`): the inner one
    of a `match`. "" where none did."""
    changing = (e for e in ran.effects if e.number == number and any(name == what for name, _, _ in e.changes))
    places = [_written(effect.stage) for effect in changing]
    inner = [place for place in places if not any(other.startswith(f"{place} > ") for other in places)]
    return inner[-1] if inner else ""


def _written(place: str) -> str:
    """The place of the stage as a configuration has it: only a `match` holds others, a `cri` is made of some."""
    parts = place.split(" > ")
    own = next((n for n, part in enumerate(parts) if not part.endswith(" match")), len(parts) - 1)
    return " > ".join(parts[: own + 1])


def same_but_time(one: Simulation, other: Simulation) -> bool:
    """Whether two runs on the same lines ship the same entries, their times aside."""
    return [replace(entry, ts=None) for entry in one.shipped] == [replace(entry, ts=None) for entry in other.shipped]


def keeps_entries(one: Simulation, other: Simulation) -> bool:
    """Whether the other run on the same lines ships every entry of the one as it is, and maybe more."""
    numbers = {entry.number for entry in one.shipped}
    return one.shipped == [entry for entry in other.shipped if entry.number in numbers]


def simulate(pipeline: Pipeline, labels: Labels, lines: Iterable[str], now_ns: int) -> list[Shipped]:
    """The lines that a pipeline ships, in order. `now_ns` is the one time at which all are read."""
    return run(pipeline, labels, lines, now_ns, trace=False).shipped


def run(pipeline: Pipeline, labels: Labels, lines: Iterable[str], now_ns: int, trace: bool = True) -> Simulation:
    """As `simulate`, with what every stage did. `sampling` is drawn from a fixed seed."""
    recorder = _Recorder()
    context = StageContext(lambda: now_ns, recorder.count, random.Random(0).random, recorder.observe if trace else None)
    chain = pipeline.start(context)
    items = [out for n, line in enumerate(lines, 1) for out in chain.feed(Item(line, labels, None, n))]
    items += chain.flush(None)
    shipped = [Shipped(i.ts, dict(i.labels), i.line.removesuffix("\n"), dict(i.metadata), i.number) for i in items]
    return Simulation(shipped, recorder.effects, recorder.dropped)


class _Recorder:
    def __init__(self) -> None:
        self.effects: list[TracedStage] = []
        self.dropped: dict[str, int] = {}
        self._reason = ""
        self._held: set[tuple[int, str]] = set()

    def count(self, reason: str) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        self._reason = reason

    def observe(self, stage: str, before: Item | None, out: list[Item], holds: bool) -> None:
        number = before.number if before else 0
        released = [item for item in out if item.number != number]
        # Lines of another number come out of the outermost stage too: they are told once, where they were held.
        for item in released:
            if (item.number, stage) in self._held:
                self._held.discard((item.number, stage))
                self.effects.append(TracedStage(item.number, stage, "released", (("line", None, item.line),)))
        if before is None:
            return
        own = next((item for item in out if item.number == before.number), None)
        reason, self._reason = self._reason, ""
        if own is not None:
            self.effects.append(TracedStage(before.number, stage, "kept", tuple(_changes(before, own))))
        elif (inner := self._inner(before.number, stage)) and inner.outcome == "dropped":
            self.effects.append(TracedStage(before.number, stage, "dropped", (), inner.reason))
        elif holds and not reason:
            self._held.add((before.number, stage))
            self.effects.append(TracedStage(before.number, stage, "held"))
        else:
            self.effects.append(TracedStage(before.number, stage, "dropped", (), reason))

    def _inner(self, number: int, stage: str) -> TracedStage | None:
        """The last effect, when it is that of a stage inside `stage` on the same line."""
        last = self.effects[-1] if self.effects else None
        return last if last and last.number == number and last.stage.startswith(f"{stage} > ") else None


def _changes(before: Item, after: Item) -> Iterable[tuple[str, Json, Json]]:
    for what in ("line", "ts"):
        if getattr(before, what) != getattr(after, what):
            yield what, getattr(before, what), getattr(after, what)
    for what, attribute in (("label", "labels"), ("extracted", "extracted"), ("metadata", "metadata")):
        old, new = getattr(before, attribute), getattr(after, attribute)
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name) or (name in old) != (name in new):
                yield f"{what} {name}", old.get(name), new.get(name)
