"""A pipeline: stages in a row, and the row at work."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from obs_check.shipper.item import Item, Running, Stage, StageContext


class PassedOver(NamedTuple):
    """A key of a stage that is none of its settings, with the one that it is most like, "" for none."""

    file: str
    line: int
    stage: str
    key: str
    near: str

    @property
    def said(self) -> str:
        """In words."""
        return f"promtail passes over the key `{self.key}` of the stage {self.stage}"


@dataclass(frozen=True)
class Pipeline:
    """The stages of one scrape job, or those inside a `match`. Promtail 3.5 takes settings of stages in any case and
    passes over keys that it does not know."""

    stages: tuple[Stage, ...] = ()
    own_passed_over: tuple[PassedOver, ...] = ()

    @property
    def passed_over(self) -> tuple[PassedOver, ...]:
        """The keys that are passed over, those inside `match` too."""
        nested = (getattr(stage, "pipeline", None) for stage in self.stages)
        inner = (one for pipeline in nested if isinstance(pipeline, Pipeline) for one in pipeline.passed_over)
        return (*self.own_passed_over, *inner)

    def places(self, before: str = "") -> Iterator[tuple[str, Stage]]:
        """The stages in the order in which they are written, those inside `match` too, each with what traces call it,
        for example `3 match > 1 timestamp`."""
        for number, stage in enumerate(self.stages, 1):
            place = f"{before}{number} {stage.kind}"
            yield place, stage
            nested = getattr(stage, "pipeline", None)
            if isinstance(nested, Pipeline):
                yield from nested.places(f"{place} > ")

    def every(self) -> Iterator[Stage]:
        """The stages in the order in which they are written, those inside `match` too."""
        return (stage for _, stage in self.places())

    @property
    def may_drop(self) -> bool:
        """Whether a stage can drop a line, which another job may then be there for."""
        return any(getattr(stage, "may_drop", False) for stage in self.every())

    def notes(self) -> list[str]:
        """What a run of this pipeline cannot show, one sentence a stage."""
        found: list[str] = []
        for stage in self.every():
            found += [note] if (note := getattr(stage, "note", "")) else []
        return found

    def at(self, place: str) -> Stage | None:
        """The stage that traces call by a place; None for no place."""
        return dict(self.places()).get(place)

    def start(self, context: StageContext, place: str = "") -> "Chain":
        """The pipeline at work; `place` stands before the names of its stages in traces."""
        named = [(f"{place}{n} {stage.kind}", stage) for n, stage in enumerate(self.stages, 1)]
        return Chain(context, [(name, stage.start(context, name)) for name, stage in named])


EMPTY = Pipeline()
"""No stages: every line passes."""


class Chain:
    """Stages at work, one after the other; itself usable as a stage. Labels are put into the extracted map first, as
    promtail does at the start of every pipeline, also of a nested one."""

    def __init__(self, context: StageContext, parts: list[tuple[str, Running]]) -> None:
        self._observe = context.observe
        self._parts = parts
        self.holds = any(running.holds for _, running in parts)

    def feed(self, item: Item) -> list[Item]:
        """What the whole pipeline makes of one line."""
        item.extracted.update(item.labels)
        return self._from(0, [item])

    def flush(self, now_ns: int | None) -> list[Item]:
        """What the stages give up of the lines they hold, each passed on through the stages after it."""
        done: list[Item] = []
        for n, (place, running) in enumerate(self._parts):
            released = running.flush(now_ns)
            if self._observe and released:
                self._observe(place, None, released, running.holds)
            done += self._from(n + 1, released)
        return done

    def _from(self, first: int, items: list[Item]) -> list[Item]:
        for place, running in self._parts[first:]:
            out: list[Item] = []
            for item in items:
                if self._observe is None:
                    out += running.feed(item)
                    continue
                before = item.copy()
                got = running.feed(item)
                self._observe(place, before, got, running.holds)
                out += got
            items = out
        return items
