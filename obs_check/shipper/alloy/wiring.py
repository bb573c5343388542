"""`forward_to`, followed from a source through processes to where the lines end."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from obs_check.shipper.alloy.arguments import ArgumentReader
from obs_check.shipper.alloy.components import PARTS, PROCESS, RELABEL
from obs_check.shipper.alloy.stages import read_stages
from obs_check.shipper.alloy.syntax import Attribute, Block
from obs_check.shipper.alloy.targets import read_rules
from obs_check.shipper.alloy.values import ComponentReference, Unknown
from obs_check.shipper.item import Stage
from obs_check.shipper.pipeline import Pipeline
from obs_check.shipper.stages.components import NextProcess, Nowhere, RelabelLines


@dataclass(frozen=True)
class LineRoute:
    """One way of the lines: the components between source and end in order, their stages in one row, and the ends."""

    through: tuple[str, ...]
    stages: tuple[Stage, ...]
    to: tuple[str, ...] = ()

    @property
    def pipeline(self) -> Pipeline:
        """The stages as a pipeline."""
        return Pipeline(self.stages)


class Wiring:
    """The loki components of a configuration and how they are connected."""

    def __init__(self, components: dict[str, Block], reading: ArgumentReader) -> None:
        self._components = components
        self._reading = reading
        self._stages: dict[str, tuple[Stage, ...]] = {}
        self.used: set[str] = set()

    @property
    def components(self) -> dict[str, Block]:
        """All blocks by id."""
        return self._components

    def ways(self, attribute: Attribute, source: str) -> list[LineRoute]:
        """The ways from a `forward_to`. Ends that are reached through the same components share a way."""
        found: dict[tuple[str, ...], LineRoute] = {}
        for way in self._followed(attribute, source, ()):
            before = found.get(way.through)
            found[way.through] = way if before is None else replace(before, to=(*before.to, *way.to))
        return list(found.values())

    def tell_unused(self, is_used: Callable[[str], bool]) -> None:
        """Notes for components that no source reaches, and nothing else either (`is_used`). Their stages are read all
        the same, so that errors show."""
        for block in self._components.values():
            part = PARTS.get(block.name)
            if part in {"middle", "end"} and block.id not in self.used:
                if not is_used(block.id):
                    self._reading.note(block.line, f"{block.id}: no source forwards to it")
                self._read(block)

    def _followed(self, attribute: Attribute, owner: str, above: tuple[str, ...]) -> list[LineRoute]:
        receivers = self._receivers(attribute)
        if not receivers:
            self._reading.note(attribute.line, f"{owner}: {attribute.name} is empty, its lines go nowhere")
            return [LineRoute((), (Nowhere(owner),))]
        ways: list[LineRoute] = []
        for receiver in receivers:
            ways += self._through(receiver, attribute, above)
        return ways

    def _receivers(self, attribute: Attribute) -> list[Any]:
        value = self._reading.evaluator.value(attribute.value)
        items = value if isinstance(value, list) else [value]
        for item in items:
            if not isinstance(item, Unknown):
                raise self._reading.error(
                    attribute.line,
                    f"{attribute.name} needs a list of receivers, here is {item!r}",
                    "for example [loki.write.default.receiver]",
                )
        if not isinstance(value, list) and isinstance(value, ComponentReference):
            raise self._reading.error(attribute.line, f"{attribute.name} needs a list", f"write [{value.text}]")
        return items

    def _through(self, receiver: Unknown, attribute: Attribute, above: tuple[str, ...]) -> list[LineRoute]:
        if not isinstance(receiver, ComponentReference):
            self._reading.note(attribute.line, f"lines leave for {receiver.text}, which is not read")
            return [LineRoute((), (), (receiver.text,))]
        block = self._components[receiver.block]
        if receiver.export != "receiver" and PARTS.get(block.name) in {"middle", "end"}:
            raise self._reading.error(
                receiver.line, f"{receiver.text} is not a receiver", f"write {receiver.block}.receiver"
            )
        if block.id in above:
            raise self._reading.error(receiver.line, f"{block.id} forwards to itself, by way of {', '.join(above)}")
        self.used.add(block.id)
        part = PARTS.get(block.name)
        if part == "end":
            return [LineRoute((), (), (block.id,))]
        if part != "middle":
            self._reading.note(attribute.line, f"lines leave for {receiver.text}, which is not read")
            return [LineRoute((), (), (block.id,))]
        own = self._read(block)
        forward = block.attributes().get("forward_to")
        if forward is None:
            raise self._reading.error(block.line, f"{block.id}: forward_to is missing")
        ways = self._followed(forward, block.id, (*above, block.id))
        return [LineRoute((block.id, *way.through), _joined(own, way), way.to) for way in ways]

    def _read(self, block: Block) -> tuple[Stage, ...]:
        """The stages of one component, read once."""
        if block.id not in self._stages:
            self._stages[block.id] = self._own_stages(block)
        return self._stages[block.id]

    def _own_stages(self, block: Block) -> tuple[Stage, ...]:
        reading = self._reading
        if block.name == "loki.process":
            reading.check(block, block.id, PROCESS, ("stage.",))
            return (NextProcess(block.id), *read_stages(block, block.id, reading).stages)
        if block.name == "loki.relabel":
            reading.check(block, block.id, RELABEL, ("rule",))
            return (RelabelLines(block.id, read_rules(block, reading)),)
        if block.name == "loki.secretfilter":
            reading.note(block.line, f"{block.id}: what it does to lines is not simulated")
        return ()


def _joined(own: tuple[Stage, ...], way: LineRoute) -> tuple[Stage, ...]:
    return (*own, *way.stages)
