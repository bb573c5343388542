"""Log lines that a person gives, and what a query's stages make of them."""

import json
from collections.abc import Callable, Sequence
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
class SampleShipping:
    """What a job makes of a sample. `ship` answers the entries for labels that the lines come with; `pushed` are the
    labels that its lines can have; `deciding` are those that they come with, whose value nobody knows, and that a
    `match` stage looks at."""

    ship: Callable[[Labels], Sequence[Shipped]]
    pushed: Possible
    deciding: frozenset[str]


@dataclass(frozen=True)
class SampleLines:
    """Lines as they stand in the file. `labels` are those of the stream they belong to, as far as a person said them:
    a selector that contradicts them does not select these lines. `settings` are those of the engine that runs stages
    on them."""

    name: str
    lines: tuple[str, ...]
    settings: EngineSettings
    labels: Labels = field(default_factory=dict)
    shipping: SampleShipping | None = None
    """What their job makes of them; None where no job is known to be theirs."""

    @cached_property
    def wrapping(self) -> Wrapping:
        """The container runtime's format that all lines have."""
        if self.lines and all(CRI.match(line) for line in self.lines):
            return "cri"
        return "docker" if self.lines and all(_docker(line) is not None for line in self.lines) else ""

    @cached_property
    def bare(self) -> tuple[str, ...]:
        """The lines without the container runtime's wrapping, without it."""
        if self.wrapping == "cri":
            return tuple(CRI.sub("", line) for line in self.lines)
        if self.wrapping == "docker":
            return tuple(text.removesuffix("\n") for line in self.lines if (text := _docker(line)) is not None)
        return self.lines

    def survivors(self, query: ast.LogQuery, known: Sequence[ast.Matcher], stages: int) -> list[Row]:
        """The rows that pass the selector (its `known` matchers, as far as labels are known) and the first `stages`
        stages."""
        if self.shipping is not None and not self.shipping.pushed.fits(known):
            return []
        run = compile_stages(query.stages[:stages], self.settings)
        return [row for row in self._rows(known) if _selected(row, known) and run(row)]

    def may_have(self, label: str) -> bool | None:
        """Whether the stream of the lines may have a label; None where nobody knows all of its labels."""
        if label in self.labels:
            return True
        pushed = self.shipping.pushed if self.shipping else None
        if pushed is None or (pushed.open and label not in pushed.labels):
            return None
        return pushed.values(label) != frozenset({""})

    def _rows(self, known: Sequence[ast.Matcher]) -> list[Row]:
        if self.shipping is None:
            return [Row(0, line, self.labels, {}) for line in self.bare]
        # The stream that a query selects is the one that goes through its branch of the pipeline.
        chosen = {m.name: m.value for m in known if m.op == "=" and m.name in self.shipping.deciding}
        entries = self.shipping.ship({**chosen, **self.labels})
        return [row_of(0, entry.line, entry.labels, entry.metadata) for entry in entries]


def _selected(row: Row, matchers: Sequence[ast.Matcher]) -> bool:
    """Whether matchers take a row, as far as the labels of its stream are known."""
    return stream_test([m for m in matchers if m.name in row.stream])(row.stream)


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
