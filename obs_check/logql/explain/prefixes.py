"""Counts of a range's prefixes as few metric queries, for a Loki that is asked: one scan for a chain of line filters,
and one for a run of label filters, whose labels are counted together and compared here."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from obs_check.logql.explain.errors import (
    COPY,
    copy_errors,
    error_label,
    error_of,
    without_errors,
)
from obs_check.logql.explain.marks import counts_of_marks, mark, markable
from obs_check.logql.explain.reasons import compared_labels
from obs_check.logql.stages.label_filter import compile_predicate
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.stages.row import ERROR, ERROR_DETAILS, Row
from obs_check.logql.syntax import ast
from obs_check.model.entry import Labels
from obs_check.model.window import Window

PART = "obs_check_part"
"""The label that tells the parts of a joined query apart."""


@dataclass(frozen=True, slots=True)
class PrefixCount:
    """One count: of the lines that pass the first `stages` stages, or of their label sets. `names` are the labels it is
    grouped by, None when it has the series as they are; `run` is the number of label filters, and `marked` that of line
    filters, behind the prefix that it answers for."""

    stages: int
    expr: ast.Metric
    names: tuple[str, ...] | None = ()
    run: int = 0
    marked: int = 0


@dataclass(frozen=True, slots=True)
class PrefixCounts:
    """What was found out of a range: lines (and series, where known) behind its first n stages by n; errors of a stage
    and values that it compares by its number; `unknown` says by n why series are not known."""

    lines: dict[int, int] = field(default_factory=dict)
    series: dict[int, int] = field(default_factory=dict)
    errors: dict[int, Counter[str]] = field(default_factory=dict)
    values: dict[int, dict[str, Counter[str]]] = field(default_factory=dict)
    unknown: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RangeLines:
    """The lines that a range reads over a whole query: `interval_ns` before the time asked for, and `offset_ns`;
    `of_logs` when the query is one for lines. An unwrap is here as the label filters that drop what it drops."""

    query: ast.LogQuery
    interval_ns: int
    offset_ns: int = 0
    of_logs: bool = False

    def window(self, at_ns: int) -> Window:
        """When the lines are from, for a query at a time (ns); a range has the lines at its end."""
        end = at_ns - self.offset_ns + 1
        return Window(end - self.interval_ns, end)

    def parts(self, grouped: bool) -> list[PrefixCount]:
        """The counts to ask for. Without `grouped` no label but the error is counted, which Loki refuses last.

        The lines that reach a run of label filters are counted with the run: no count before it is needed.
        """
        stages = self.query.stages
        found: list[PrefixCount] = []
        at = 0
        known = False
        while True:
            end = self._next_filter(at)
            # Errors that a `drop` takes off are counted before it.
            found += [
                PrefixCount(n, self._lines(n, ()))
                for n in range(at, end)
                if effect_of(stages[n]).takes_errors and _can_fail(stages[at:n])
            ]
            several = self._several(at, end, known) if grouped and end < len(stages) else None
            if several is not None:
                found.append(several)
                at, known = several.stages + several.run + several.marked, True
                continue
            if _can_fail(stages[at:end]):
                found.append(PrefixCount(end, self._lines(end, ())))
            elif not known:
                whole = grouped and self._whole(at)
                found.append(PrefixCount(at, self.count(at) if whole else self._lines(at, ()), None if whole else ()))
            if end == len(stages):
                return found
            at, known = end + 1, False

    def _several(self, at: int, after: int, known: bool) -> PrefixCount | None:
        """One count for all filters that begin at a place, where there is one; `after` is the place of the first
        filter, and `known` whether the lines that reach it are counted."""
        stages = self.query.stages
        if run := self.run(after):
            return PrefixCount(after, self._lines(after, compared_in(run)), compared_in(run), len(run))
        if not self._whole(at):
            return None
        if run := self._texts(at):
            return PrefixCount(at, self.count(at), None, len(run))
        # Loki moves line filters before the stages that change a line, and leaves out a line_format before none.
        marked = markable(stages, at) if all(effect_of(stage).drops_lines for stage in stages[:at]) else ()
        if marked and not known:
            return PrefixCount(at, self.count(at, (*stages[:at], mark(marked))), None, marked=len(marked))
        return None

    def _whole(self, at: int) -> bool:
        """Whether the label sets behind the first stages are those of the streams, without errors: then few."""
        return not self.changes_labels(at) and not _can_fail(self.query.stages[:at])

    def count(self, stages: int, suffix: Sequence[ast.Stage] | None = None) -> ast.RangeAggregation:
        """The lines behind the first stages by label set; `suffix` in place of those stages where it is given."""
        prefix = replace(self.query, stages=self.query.stages[:stages] if suffix is None else tuple(suffix))
        return ast.RangeAggregation("count_over_time", ast.LogRange(prefix, self.interval_ns, self.offset_ns))

    def _lines(self, at: int, names: tuple[str, ...]) -> ast.Metric:
        """The lines behind the first stages by their error, where they can have one, and the named labels."""
        stages = self.query.stages[:at]
        error = error_label(stages)
        if error == COPY:
            stages = copy_errors(stages, self.of_logs)
        elif error is None and not names:
            stages = without_errors(stages)
        # A parser stops at what a count is grouped by, too early where it is asked for by expressions (docs/logql.md):
        # it never finds an error to stop at.
        by = (error or ERROR, *(name for name in names if name != ERROR)) if names or error else ()
        return ast.VectorAggregation("sum", self.count(at, stages), ast.Grouping(by) if by else None)

    def changes_labels(self, at: int) -> bool:
        """Whether the first stages can set labels or take some away."""
        effects = map(effect_of, self.query.stages[:at])
        return any(effect.sets_labels or effect.takes_labels for effect in effects)

    def _next_filter(self, at: int) -> int:
        """The place of the first filter from a stage on; the end where there is none."""
        stages = self.query.stages
        return next((n for n in range(at, len(stages)) if effect_of(stages[n]).drops_lines), len(stages))

    def run(self, at: int) -> tuple[ast.LabelFilter, ...]:
        """The label filters that begin at a stage and only compare texts, behind a stage that changes labels."""
        return self._texts(at) if self.changes_labels(at) else ()

    def _texts(self, at: int) -> tuple[ast.LabelFilter, ...]:
        run = []
        for stage in self.query.stages[at:]:
            if not isinstance(stage, ast.LabelFilter) or effect_of(stage).error:
                break
            run.append(stage)
        return tuple(run)

    def read(self, answers: Iterable[tuple[PrefixCount, Sequence[tuple[Labels, float]]]]) -> PrefixCounts:
        """The series that Loki answered for each part, without the label PART."""
        found = PrefixCounts()
        seen, errors = 0, Counter[str]()
        for part, series in answers:
            found.lines[part.stages] = round(sum(value for _, value in series))
            if part.marked:
                for number, (lines, sets) in enumerate(counts_of_marks(series, part.marked), start=part.stages):
                    found.lines[number], found.series[number] = lines, sets
            elif part.names is None:
                found.series[part.stages] = len(series)
            left = [(row_of_labels(labels), round(value)) for labels, value in series]
            now = _summed((row.error, lines) for row, lines in left)
            if any(effect_of(stage).clears_errors for stage in self.query.stages[seen : part.stages]):
                errors = Counter()
            for kind, lines in now.items():
                causes = [n for n in range(seen, part.stages) if effect_of(self.query.stages[n]).error == kind]
                if kind and causes and lines > errors[kind]:
                    found.errors.setdefault(causes[0], Counter())[kind] = lines - errors[kind]
            for at in range(part.stages, part.stages + part.run):
                left = self._compare(at, left, found)
                if part.names is None:
                    found.series[at + 1] = len(left)
            seen, errors = part.stages + part.run, _summed((row.error, lines) for row, lines in left)
        stages = self.query.stages
        for at in range(len(stages) + 1):
            # Only filters drop lines: what was not counted is the count of the next place before a filter, or the last.
            told = next((found.lines[n] for n in range(at, self._next_filter(at) + 1) if n in found.lines), None)
            found.lines[at] = told if told is not None else found.lines[at - 1]
        return found

    def _compare(self, at: int, rows: list[tuple[Row, int]], found: PrefixCounts) -> list[tuple[Row, int]]:
        stage = self.query.stages[at]
        if not isinstance(stage, ast.LabelFilter):
            raise TypeError(f"stage {at} of {self.query} does not compare labels")
        found.values[at] = {
            name: _summed((row.get(name), lines) for row, lines in rows) for name in compared_labels(stage.predicate)
        }
        keep = compile_predicate(stage.predicate)
        left = [(row, lines) for row, lines in rows if keep(row)]
        found.lines[at + 1] = sum(lines for _, lines in left)
        return left


def _can_fail(stages: Iterable[ast.Stage]) -> bool:
    return any(effect_of(stage).error for stage in stages)


def join_queries(parts: Sequence[ast.Metric]) -> ast.Metric:
    """All of them as one query: each gets the label PART with its number."""
    named: list[ast.Metric] = [ast.LabelReplace(part, PART, str(number), "", "") for number, part in enumerate(parts)]
    whole = named[0]
    for part in named[1:]:
        whole = ast.BinaryOperation("or", whole, part)
    return whole


def compared_in(run: Sequence[ast.LabelFilter]) -> tuple[str, ...]:
    """The labels that the filters compare, each once."""
    return tuple(dict.fromkeys(name for stage in run for name in compared_labels(stage.predicate)))


def row_of_labels(labels: Mapping[str, str]) -> Row:
    """A row with the labels that lines were counted by, all of them as parsed; the error labels are none."""
    row = Row(0, "", {}, {})
    row.parsed = {name: value for name, value in labels.items() if name not in (ERROR, ERROR_DETAILS)}
    row.error = error_of(labels)
    return row


def _summed(pairs: Iterable[tuple[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for value, lines in pairs:
        total[value] += lines
    return total
