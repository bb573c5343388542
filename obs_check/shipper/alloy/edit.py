"""Small changes of an Alloy configuration, row by row: comments and everything else stay as they are."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from obs_check.documents.yaml_nodes import Tree
from obs_check.shipper.alloy.syntax import Attribute, Block, Expression, SourceSpan, parse
from obs_check.shipper.model import ScrapeJob
from obs_check.shipper.stages.components import NextProcess

_STEP = re.compile(r"(\d+) ([\w.]+)")


@dataclass(frozen=True, slots=True)
class AlloyText:
    """`text` is the whole file, `parts` the Alloy texts in it with the row (from 1) at which each starts: a ConfigMap
    holds them indented. A row ends at a line feed and nowhere else, as in Alloy."""

    text: str
    parts: Sequence[tuple[str, int]]
    file: str

    def without_stage(self, job: ScrapeJob, stage: str) -> str | None:
        """The text without the stage that a simulation calls `3 match > 1 regex`; None where it is not found."""
        block = self._stage(job, stage)
        return self._without(block.span) if block and block.span else None

    def without_attribute(self, job: ScrapeJob, stage: str, name: str) -> str | None:
        """The text without an attribute of a stage."""
        block = self._stage(job, stage)
        attribute = block.attributes().get(name) if block else None
        return None if attribute is None else self._without(attribute.span)

    def with_first_stage(self, job: ScrapeJob, name: str) -> str | None:
        """The text with an empty stage in front of the others of the job's first `loki.process`."""
        process = self._process(_segments(job)[0])
        if process is None or process.span is None:
            return None
        stages = _stages(process)
        brace, behind = process.span.end
        place = (brace, behind - 1)
        if stages and stages[0].span:
            place = stages[0].span.start
        column = self._column(place)
        if column is None:
            return None
        rows = self.text.split("\n")
        row = rows[place[0] - 1]
        blank = row[: len(row) - len(row.lstrip())]
        end = "\r" if row.endswith("\r") else ""
        indent = blank if stages and not row[:column].strip() else f"{blank}\t"
        above = [row[:column].rstrip() + end] if row[:column].strip() else []
        below = row if not above else (indent if stages else blank) + row[column:]
        new = f"{indent}stage.{name} {{ }}{end}"
        return "\n".join([*rows[: place[0] - 1], *above, new, below, *rows[place[0] :]])

    def with_text(self, old: str, new: str) -> str | None:
        """The text with another string literal, where the old one stands exactly once."""
        literal = json.dumps(old, ensure_ascii=False)
        if self.text.count(literal) != 1:
            return None
        return self.text.replace(literal, json.dumps(new, ensure_ascii=False))

    def without_value(self, attribute: str, value: str) -> str | None:
        """The text without the one attribute of that name that is a certain text."""
        found = [
            part.span
            for text, row in self.parts
            for block in _all_blocks(parse(text, self.file, row))
            if (part := block.attributes().get(attribute))
            and (part.value.kind, part.value.parts) == ("literal", (value,))
        ]
        return self._without(found[0]) if len(found) == 1 else None

    def _without(self, span: SourceSpan) -> str | None:
        """The text without a span, and without the rows that hold nothing else than it and a comment behind it."""
        first, last = self._column(span.start), self._column(span.end)
        if first is None or last is None:
            return None
        rows = self.text.split("\n")
        above, below = span.start[0] - 1, span.end[0] - 1
        before, after = rows[above][:first].rstrip(), rows[below][last:]
        rest = after.strip()
        if not before.strip() and (not rest or rest.startswith("//")):
            return "\n".join([*rows[:above], *rows[below + 1 :]])
        end = "\r" if after.endswith("\r") else ""
        joined = f"{before} {rest}".rstrip() if before else rows[above][:first] + rest
        return "\n".join([*rows[:above], joined + end, *rows[below + 1 :]])

    def _column(self, place: tuple[int, int]) -> int | None:
        """The column in the file of a place in a part; None where the file writes that row in another way."""
        line, column = place
        rows = self.text.split("\n")
        for text, first in self.parts:
            inner = text.split("\n")
            if first <= line < first + len(inner) and line <= len(rows):
                row, own = rows[line - 1].removesuffix("\r"), inner[line - first].removesuffix("\r")
                if row.endswith(own) and not row[: len(row) - len(own)].strip():
                    return len(row) - len(own) + column
        return None

    def _stage(self, job: ScrapeJob, stage: str) -> Block | None:
        """The block of a stage, by its number among the stages of the way that the job's lines take."""
        steps = [int(number) for number, _ in _STEP.findall(stage)]
        if not steps:
            return None
        first = 0
        for kinds in _segments(job):
            if first < steps[0] <= first + len(kinds):
                process = self._process(kinds)
                return _inside(process, [steps[0] - first, *steps[1:]]) if process else None
            # One more for the step to the next component.
            first += len(kinds) + 1
        return None

    def _process(self, kinds: list[str]) -> Block | None:
        """The one `loki.process` that has just these stages."""
        found = [block for block in self._blocks() if [s.name.removeprefix("stage.") for s in _stages(block)] == kinds]
        return found[0] if len(found) == 1 else None

    def _blocks(self) -> Iterator[Block]:
        for text, row in self.parts:
            yield from (block for block in _all_blocks(parse(text, self.file, row)) if block.name == "loki.process")


def alloy_tree(parts: Sequence[tuple[str, int]], file: str) -> Tree:
    """What the Alloy texts in a file say, without where it stands. Raises ConfigError."""
    return ("list", tuple(_tree(parse(text, file, row)) for text, row in parts))


def _tree(node: object) -> Tree:
    if isinstance(node, Block):
        return ("list", (("scalar", "block", node.id), *map(_tree, node.body)))
    if isinstance(node, Attribute):
        return ("list", (("scalar", "attribute", node.name), _tree(node.value)))
    if isinstance(node, Expression):
        return ("list", (("scalar", "expression", node.kind), *map(_tree, node.parts)))
    if isinstance(node, tuple):
        return ("list", tuple(map(_tree, node)))
    return ("scalar", type(node).__name__, str(node))


def _all_blocks(block: Block) -> Iterator[Block]:
    yield block
    for inner in block.blocks():
        yield from _all_blocks(inner)


def _stages(block: Block) -> list[Block]:
    return [inner for inner in block.blocks() if inner.name.startswith("stage.")]


def _inside(block: Block, steps: list[int]) -> Block | None:
    """Stage number `steps[0]` of a block, inside of that (a match) number `steps[1]`, and so on."""
    stages = _stages(block)
    if not 1 <= steps[0] <= len(stages):
        return None
    inner = stages[steps[0] - 1]
    return _inside(inner, steps[1:]) if steps[1:] else inner


def _segments(job: ScrapeJob) -> list[list[str]]:
    """Kinds of the stages of each component that the job's lines pass, in order."""
    segments: list[list[str]] = [[]]
    for stage in job.pipeline.stages:
        if isinstance(stage, NextProcess):
            segments.append([])
        else:
            segments[-1].append(stage.kind)
    return segments
