"""Log lines that a person gives, and what a query's stages make of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Literal

from obs_check.boundary.cri import CRI
from obs_check.client.files.search import each_line
from obs_check.errors import InputError, QueryError, UsageError
from obs_check.logql import parse
from obs_check.logql.engine.match import stream_test
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.compile import compile_stages
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax import ast
from obs_check.model.entry import Labels
from obs_check.shipper import logfmt

MOST_LINES = 5000
"""Lines of a sample that are looked at."""
Wrapping = Literal["cri", "docker", ""]
Shape = Literal["json", "logfmt", "text"]


@dataclass(frozen=True)
class SampleLines:
    """Lines as they stand in the file. `labels` are those of the stream they belong to, as far as a person said them:
    a selector that contradicts them does not select these lines. `settings` are those of the engine that runs stages
    on them."""

    name: str
    lines: tuple[str, ...]
    settings: EngineSettings
    labels: Labels = field(default_factory=dict)
    shipped: bool = False
    """Whether the lines are as Loki gets them, in place of as they stand in the file."""

    @cached_property
    def wrapping(self) -> Wrapping:
        """The container runtime's format that all lines have."""
        if self.shipped:
            return ""
        if self.lines and all(CRI.match(line) for line in self.lines):
            return "cri"
        return "docker" if self.lines and all(_docker(line) is not None for line in self.lines) else ""

    @cached_property
    def bare(self) -> tuple[str, ...]:
        """The lines without the container runtime's wrapping, as Loki has them."""
        if self.wrapping == "cri":
            return tuple(CRI.sub("", line) for line in self.lines)
        if self.wrapping == "docker":
            return tuple(text.removesuffix("\n") for line in self.lines if (text := _docker(line)) is not None)
        return self.lines

    def survivors(self, query: ast.LogQuery, stages: int) -> list[Row]:
        """The rows that pass the selector (as far as labels are known) and the first `stages` stages."""
        known = [m for m in query.selector.matchers if m.name in self.labels]
        if not stream_test(known)(self.labels):
            return []
        run = compile_stages(query.stages[:stages], self.settings)
        rows = [Row(0, line, self.labels, {}) for line in self.bare]
        return [row for row in rows if run(row)]


def read_sample(given: str, settings: EngineSettings) -> SampleLines:
    """`FILE`, or `{name="value"}=FILE`. Raises UsageError or InputError."""
    labels: Labels = {}
    file = given
    if given.startswith("{"):
        selector, _, file = given.rpartition("}=")
        try:
            tree = parse(f"{selector}}}")
        except QueryError as error:
            raise UsageError(f"--sample {given!r}: {error.message}", """write --sample '{job="x"}=FILE'""") from error
        if not isinstance(tree, ast.LogQuery) or tree.stages or any(m.op != "=" for m in tree.selector.matchers):
            raise UsageError(f"--sample {given!r}: labels have to be given with =", """write '{job="x"}=FILE'""")
        labels = {m.name: m.value for m in tree.selector.matchers}
    texts = (text for text, *_ in each_line(Path(file)))
    lines = tuple(islice((text for text in texts if text.strip()), MOST_LINES))
    if not lines:
        raise InputError(f"{file}: no line in it", "give a file with log lines")
    return SampleLines(file, lines, settings, labels)


def shape(lines: Sequence[str]) -> Shape:
    """What all lines are: JSON objects, logfmt (two pairs at least), or something else."""
    if all(isinstance(_json(line), dict) for line in lines):
        return "json"
    return "logfmt" if all(_pairs(line) >= 2 for line in lines) else "text"


def _json(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _pairs(line: str) -> int:
    count = 0
    try:
        for key, value in logfmt.pairs(line):
            count += bool(key and value)
    except logfmt.BadLogfmt:
        return 0
    return count


def _docker(line: str) -> str | None:
    document = _json(line)
    if isinstance(document, dict) and {"log", "stream", "time"} <= document.keys():
        return str(document["log"])
    return None
