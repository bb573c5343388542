"""The `stage.*` blocks of `loki.process`, and those that hold blocks themselves: match, metrics, truncate."""

from typing import cast

from obs_check.documents.yaml_tree import YamlValue
from obs_check.golang.quantity import size_bytes
from obs_check.shipper.alloy.arguments import ArgumentReader, Form
from obs_check.shipper.alloy.stage_kinds import KINDS, names_in, needs_unit, without_attributes
from obs_check.shipper.alloy.syntax import Block
from obs_check.shipper.item import Stage
from obs_check.shipper.pipeline import Pipeline
from obs_check.shipper.stages import truncate
from obs_check.shipper.stages.match import Match
from obs_check.shipper.stages.unseen import MetricsStage

_NESTED = ("match", "metrics", "truncate")
_RULE = {"limit": "text!", "suffix": "text", "sources": "texts", "source_type": "text"}


def read_stages(block: Block, where: str, reading: ArgumentReader) -> Pipeline:
    """The stages in the `stage.*` blocks of a block, in order; raises ConfigError."""
    stages = [_stage(inner, f"{where} > {inner.name}", reading) for inner in block.blocks() if _is_stage(inner)]
    return Pipeline(tuple(stages))


def _is_stage(block: Block) -> bool:
    return block.name.startswith("stage.")


def _stage(block: Block, where: str, reading: ArgumentReader) -> Stage:
    kind = block.name.removeprefix("stage.")
    if kind == "match":
        return _match(block, where, reading)
    if kind == "metrics":
        return _metrics(block, where, reading)
    if kind == "truncate":
        return _truncate(block, where, reading)
    if kind not in KINDS:
        known = sorted((*KINDS, *_NESTED))
        raise reading.unknown(
            block.line, where, f"stage.{kind} is not a stage of Alloy", f"stage.{kind}", [f"stage.{k}" for k in known]
        )
    known_kind = KINDS[kind]
    reading.check(block, where, known_kind.form)
    return known_kind.read(reading.tree(block, where, known_kind.form))


def _match(block: Block, where: str, reading: ArgumentReader) -> Match:
    form = dict.fromkeys(("action", "pipeline_name", "drop_counter_reason"), "text") | {"selector": "text!"}
    reading.check(block, where, form, ("stage.",))
    node = without_attributes(reading.tree(block, where, form))
    inner = read_stages(block, where, reading)
    if inner.stages:
        # The reader wants stages as a node: one that stands for the pipeline that is read already.
        node.mapping()["stages"] = YamlValue([YamlValue("", node.file, node.line, where)], node.file, node.line, where)
    return Match.read(node, lambda _: inner)


def _metrics(block: Block, where: str, reading: ArgumentReader) -> MetricsStage:
    reading.check(block, where, {}, ("metric.",))
    common = dict.fromkeys(("description", "source", "prefix", "max_idle_duration"), "text") | {"name": "text!"}
    forms: dict[str, Form] = {
        "metric.counter": {
            **common,
            "action": "text!",
            "value": "text",
            "match_all": "flag",
            "count_entry_bytes": "flag",
        },
        "metric.gauge": {**common, "action": "text!", "value": "text"},
        "metric.histogram": {**common, "buckets": "texts!", "value": "text"},
    }
    names = []
    for metric in block.blocks():
        if metric.name not in forms:
            raise reading.unknown(metric.line, where, f"{metric.name} is not a metric", metric.name, list(forms))
        reading.check(metric, f"{where} > {metric.name}", forms[metric.name])
        names.append(reading.tree(metric, where, forms[metric.name]).mapping()["name"].text())
    return MetricsStage(tuple(names))


def _truncate(block: Block, where: str, reading: ArgumentReader) -> truncate.Truncate:
    reading.check(block, where, {}, ("rule",))
    if not block.blocks():
        raise reading.error(block.line, f"{where}: a rule block is missing")
    return truncate.Truncate(tuple(_cut_rule(rule, f"{where} > rule", reading) for rule in block.blocks()))


def _cut_rule(block: Block, where: str, reading: ArgumentReader) -> truncate.CutRule:
    reading.check(block, where, _RULE)
    node = reading.tree(block, where, _RULE)
    limit, suffix, field = node.mapping()["limit"], node.get("suffix"), node.get("source_type")
    kind = field.text() if field else "line"
    needs_unit(limit)
    if kind not in {"line", "label", "structured_metadata", "extracted"}:
        raise node.error(f"not a source_type: {kind!r}", "line, label, structured_metadata or extracted")
    size = limit.read(size_bytes)
    found = truncate.CutRule(
        size, suffix.text() if suffix else "", names_in(node, "sources"), cast(truncate.Field, kind)
    )
    if size <= len(found.suffix.encode()):
        raise limit.error("must be above 0 and longer than the suffix")
    if kind == "line" and found.sources:
        raise node.error("sources are not for lines", "remove sources or set source_type")
    return found
