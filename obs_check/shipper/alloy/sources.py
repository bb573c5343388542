"""`loki.source.*`: where lines come from, as jobs of the neutral model."""

from dataclasses import replace

from obs_check.documents.yaml_tree import YamlValue
from obs_check.golang.quantity import duration_ns
from obs_check.shipper.alloy.arguments import ArgumentReader
from obs_check.shipper.alloy.components import (
    DECOMPRESSION,
    FILE_MATCH,
    SOURCE_DOCKER,
    SOURCE_FILE,
    SOURCE_FILE_BLOCKS,
    SOURCE_KUBERNETES,
    SOURCE_PODLOGS,
)
from obs_check.shipper.alloy.syntax import Attribute, Block
from obs_check.shipper.alloy.targets import TargetList, TargetReader, read_rules
from obs_check.shipper.alloy.values import ComponentReference, Unknown, UnknownText
from obs_check.shipper.alloy.wiring import LineRoute, Wiring
from obs_check.shipper.environment import read_known
from obs_check.shipper.model import ScrapeJob
from obs_check.shipper.relabel import RelabelRule
from obs_check.shipper.stages.components import NextProcess

_GLOB = set("*?[{")


def read_source(block: Block, wiring: Wiring, reading: ArgumentReader) -> list[ScrapeJob]:
    """The jobs of a source: one for each way of its lines, and for each origin of its targets. A job is called after
    the source where there is one only, else what tells it apart is put behind that name."""
    ways = wiring.ways(_forward(block, reading), block.id)
    groups = _targets(block, wiring, reading)
    jobs = []
    for targets in groups:
        for way in ways:
            name = " > ".join(
                [f"{block.id} ({targets.origin})" if len(groups) > 1 else block.id]
                + (list(way.through) or list(way.to) if len(ways) > 1 else [])
            )
            jobs.append(_job(name, block, targets, way, reading))
    return jobs


def _forward(block: Block, reading: ArgumentReader) -> Attribute:
    name = "write_to" if block.name == "logging" else "forward_to"
    found = block.attributes().get(name)
    if found is None:
        raise reading.error(block.line, f"{block.id}: {name} is missing")
    return found


def _job(name: str, block: Block, targets: TargetList, way: LineRoute, reading: ArgumentReader) -> ScrapeJob:
    stages = way.stages
    # Before the first component there is nothing that its extracted values could be kept apart from.
    if stages and isinstance(stages[0], NextProcess):
        stages = stages[1:]
    rules = targets.rules
    if block.name == "loki.source.kubernetes":
        # Alloy sets both where relabeling has not.
        rules += (
            RelabelRule(sources=("job",), regex="", target="job", replacement=block.id),
            RelabelRule(
                sources=(
                    "instance",
                    "__meta_kubernetes_namespace",
                    "__meta_kubernetes_pod_name",
                    "__meta_kubernetes_pod_container_name",
                ),
                regex=";(.+);(.+);(.+)",
                target="instance",
                replacement="$1/$2:$3",
            ),
        )
    return ScrapeJob(
        name,
        replace(way.pipeline, stages=stages),
        targets.labels,
        rules,
        targets.discovery,
        reading.lines.place(block.line),
        _decompression(block, reading),
        targets.kubernetes,
        targets.ignore_older,
        way.to,
        block.name == "loki.source.file" and not targets.expanded,
        _journal_matches(block, reading),
        _encoding(block, reading),
    )


def _encoding(block: Block, reading: ArgumentReader) -> str:
    given = block.attributes().get("encoding") if block.name == "loki.source.file" else None
    value = reading.evaluator.value(given.value) if given else ""
    return value if isinstance(value, str) else ""


def _journal_matches(block: Block, reading: ArgumentReader) -> str:
    given = block.attributes().get("matches") if block.name == "loki.source.journal" else None
    value = reading.evaluator.value(given.value) if given else ""
    return value if isinstance(value, str) else ""


