"""Stages that count what passes them while a query runs."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from obs_check.logql.engine.source import Source
from obs_check.logql.explain.reasons import compared_labels, why_all_dropped, why_dropped, why_not_unwrapped
from obs_check.logql.explain.tree import Node
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.stages.row import Row, StageFunction
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.ast import Matcher
from obs_check.logql.syntax.printer import stage_text, unwrap_text
from obs_check.logql.syntax.style import selector_text
from obs_check.model.entry import LogStream

_VALUES = 1000
"""Different values of a label, and names set by a parser, that are counted."""
_PAIR = re.compile(r"[a-zA-Z_][\w.-]*=")
_SKIPPED = "not run: no label that it could set is used behind it"


class StageMeter:
    """Counts around one stage; `before` are the stages in front of it."""

    def __init__(self, stage: ast.Stage | ast.Unwrap, before: Sequence[ast.Stage]) -> None:
        self._stage = stage
        self._before = before
        self._sets_labels = not isinstance(stage, ast.Unwrap) and effect_of(stage).sets_labels
        self.lines_in: int | None = None
        self.lines_out = 0
        self._series: set[int] = set()
        self._kept: str | None = None
        self._dropped: str | None = None
        self._reason = ""
        self._errors: Counter[str] = Counter()
        self._labels: Counter[str] = Counter()
        names = compared_labels(stage.predicate) if isinstance(stage, ast.LabelFilter) else ()
        self._braces = 0
        self._pairs = 0
        self._values: dict[str, Counter[str]] = {name: Counter() for name in names}

    def around(self, run: StageFunction) -> StageFunction:
        """The stage's function with the counting."""
        self.lines_in = 0
        stage = self._stage
        sets_labels = self._sets_labels

        def counted(row: Row) -> bool:
            self._arrive(row)
            before = frozenset(row.parsed) if sets_labels else frozenset()
            error = row.error
            if not run(row):
                if self._dropped is None:
                    self._dropped = row.line
                    self._reason = why_dropped(stage, row, self._before) if not isinstance(stage, ast.Unwrap) else ""
                return False
            if sets_labels:
                self._braces += row.line.startswith("{")
                self._pairs += begins_with_pair(row.line)
                for name, value in row.parsed.items():
                    if value and name not in before and (name in self._labels or len(self._labels) < _VALUES):
                        self._labels[name] += 1
            self._leave(row, error)
            return True

        return counted

    def around_value(self, read: Callable[[Row], float | None]) -> Callable[[Row], float | None]:
        """The same for the function of an unwrap."""
        self.lines_in = 0
        stage = self._stage

        def counted(row: Row) -> float | None:
            self._arrive(row)
            error = row.error
            value = read(row)
            if value is not None:
                self._leave(row, error)
            elif self._dropped is None:
                self._dropped = row.line
                before = row.copy()
                before.error = error
                if isinstance(stage, ast.Unwrap):
                    self._reason = why_not_unwrapped(stage, before, self._before)
            return value

        return counted

    def _arrive(self, row: Row) -> None:
        self.lines_in = (self.lines_in or 0) + 1
        for name, counter in self._values.items():
            value = row.get(name)
            if value in counter or len(counter) < _VALUES:
                counter[value] += 1

    def _leave(self, row: Row, error_before: str) -> None:
        self.lines_out += 1
        if row.error != error_before and row.error:
            self._errors[row.error] += 1
        if self._kept is None:
            self._kept = row.line
        self._series.add(hash(frozenset(row.labels().items())))

    def node(self, lines_before: int, used: bool) -> Node:
        """What was counted; a stage that was not run lets the lines before it pass. `used` is whether any label that
        it could set is used behind it."""
        stage = self._stage
        text = unwrap_text(stage) if isinstance(stage, ast.Unwrap) else stage_text(stage)
        if self.lines_in is None:
            return Node("stage", text, lines_before, lines_before, notes=(_SKIPPED,) if lines_before else ())
        return Node(
            "stage",
            text,
            self.lines_in,
            self.lines_out,
            len(self._series),
            self._kept,
            self._dropped,
            self._why(),
            errors=self._errors,
            labels=dict(self._labels.most_common()),
            values={name: dict(counter.most_common()) for name, counter in self._values.items()},
            notes=self._notes() if used else (),
        )

    def _why(self) -> str:
        if self.lines_out or isinstance(self._stage, ast.Unwrap):
            return self._reason
        return why_all_dropped(self._stage, self._reason, self._values)

    def _notes(self) -> tuple[str, ...]:
        stage = self._stage
        if isinstance(stage, ast.Unwrap) or not self._sets_labels:
            return ()
        if not self.lines_in or not self.lines_out or self._labels:
            return ()
        return (sets_nothing(stage, self._braces, self._pairs, self.lines_in),)


