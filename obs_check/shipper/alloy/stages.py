"""The `stage.*` blocks of `loki.process`, read by what stages/registry.py declares."""

from collections.abc import Mapping

from obs_check.documents.yaml_tree import YamlValue
from obs_check.shipper.alloy.arguments import ArgumentReader
from obs_check.shipper.alloy.syntax import Block
from obs_check.shipper.item import Stage
from obs_check.shipper.pipeline import Pipeline
from obs_check.shipper.stages.declaration import Form
from obs_check.shipper.stages.registry import ALLOY


def read_stages(block: Block, where: str, reading: ArgumentReader) -> Pipeline:
    """The stages in the `stage.*` blocks of a block, in order; raises ConfigError."""
    stages = [_stage(inner, f"{where} > {inner.name}", reading) for inner in block.blocks() if _is_stage(inner)]
    return Pipeline(tuple(stages))


def _is_stage(block: Block) -> bool:
    return block.name.startswith("stage.")


def _stage(block: Block, where: str, reading: ArgumentReader) -> Stage:
    name = block.name.removeprefix("stage.")
    kind = ALLOY.get(name)
    if kind is None:
        known = [f"stage.{one}" for one in sorted(ALLOY)]
        raise reading.unknown(block.line, where, f"stage.{name} is not a stage of Alloy", block.name, known)
    # One of `metric.counter` is known by what stands in front of the dot; which there are is said below.
    groups = {inner.partition(".")[0] + "." * ("." in inner) for inner in kind.blocks}
    reading.check(block, where, kind.form, groups)
    node = reading.tree(block, where, kind.form)
    blocks = [_inner(one, kind.blocks, where, reading) for one in block.blocks() if not _is_stage(one)]
    stage = kind.from_alloy(node, read_stages(block, where, reading), blocks)
    file, first = reading.lines.at(block.line)
    rows = block.span.end[0] - block.span.start[0] if block.span else 0
    reading.stages[id(stage)] = file, first, first + rows
    return stage


def _inner(block: Block, forms: Mapping[str, Form], where: str, reading: ArgumentReader) -> tuple[str, YamlValue]:
    if block.name not in forms:
        group = block.name.partition(".")[0]
        raise reading.unknown(block.line, where, f"{block.name} is not a {group}", block.name, list(forms))
    form, inside = forms[block.name], f"{where} > {block.name}"
    reading.check(block, inside, form)
    return block.name, reading.tree(block, inside, form)
