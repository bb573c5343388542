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
from obs_check.logql.stages.row import Row, row_of
from obs_check.logql.syntax import ast
from obs_check.model.entry import Labels
from obs_check.shipper import logfmt
from obs_check.shipper.label_flow import Possible
from obs_check.shipper.simulate import Shipped

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
    entries: tuple[Shipped, ...] | None = None
    """The lines as a job ships them; None where they are as they stand in the file."""
    pushed: Possible | None = None
    """The labels that this job's lines can have."""

    @cached_property
    def wrapping(self) -> Wrapping:
        """The container runtime's format that all lines have."""
        if self.entries is not None:
            return ""
        if self.lines and all(CRI.match(line) for line in self.lines):
            return "cri"
        return "docker" if self.lines and all(_docker(line) is not None for line in self.lines) else ""

    @cached_property
    def bare(self) -> tuple[str, ...]:
        """The lines without the container runtime's wrapping, as Loki has them."""
        if self.entries is not None:
            return tuple(entry.line for entry in self.entries)
        if self.wrapping == "cri":
            return tuple(CRI.sub("", line) for line in self.lines)
        if self.wrapping == "docker":
            return tuple(text.removesuffix("\n") for line in self.lines if (text := _docker(line)) is not None)
        return self.lines

    def survivors(self, query: ast.LogQuery, stages: int) -> list[Row]:
        """The rows that pass the selector (as far as labels are known) and the first `stages` stages."""
        if self.pushed is not None and not self.pushed.fits(query.selector.matchers):
            return []
        run = compile_stages(query.stages[:stages], self.settings)
        return [row for row in self._rows() if _selected(row, query.selector) and run(row)]

    def may_have(self, label: str) -> bool | None:
        """Whether the stream of the lines may have a label; None where nobody knows all of its labels."""
        if label in self.labels:
            return True
        if self.pushed is None or (self.pushed.open and label not in self.pushed.labels):
            return None
        return self.pushed.values(label) != frozenset({""})

    def _rows(self) -> list[Row]:
        if self.entries is None:
            return [Row(0, line, self.labels, {}) for line in self.bare]
        return [row_of(0, entry.line, entry.labels, entry.metadata) for entry in self.entries]


def _selected(row: Row, selector: ast.Selector) -> bool:
    """Whether a selector takes a row, as far as the labels of its stream are known."""
    return stream_test([m for m in selector.matchers if m.name in row.stream])(row.stream)


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


def shapes(lines: Sequence[str]) -> set[Shape]:
    """What there is among the lines: a banner before JSON is text, and the rest JSON all the same."""
    return {_shape(line) for line in lines}


def _shape(line: str) -> Shape:
    if isinstance(_json(line), dict):
        return "json"
    return "logfmt" if _pairs(line) >= 2 else "text"


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
