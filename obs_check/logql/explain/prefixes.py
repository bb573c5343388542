"""Counts of a range's prefixes as few metric queries, for a Loki that is asked: one scan for every line filter, and one
for a run of label filters, whose labels are counted together and compared here."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from obs_check.logql.explain.reasons import compared_labels
from obs_check.logql.stages.compile import compile_stage
from obs_check.logql.stages.formats import FORMAT_ERROR
from obs_check.logql.stages.json_full import JSON_ERROR
from obs_check.logql.stages.logfmt import LOGFMT_ERROR
from obs_check.logql.stages.row import ERROR, ERROR_DETAILS, Row
from obs_check.logql.syntax import ast
from obs_check.model.entry import Labels

PART = "obs_check_part"
"""The label that tells the parts of a joined query apart."""
_FILTERS = ast.LineFilter | ast.LabelFilter
_SETS_LABELS = (
    ast.JsonParser
    | ast.LogfmtParser
    | ast.RegexpParser
    | ast.PatternParser
    | ast.UnpackParser
    | ast.LabelFormat
    | ast.DropLabels
    | ast.KeepLabels
)
_FAIL: dict[str, tuple[type, ...]] = {
    JSON_ERROR: (ast.JsonParser, ast.UnpackParser),
    LOGFMT_ERROR: (ast.LogfmtParser,),
    FORMAT_ERROR: (ast.LineFormat, ast.LabelFormat),
}
_NO_ERRORS = ast.DropLabels((ast.LabelChoice(ERROR), ast.LabelChoice(ERROR_DETAILS)))


@dataclass(frozen=True, slots=True)
class Part:
    """One count: of the lines that pass the first `stages` stages. `names` are the labels it is grouped by, None when
    it has the series as they are; `run` is the number of label filters behind the prefix that it answers for."""

    stages: int
    expr: ast.Metric
    names: tuple[str, ...] | None = ()
    run: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """What was found out of a range: lines (and series, where known) behind its first n stages by n; errors of a stage
    and values that it compares by its number."""

    lines: dict[int, int] = field(default_factory=dict)
    series: dict[int, int] = field(default_factory=dict)
    errors: dict[int, Counter[str]] = field(default_factory=dict)
    values: dict[int, dict[str, Counter[str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines that a range reads over a whole query: `interval_ns` before the time asked for, and `offset_ns`. An
    unwrap is here as the label filters that drop what it drops."""

    query: ast.LogQuery
    interval_ns: int
    offset_ns: int = 0

    def parts(self, grouped: bool) -> list[Part]:
        """The counts to ask for. Without `grouped` every filter is counted by a plain sum, which Loki refuses last.

        The lines that reach a run of label filters are counted with the run: no count before it is needed.
        """
        found: list[Part] = []
        at = 0
        known = False
        while True:
            after = self._next_filter(at)
            run = self._run(after) if grouped and after is not None else ()
            if after is not None and run:
                names = tuple(dict.fromkeys((ERROR, *(n for s in run for n in compared_labels(s.predicate)))))
                found.append(Part(after, self._count(after, names), names, len(run)))
                at, known = after + len(run), True
                if self._next_filter(at) is None:
                    return found
                continue
            if not known:
                plain = grouped and not any(isinstance(s, _SETS_LABELS) for s in self.query.stages[:at])
                own = None if plain else ()
                found.append(Part(at, self._count(at, own), own))
            if after is None:
                return found
            at, known = after + 1, False

    def _count(self, stages: int, names: tuple[str, ...] | None) -> ast.Metric:
        prefix = replace(self.query, stages=self.query.stages[:stages])
        if names == ():
            prefix = replace(prefix, stages=(*prefix.stages, _NO_ERRORS))
        count = ast.RangeAggregation("count_over_time", ast.LogRange(prefix, self.interval_ns, self.offset_ns))
        return count if names is None else ast.VectorAggregation("sum", count, ast.Grouping(names) if names else None)

    def _next_filter(self, at: int) -> int | None:
        return next((n for n in range(at, len(self.query.stages)) if isinstance(self.query.stages[n], _FILTERS)), None)

    def _run(self, at: int) -> tuple[ast.LabelFilter, ...]:
        """The label filters that begin at a stage and only compare texts, behind a stage that sets labels."""
        if not any(isinstance(s, _SETS_LABELS) for s in self.query.stages[:at]):
            return ()
        run = []
        for stage in self.query.stages[at:]:
            if not isinstance(stage, ast.LabelFilter) or not _texts_only(stage.predicate):
                break
            run.append(stage)
        return tuple(run)

    def read(self, answers: Iterable[tuple[Part, Sequence[tuple[Labels, float]]]]) -> Counted:
        """The series that Loki answered for each part, without the label PART."""
        found = Counted()
        for part, series in answers:
            found.lines[part.stages] = round(sum(value for _, value in series))
            if part.names is None:
                found.series[part.stages] = len(series)
            if part.run:
                self._compare(part, series, found)
        stages = self.query.stages
        for at in range(len(stages) + 1):
            # Only filters drop lines: what was not counted is the count of the next place before a filter, or the last.
            before_filter = next((n for n in range(at, len(stages)) if isinstance(stages[n], _FILTERS)), len(stages))
            told = next((found.lines[n] for n in range(at, before_filter + 1) if n in found.lines), None)
            found.lines[at] = told if told is not None else found.lines[at - 1]
        return found

    def _compare(self, part: Part, series: Sequence[tuple[Labels, float]], found: Counted) -> None:
        left = [(_row(labels), round(value)) for labels, value in series]
        for kind, lines in _summed((row.error, lines) for row, lines in left).items():
            causes = [n for n, s in enumerate(self.query.stages[: part.stages]) if isinstance(s, _FAIL.get(kind, ()))]
            if causes:
                found.errors.setdefault(causes[-1], Counter()).setdefault(kind, lines)
        for at in range(part.stages, part.stages + part.run):
            stage = self.query.stages[at]
            assert isinstance(stage, ast.LabelFilter)
            found.values[at] = {
                name: _summed((row.get(name), lines) for row, lines in left)
                for name in compared_labels(stage.predicate)
            }
            keep = compile_stage(stage)
            left = [(row, lines) for row, lines in left if keep(row)]
            found.lines[at + 1] = sum(lines for _, lines in left)


def joined(parts: Sequence[ast.Metric]) -> ast.Metric:
    """All of them as one query: each gets the label PART with its number."""
    whole: ast.Metric | None = None
    for number, part in enumerate(parts):
        named = ast.LabelReplace(part, PART, str(number), "", "")
        whole = named if whole is None else ast.BinaryOperation("or", whole, named)
    assert whole is not None
    return whole


def _texts_only(predicate: ast.Predicate) -> bool:
    if isinstance(predicate, ast.AndPredicate | ast.OrPredicate):
        return _texts_only(predicate.left) and _texts_only(predicate.right)
    return isinstance(predicate, ast.StringPredicate)


def _row(labels: Mapping[str, str]) -> Row:
    row = Row(0, "", {}, {})
    row.parsed = {name: value for name, value in labels.items() if name != ERROR}
    row.error = labels.get(ERROR, "")
    return row


def _summed(pairs: Iterable[tuple[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for value, lines in pairs:
        total[value] += lines
    return total
