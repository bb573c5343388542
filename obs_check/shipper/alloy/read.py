"""Alloy's configuration into the neutral model: every way that a line takes from a source to its end is one job."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from obs_check.errors import ConfigError
from obs_check.shipper.alloy.arguments import ArgumentReader
from obs_check.shipper.alloy.components import APART, ELSEWHERE, PARTS
from obs_check.shipper.alloy.evaluate import Evaluator
from obs_check.shipper.alloy.modules import ModuleLines, Source, write_out
from obs_check.shipper.alloy.sources import read_source
from obs_check.shipper.alloy.syntax import Block, named_in, parse
from obs_check.shipper.alloy.targets import TARGETS, TargetReader
from obs_check.shipper.alloy.wiring import Wiring
from obs_check.shipper.alloy.writers import read_write
from obs_check.shipper.model import ScrapeJob, ShipperConfig


def parse_alloy(
    texts: Sequence[tuple[str, int]],
    file: str,
    env: Mapping[str, str] | None,
    source: Source,
    partial: bool = False,
    others: Collection[str] = (),
) -> ShipperConfig:
    """The configuration in one or more texts, each with the line of `file` at which it starts (Alloy takes the files
    of a directory for one); `env` is for `sys.env`, None leaves it unknown; `source` reads what `import.file` names; a
    `partial` configuration is one to which a chart adds components, `others` are the ids of components that further
    files have. Raises ConfigError with file and line for what
    Alloy would refuse; what stays unconnected or cannot be judged is in the notes, what may hold pipelines and was not
    read in `unread`."""
    parsed = [parse(text, file, first_line) for text, first_line in texts]
    top = Block("", "", tuple(part for one in parsed for part in one.body), 1)
    lines = ModuleLines(file)
    _components(top.blocks(), lines)
    out = write_out(top, lines, source)
    components = _components(out.blocks, lines)
    notes: list[str] = []
    evaluator = Evaluator(lines, components, {*out.opaque, "argument"}, env, partial, others)
    reading = ArgumentReader(lines, evaluator, notes)
    for name, attribute in top.attributes().items():
        raise reading.error(attribute.line, f"{name}: only blocks stand at the top", f'write {name} "label" {{ ... }}')
    unread = list(out.unread)
    for block in out.blocks:
        if block.name in ELSEWHERE:
            unread.append((block.line, f"{block.id}: pipelines that it makes are not read"))
            continue
        _check_name(block, reading)
        if block.name == "loki.enrich":
            unread.append((block.line, f"{block.id}: the labels that it adds are not known"))
    for line, what in unread:
        reading.note(line, what)
    wiring = Wiring(components, reading)
    jobs: list[ScrapeJob] = []
    for block in out.blocks:
        if PARTS.get(block.name) == "source" or (block.name == "logging" and "write_to" in block.attributes()):
            jobs += read_source(block, wiring, reading)
    clients = [c for block in components.values() if block.name == "loki.write" for c in read_write(block, reading)]
    others_name = {".".join(names) for block in out.blocks for names in _names(block) if not _is_read(block)}

    def is_used(component: str) -> bool:
        return bool(unread) or any(f"{name}.".startswith(f"{component}.") for name in others_name)

    wiring.tell_unused(is_used)
    for block in components.values():
        if block.name in TARGETS and block.id not in wiring.used:
            if not is_used(block.id):
                reading.note(block.line, f"{block.id}: no source reads its targets")
            TargetReader(components, reading).check(block)
        elif block.name == "loki.echo":
            reading.check(block, block.id, {})
    unread += [(line, f"{name} is in another file") for line, name in evaluator.elsewhere.items()]
    return ShipperConfig(
        file,
        tuple(jobs),
        tuple(clients),
        positions="data-alloy/loki.source.file.<label>/positions.yml",
        text="\n".join(text for text, _ in texts),
        dialect="alloy",
        notes=tuple(notes),
        stages=reading.stages,
        unread=tuple(f"{lines.place(line)}: {what}" for line, what in unread),
        other_lines=tuple(
            f"{lines.place(block.line)}: {block.id}"
            for block in out.blocks
            if PARTS.get(block.name) not in ("source", "middle") and _hands_lines_on(block)
        ),
    )


def _is_read(block: Block) -> bool:
    """Whether a component is one of those that are followed."""
    return block.name in PARTS or block.name in TARGETS


def _names(block: Block) -> Iterator[list[str]]:
    """What a block and those inside of it name."""
    for attribute in block.attributes().values():
        yield from named_in(attribute.value)
    for inner in block.blocks():
        yield from _names(inner)


def _hands_lines_on(block: Block) -> bool:
    """Whether a component that is none of Loki's hands log lines on: to one of Loki's, or to OpenTelemetry's."""
    for name, attribute in block.attributes().items():
        if block.name == "output" and name == "logs" and attribute.value.parts:
            return True
        if name != "write_to" and any(one[0] == "loki" and one[-1] == "receiver" for one in named_in(attribute.value)):
            return True
    return any(map(_hands_lines_on, block.blocks()))


def _components(blocks: Iterable[Block], lines: ModuleLines) -> dict[str, Block]:
    found: dict[str, Block] = {}
    for block in blocks:
        if block.id in found:
            raise ConfigError(
                f"{lines.place(block.line)}: a second {block.id}, the first is on line {found[block.id].line}",
                "give it another label",
            )
        found[block.id] = block
    return found


def _check_name(block: Block, reading: ArgumentReader) -> None:
    name = block.name
    if name in PARTS:
        if not block.label:
            raise reading.error(block.line, f"{name} needs a label", f'write {name} "default" {{')
    elif not any(name == known or (known.endswith(".") and name.startswith(known)) for known in APART):
        raise reading.unknown(block.line, name, "unknown component of Alloy", name, [*PARTS, *APART])
