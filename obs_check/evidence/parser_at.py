"""What each parser of a query does with the lines at hand: which labels are wanted of it and which it sets."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from obs_check.errors import QueryError
from obs_check.evidence.asked_queries import asked_queries
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.funnel import count_query, passing_rows
from obs_check.evidence.needed_labels import labels_needed
from obs_check.evidence.query_edit import Rewrite
from obs_check.logql import parse
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, Row
from obs_check.logql.syntax import ast
from obs_check.model.finding import Proof
from obs_check.model.probe import Probe


@dataclass(frozen=True, slots=True)
class ParserAt:
    """Parser number `place` of the query's stages, with the rows before and after it. `needed` are labels that the
    query uses behind it and that no later stage and no stream sets; `shared` are those that the panel's other queries
    use behind an equal parser."""

    place: int
    stage: ast.Parser
    before: tuple[Row, ...]
    after: tuple[Row, ...]
    needed: tuple[str, ...]
    shared: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The lines that reach the parser."""
        return [row.line for row in self.before]

    @property
    def unset(self) -> tuple[str, ...]:
        """Labels that are needed and have a value on none of the lines."""
        return tuple(name for name in self.needed if not any(row.get(name) for row in self.after))


def parsers(broken: BrokenTarget) -> Iterator[ParserAt]:
    """The parsers that lines reach, in order. A stage that Loki refuses ends them."""
    expr = parse(broken.expr)
    for place, stage in enumerate(broken.query.stages[: broken.rungs[-1].stages]):
        if place < broken.head or not isinstance(stage, ast.Parser):
            continue
        try:
            before = passing_rows(broken.query.stages[broken.head : place], broken.lines, broken.settings)
            after = passing_rows(broken.query.stages[broken.head : place + 1], broken.lines, broken.settings)
        except QueryError:
            return
        if not before:
            return
        streams = {name for row in before for name in row.stream}

        def wanted(names: Iterable[str], streams: set[str] = streams) -> tuple[str, ...]:
            return tuple(n for n in dict.fromkeys(names) if n.removesuffix(DUPLICATE_SUFFIX) not in streams)

        needed = wanted(labels_needed(expr, place, broken.place))
        yield ParserAt(place, stage, tuple(before), tuple(after), needed, wanted(_elsewhere(broken, stage)))


def _elsewhere(broken: BrokenTarget, stage: ast.Stage) -> Iterator[str]:
    """Labels that the panel's log queries use behind an equal stage."""
    for asked in asked_queries(broken.whole):
        if stage in asked.query.stages:
            yield from labels_needed(parse(asked.expr), asked.query.stages.index(stage), asked.place)


def rows_at(broken: BrokenTarget, place: int | None = None, *more: ast.Stage) -> list[Row]:
    """The lines at hand in front of a stage of the query, behind all of them without one, and there behind `more`; none
    where Loki refuses a stage."""
    try:
        return passing_rows((*broken.query.stages[broken.head : place], *more), broken.lines, broken.settings)
    except QueryError:
        return []


def with_values(query: ast.LogQuery, labels: tuple[str, ...]) -> ast.LogQuery:
    """The query's lines that have a value for each of the labels."""
    filters = (ast.LabelFilter(ast.StringPredicate(ast.Matcher(name, "!=", ""))) for name in labels)
    return replace(query, stages=(*query.stages, *filters))


def as_written(context: Context, broken: BrokenTarget, labels: tuple[str, ...]) -> tuple[float, Probe]:
    """Lines of the query as written that have the labels; not asked again where no line passes the query at all."""
    last = broken.rungs[-1]
    if last.lines == 0:
        return 0.0, last.probe
    return count(context, broken, with_values(broken.query, labels))


def count(context: Context, broken: BrokenTarget, query: ast.LogQuery) -> tuple[float, Probe]:
    """Lines of a log query in the panel's window."""
    return context.loki.count(count_query(query, broken.window), broken.window)


def count_fixed(
    context: Context, broken: BrokenTarget, rewrite: Rewrite, labels: tuple[str, ...] = ()
) -> tuple[float, Probe]:
    """Lines that pass the query with a change and have the labels. Where a later stage drops them all, the lines that
    pass up to the change: there is another mistake behind."""
    found, probe = count(context, broken, with_values(rewrite.query, labels))
    if found > 0 or rewrite.upto >= len(rewrite.query.stages):
        return found, probe
    upto = replace(rewrite.query, stages=rewrite.query.stages[: rewrite.upto])
    return count(context, broken, with_values(upto, labels))


def count_gained(
    context: Context, broken: BrokenTarget, rewrite: Rewrite, labels: tuple[str, ...]
) -> tuple[float, Proof] | None:
    """How many lines have the labels with a change, and the proof of it; None where lines have them as written, and
    where none has them with it."""
    written, before = as_written(context, broken, labels)
    if written > 0:
        return None
    found, after = count_fixed(context, broken, rewrite, labels)
    return (found, Proof((*broken.measured, before), (after,))) if found > 0 else None