def _targets(block: Block, wiring: Wiring, reading: ArgumentReader) -> list[TargetList]:
    if block.name == "loki.source.file":
        reading.check(block, block.id, SOURCE_FILE, SOURCE_FILE_BLOCKS)
    elif block.name == "loki.source.kubernetes":
        reading.check(block, block.id, SOURCE_KUBERNETES, ("client", "clustering"))
    elif block.name == "loki.source.docker":
        reading.check(block, block.id, SOURCE_DOCKER, ("http_client_config",))
    else:
        if block.name == "loki.source.podlogs":
            reading.check(
                block,
                block.id,
                SOURCE_PODLOGS,
                ("client", "selector", "namespace_selector", "node_filter", "clustering"),
            )
        reading.note(block.line, f"{block.id}: how it finds lines and labels them is not read")
        return [TargetList(block.id, discovery=(block.name,))]
    reader = TargetReader(wiring.components, reading)
    found = reader.read(block.attributes()["targets"], block.id)
    wiring.used |= reader.used
    if block.name in ("loki.source.kubernetes", "loki.source.docker"):
        # Its lines come by an API, whatever finds the targets.
        own = _docker_rules(block, wiring, reading) if block.name == "loki.source.docker" else ()
        return [replace(one, rules=(*one.rules, *own), discovery=(block.name, *one.discovery)) for one in found]
    expands, older = _file_match(block, reading)
    for one in found:
        if not (one.expanded or expands):
            _tell_globs(one, block, reading)
    return [replace(one, ignore_older=one.ignore_older or older, expanded=one.expanded or expands) for one in found]


def _docker_rules(block: Block, wiring: Wiring, reading: ArgumentReader) -> tuple[RelabelRule, ...]:
    """What the labels and rules of a source of Docker's logs do to its targets (Alloy 1.18: in that order)."""
    given = {name: reading.evaluator.value(one.value) for name, one in block.attributes().items()}
    labels = given.get("labels")
    fixed = [
        RelabelRule(target=name, replacement=UnknownText(text.text) if isinstance(text, Unknown) else text)
        for name, text in (labels.items() if isinstance(labels, dict) else ())
        if isinstance(text, str | Unknown)
    ]
    rules = given.get("relabel_rules")
    if isinstance(labels, Unknown) or (isinstance(rules, Unknown) and not isinstance(rules, ComponentReference)):
        return (RelabelRule("labelmap"),)
    if not isinstance(rules, ComponentReference):
        return tuple(fixed)
    wiring.used.add(rules.block)
    return (*fixed, *read_rules(wiring.components[rules.block], reading))


def _tell_globs(targets: TargetList, block: Block, reading: ArgumentReader) -> None:
    paths = [labels["__path__"] for labels in targets.labels if _GLOB & set(labels.get("__path__", ""))]
    paths += [rule.replacement for rule in targets.rules if rule.target == "__path__" and "*" in rule.replacement]
    if paths:
        reading.note(
            block.attributes()["targets"].line,
            f"{block.id} takes {paths[0]} for the name of one file: wildcards need local.file_match, or file_match "
            "{ enabled = true }",
        )


def _file_match(block: Block, reading: ArgumentReader) -> tuple[bool, int]:
    for inner in block.blocks():
        if inner.name == "file_match":
            where = f"{block.id} > file_match"
            reading.check(inner, where, FILE_MATCH)
            node = reading.tree(inner, where, FILE_MATCH)
            older = read_known(node.get("ignore_older_than"), lambda value: value.read(duration_ns), 0)
            return read_known(node.get("enabled"), YamlValue.flag, False), older
    return False, 0


def _decompression(block: Block, reading: ArgumentReader) -> str:
    if block.name != "loki.source.file":
        return ""
    for inner in block.blocks():
        if inner.name == "decompression":
            where = f"{block.id} > decompression"
            reading.check(inner, where, DECOMPRESSION)
            node = reading.tree(inner, where, DECOMPRESSION).mapping()
            return node["format"].text() if read_known(node["enabled"], YamlValue.flag, False) else ""
    return ""
