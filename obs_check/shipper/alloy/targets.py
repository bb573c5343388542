"""What a source of Alloy reads: lists of targets, followed through the components that make them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from obs_check.golang.quantity import duration_ns
from obs_check.model.entry import Labels
from obs_check.shipper.alloy.arguments import ArgumentReader
from obs_check.shipper.alloy.http_client import HTTP, HTTP_BLOCKS
from obs_check.shipper.alloy.syntax import Attribute, Block
from obs_check.shipper.alloy.values import ComponentReference, Unknown, UnknownText, has_unknown
from obs_check.shipper.environment import read_known
from obs_check.shipper.pod_discovery import OWN_NODE, Condition, PodDiscovery, in_namespaces, selected
from obs_check.shipper.relabel import RULE_KEYS, RelabelRule, read_rule
from obs_check.shipper.stages.declaration import Form

_RULE: Form = dict.fromkeys(RULE_KEYS, "text") | {"source_labels": "texts", "modulus": "number"}
_FILE_MATCH: Form = {"path_targets": "any!", "sync_period": "text", "ignore_older_than": "text"}
_KUBERNETES: Form = {**HTTP, "api_server": "any", "kubeconfig_file": "any", "role": "text!"}
_KUBERNETES_BLOCKS = ("namespaces", "selectors", "attach_metadata", *HTTP_BLOCKS)
KUBERNETES = "kubernetes_sd_configs"
"""The name of Kubernetes discovery in the neutral model."""


TARGETS = {"local.file_match": "targets", "discovery.relabel": "output", "discovery.kubernetes": "targets"}
"""Components whose targets are followed, with the name of what they export."""


@dataclass(frozen=True)
class TargetList:
    """Targets with one origin (a component, or the list of the source itself). `rules` are still to be applied;
    `expanded` tells that globs in `__path__` are."""

    origin: str
    labels: tuple[Labels, ...] = ()
    rules: tuple[RelabelRule, ...] = ()
    discovery: tuple[str, ...] = ()
    kubernetes: tuple[PodDiscovery, ...] = ()
    expanded: bool = False
    ignore_older: int = 0


class TargetReader:
    """Follows target lists; `used` collects the ids of the components on the way."""

    def __init__(self, components: dict[str, Block], reading: ArgumentReader) -> None:
        self._components = components
        self._reading = reading
        self._above: tuple[str, ...] = ()
        self.used: set[str] = set()

    def read(self, attribute: Attribute, origin: str) -> list[TargetList]:
        """The targets in an attribute; raises ConfigError."""
        value = self._reading.evaluator.value(attribute.value)
        return self._targets(value, origin, attribute.line)

    def check(self, block: Block) -> None:
        """Read a component that nothing uses, so that errors in it show."""
        self._exported(
            block, ComponentReference(f"{block.id}.{TARGETS[block.name]}", block.line, block.id, TARGETS[block.name])
        )

    def _targets(self, value: object, origin: str, line: int) -> list[TargetList]:
        if isinstance(value, ComponentReference):
            return self._followed(value)
        if isinstance(value, Unknown):
            self._reading.note(line, f"{value.text} is known only where Alloy runs: what it finds is not shown here")
            return [TargetList(origin, discovery=(value.text,))]
        if not isinstance(value, list):
            raise self._reading.error(line, "a list of targets is needed", 'for example [{"__path__" = "/tmp/*.log"}]')
        own = [self._labels(one, line) for one in value if isinstance(one, dict)]
        found = [TargetList(origin, tuple(own))] if own or not value else []
        for one in value:
            if not isinstance(one, dict):
                found += self._targets(one, origin, line)
        return found

    def _labels(self, target: dict[str, Any], line: int) -> Labels:
        for name, value in target.items():
            if not isinstance(value, str | Unknown):
                raise self._reading.error(line, f"the label {name} of a target is not a string")
            if isinstance(value, Unknown):
                self._reading.note(line, f"{name}: {value.text} is known only where Alloy runs; its name stands here")
        return {
            name: UnknownText(value.text) if isinstance(value, Unknown) else value for name, value in target.items()
        }

    def _followed(self, reference: ComponentReference) -> list[TargetList]:
        block = self._components[reference.block]
        self.used.add(block.id)
        if block.id in self._above:
            raise self._reading.error(reference.line, f"{block.id} refers to itself")
        above, self._above = self._above, (*self._above, block.id)
        try:
            return self._exported(block, reference)
        finally:
            self._above = above

    def _exported(self, block: Block, reference: ComponentReference) -> list[TargetList]:
        reading = self._reading
        if block.name == "local.file_match":
            self._expect(reference, TARGETS[block.name])
            reading.check(block, block.id, _FILE_MATCH)
            node = reading.tree(block, block.id, {**_FILE_MATCH, "path_targets": "any"})
            limit = read_known(node.get("ignore_older_than"), lambda value: value.read(duration_ns), 0)
            inner = self.read(block.attributes()["path_targets"], block.id)
            return [
                replace(
                    one,
                    labels=tuple(map(_neutral_globs, one.labels)),
                    expanded=True,
                    ignore_older=limit or one.ignore_older,
                )
                for one in inner
            ]
        if block.name == "discovery.relabel":
            self._expect(reference, "output")
            reading.check(block, block.id, {"targets": "any!"}, ("rule",))
            rules = read_rules(block, reading)
            inner = self.read(block.attributes()["targets"], block.id)
            return [replace(one, rules=(*one.rules, *rules)) for one in inner]
        if block.name == "discovery.kubernetes":
            self._expect(reference, "targets")
            reading.check(block, block.id, _KUBERNETES, _KUBERNETES_BLOCKS)
            role = reading.tree(block, block.id, {**_KUBERNETES}).mapping()["role"].text()
            found = PodDiscovery(role, tuple(_conditions(block, role, reading)))
            return [TargetList(block.id, discovery=(KUBERNETES,), kubernetes=(found,))]
        if block.name.startswith("loki."):
            raise reading.error(reference.line, f"{reference.text} is not a list of targets")
        # Whatever else exports targets (prometheus.exporter.*, beyla.ebpf ...): which, only Alloy knows.
        return [TargetList(block.id, discovery=(block.name,))]

    def _expect(self, reference: ComponentReference, export: str) -> None:
        if reference.export != export:
            text = f"{reference.block} exports {export}, not {reference.export or 'itself'}"
            raise self._reading.error(reference.line, text, f"write {reference.block}.{export}")


def _conditions(block: Block, role: str, reading: ArgumentReader) -> Iterator[Condition]:
    """What has to hold for an object that a discovery asks for."""
    for part in block.blocks():
        given = {name: reading.evaluator.value(one.value) for name, one in part.attributes().items()}
        unknown = next((value for value in given.values() if has_unknown(value)), None)
        if isinstance(unknown, Unknown) and OWN_NODE in unknown.text:
            continue
        if unknown is not None:
            told = unknown.text if isinstance(unknown, Unknown) else "that only Alloy knows"
            yield Condition(part.name, (), f"{part.name} {told}")
        elif part.name == "namespaces":
            yield from in_namespaces([str(one) for one in given.get("names") or ()], given.get("own_namespace") is True)
        elif part.name == "selectors" and given.get("role") == role:
            yield from selected(str(given.get("label") or ""), str(given.get("field") or ""))


def _neutral_globs(labels: Labels) -> Labels:
    """Labels of a target with their patterns as promtail would have them. Alloy 1.11 expands them by doublestar v1,
    where a `!` at the start of a class is a character of it (only `^` negates), and not by v4 as promtail 3.5."""
    return {
        name: _CLASS_WITH_BANG.sub(r"[\\!", value) if name in ("__path__", "__path_exclude__") else value
        for name, value in labels.items()
    }


_CLASS_WITH_BANG = re.compile(r"(?<!\\)\[!")


def read_rules(block: Block, reading: ArgumentReader) -> tuple[RelabelRule, ...]:
    """The `rule` blocks of a block."""
    rules = []
    for rule in block.blocks():
        if rule.name == "rule":
            reading.check(rule, f"{block.id} > rule", _RULE)
            rules.append(read_rule(reading.tree(rule, f"{block.id} > rule", _RULE)))
    return tuple(rules)