def begins_with_pair(line: str) -> bool:
    """Whether a line begins as logfmt does."""
    return _PAIR.match(line) is not None


def sets_nothing(stage: ast.Stage, braces: int, pairs: int, lines: int) -> str:
    """Words for a stage that set no label on any of `lines`, of which `braces` begin as JSON objects do and `pairs` as
    logfmt does."""
    if isinstance(stage, ast.JsonParser) and not braces:
        told = f"; {pairs:,} of {lines:,} begin with a pair, which logfmt reads" if 2 * pairs > lines else ""
        return f"sets no label on any line: no line is a JSON object{told}"
    if not isinstance(stage, ast.JsonParser | ast.UnpackParser | ast.LabelFormat) and 2 * braces > lines:
        return f"sets no label on any line: {braces:,} of {lines:,} lines are JSON objects, which `| json` reads"
    reads = braces if isinstance(stage, ast.JsonParser) else pairs if isinstance(stage, ast.LogfmtParser) else 0
    return "sets none of the labels that are used behind it" if reads else "sets no label on any line"


def _uses_labels(stage: ast.Stage) -> bool:
    return any(not name.startswith("__") for name in effect_of(stage).reads)


class PipelineMeter:
    """Counts for a selector and its stages; a Source that is read through, and a Watch of the engine. `used` is whether
    any label is used behind the last stage."""

    def __init__(self, query: ast.LogQuery, unwrap: ast.Unwrap | None, source: Source, used: bool = True) -> None:
        self._used = used or unwrap is not None
        self._query = query
        self._source = source
        self._label_sets = 0
        self._lines = 0
        self._example: str | None = None
        self._stages = [StageMeter(stage, query.stages[:number]) for number, stage in enumerate(query.stages)]
        self._unwrap = StageMeter(unwrap, query.stages) if unwrap is not None else None

    def select(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> list[LogStream]:
        """See Source.select."""
        found = [s for s in self._source.select(matchers, start_ns, end_ns) if s.entries]
        self._label_sets += sum(_label_sets(stream) for stream in found)
        self._lines += sum(len(s.entries) for s in found)
        if self._example is None and found:
            self._example = found[0].entries[0].line
        return found

    def stage(self, number: int, run: StageFunction) -> StageFunction:
        """The function of a stage, counted."""
        return self._stages[number].around(run)

    def value(self, read: Callable[[Row], float | None]) -> Callable[[Row], float | None]:
        """What reads a sample from a row, counted when it is an unwrap."""
        return self._unwrap.around_value(read) if self._unwrap is not None else read

    def nodes(self, why_empty: Callable[[ast.Selector], str]) -> tuple[Node, ...]:
        """The selector and its stages. `why_empty` says why a selector finds nothing."""
        selector = self._query.selector
        notes = () if self._lines else tuple(filter(None, (why_empty(selector),)))
        nodes = [
            Node(
                "selector",
                selector_text(selector),
                lines_out=self._lines,
                series=self._label_sets,
                kept=self._example,
                notes=notes,
            )
        ]
        for number, meter in enumerate([*self._stages, *([self._unwrap] if self._unwrap else [])], start=1):
            used = self._used or any(map(_uses_labels, self._query.stages[number:]))
            nodes.append(meter.node(nodes[-1].lines_out or 0, used))
        return tuple(nodes)


def _label_sets(stream: LogStream) -> int:
    """How many different label sets its lines have: structured metadata is part of them."""
    return len({frozenset(entry.metadata.items()) for entry in stream.entries if entry.metadata}) + any(
        not entry.metadata for entry in stream.entries
    )
