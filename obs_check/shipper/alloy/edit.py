"""Small changes of an Alloy configuration, row by row: comments and everything else stay as they are."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from obs_check.shipper.alloy.syntax import Block, parse
from obs_check.shipper.model import ScrapeJob
from obs_check.shipper.stages.components import NextProcess

_STEP = re.compile(r"(\d+) ([\w.]+)")


@dataclass(frozen=True, slots=True)
class AlloyText:
    """`text` is the whole file, `parts` the Alloy texts in it with the row (from 1) at which each starts: a ConfigMap
    holds them indented."""

    text: str
    parts: Sequence[tuple[str, int]]
    file: str

    def without_stage(self, job: ScrapeJob, stage: str) -> str | None:
        """The text without the stage that a simulation calls `3 match > 1 regex`; None where it is not found."""
        block = self._stage(job, stage)
        return None if block is None else self._without_rows(block.line, block.end)

    def without_attribute(self, job: ScrapeJob, stage: str, name: str) -> str | None:
        """The text without an attribute of a stage, where it stands on a row of its own."""
        block = self._stage(job, stage)
        attribute = block.attributes().get(name) if block else None
        return None if attribute is None else self._without_rows(attribute.line, attribute.line)

    def with_first_stage(self, job: ScrapeJob, name: str) -> str | None:
        """The text with an empty stage in front of the others of the job's first `loki.process`."""
        process = self._process(_segments(job)[0])
        stages = _stages(process) if process else []
        if process is None:
            return None
        at = stages[0].line if stages else process.end
        rows = self.text.splitlines()
        below = rows[at - 1]
        indent = below[: len(below) - len(below.lstrip())] + ("" if stages else "\t")
        return self._joined([*rows[: at - 1], f"{indent}stage.{name} {{ }}", *rows[at - 1 :]])

    def with_text(self, old: str, new: str) -> str | None:
        """The text with another string literal, where the old one stands exactly once."""
        literal = json.dumps(old, ensure_ascii=False)
        if self.text.count(literal) != 1:
            return None
        return self.text.replace(literal, json.dumps(new, ensure_ascii=False))

    def without_row(self, attribute: str, value: str) -> str | None:
        """The text without the one row that sets an attribute to a text."""
        wanted = re.compile(rf"\s*{re.escape(attribute)}\s*=\s*{re.escape(json.dumps(value, ensure_ascii=False))}\s*")
        found = [n for n, row in enumerate(self.text.splitlines(), 1) if wanted.fullmatch(row)]
        return self._without_rows(found[0], found[0]) if len(found) == 1 else None

    def _without_rows(self, first: int, last: int) -> str:
        rows = self.text.splitlines()
        return self._joined([*rows[: first - 1], *rows[last:]])

    @staticmethod
    def _joined(rows: list[str]) -> str:
        return "\n".join(rows) + "\n"

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
            yield from (block for block in parse(text, self.file, row).blocks() if block.name == "loki.process")


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
