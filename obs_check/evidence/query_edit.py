"""A change of a log query, made in every place of the panel's queries that has the same mistake.

A query that is half changed (`A[5s] - B[5s]` with the first range alone) reads a number that is wrong and looks right.
So a change is made at all places that are equal, in every target of the panel, or not at all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from obs_check.errors import QueryError
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.funnel import passing_rows
from obs_check.evidence.query_text import Authored, editable_queries, has_variable, splice_text, stages_of
from obs_check.logql import to_text
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.style import matcher_text
from obs_check.model.finding import TargetEdit

_LOOKED_AT = 20
"""Lines of another selector that are looked at to see whether they have the mistake too."""
Splice = tuple[int, int, str]
Edits = tuple[TargetEdit, ...]
Where = Callable[[ast.LogQuery], int | None]
"""The number of the stage that something is put before, as many as there are for the end; None for nowhere."""


def before_stage(stage: ast.Stage) -> Where:
    """In front of a stage, where there is an equal one."""
    return lambda query: query.stages.index(stage) if stage in query.stages else None


def after_stage(stage: ast.Stage) -> Where:
    """Straight behind a stage, where there is an equal one."""
    return lambda query: query.stages.index(stage) + 1 if stage in query.stages else None


def at_end(query: ast.LogQuery) -> int:
    """Behind all stages."""
    return len(query.stages)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A change of a log query: `query` is asked, its first `upto` stages end with the change. `edits` make the same
    change wherever it is needed; none where the text has to be changed by hand."""

    query: ast.LogQuery
    upto: int
    edits: Edits


def replace_stage(context: Context, broken: BrokenTarget, place: int, text: str, names: Sequence[str] = ()) -> Rewrite:
    """Stage number `place` replaced by the stages in `text` ("" removes it). `names` are the labels that this is about.

    A stage that a variable fills in has to be changed where the variable is.
    """
    old, new = broken.query.stages[place], stages_of(text)

    def change(query: ast.LogQuery) -> ast.LogQuery:
        stages = tuple(s for one in query.stages for s in (new if one == old else (one,)))
        return replace(query, stages=stages)

    def splices(one: Authored) -> list[Splice] | None:
        parts = [part for part, asked in zip(one.tree.stages, one.query.stages, strict=False) if asked == old]
        if any(has_variable(one.text(part)) for part in parts):
            return None
        return [(*part.span, text) if text else _taken_out(one, part) for part in parts]

    edits = _everywhere(context, broken, change, splices, names)
    return Rewrite(change(broken.query), place + len(new), edits)


def insert_stage(
    context: Context,
    broken: BrokenTarget,
    text: str,
    where: Where,
    names: Sequence[str] = (),
) -> Rewrite:
    """The stages in `text` put where `where` says."""
    new = stages_of(text)

    def change(query: ast.LogQuery) -> ast.LogQuery:
        at = where(query)
        return query if at is None else replace(query, stages=(*query.stages[:at], *new, *query.stages[at:]))

    def splices(one: Authored) -> list[Splice]:
        at = where(one.query)
        if at is None:
            return []
        stages = one.tree.stages[:at]
        end = stages[-1].span.end if stages else one.tree.selector.span.end
        return [(end, end, f" {text}")]

    at = where(broken.query)
    upto = len(broken.query.stages) if at is None else at + len(new)
    return Rewrite(change(broken.query), upto, _everywhere(context, broken, change, splices, names))


def move_stage(context: Context, broken: BrokenTarget, place: int, to: int, names: Sequence[str] = ()) -> Rewrite:
    """Stage number `place` put before stage number `to`, behind it where that one stands behind; in every log query
    that has both in this order."""
    moved, other = broken.query.stages[place], broken.query.stages[to]
    forward = place < to

    def places(query: ast.LogQuery) -> tuple[int, int] | None:
        if moved not in query.stages or other not in query.stages:
            return None
        old, at = query.stages.index(moved), query.stages.index(other)
        return (old, at) if old != at and (old < at) is forward else None

    def change(query: ast.LogQuery) -> ast.LogQuery:
        found = places(query)
        if found is None:
            return query
        old, at = found
        stages = [*query.stages[:old], *query.stages[old + 1 :]]
        return replace(query, stages=(*stages[:at], moved, *stages[at:]))

    def splices(one: Authored) -> list[Splice]:
        found = places(one.query)
        if found is None or max(found) >= len(one.tree.stages):
            return []
        old, at = (one.tree.stages[n] for n in found)
        if forward:
            return [_taken_out(one, old), (at.span.end, at.span.end, f" {one.text(old)}")]
        return [(at.span.start, at.span.start, f"{one.text(old)} "), _taken_out(one, old)]

    return Rewrite(change(broken.query), to + 1, _everywhere(context, broken, change, splices, names))


def replace_matchers(
    context: Context,
    broken: BrokenTarget,
    changes: Mapping[ast.Matcher, ast.Matcher | None],
    added: str = "",
    at: int = 0,
    names: Sequence[str] = (),
) -> Rewrite:
    """Matchers of the selector replaced (None: taken out), and the stages in `added` put before stage number `at`.

    A matcher that a variable fills in has to be changed where the variable is.
    """
    new, front = stages_of(added) if added else (), broken.query.stages[:at]

    def concerns(query: ast.LogQuery) -> bool:
        return any(one in changes for one in query.selector.matchers)

    def change(query: ast.LogQuery) -> ast.LogQuery:
        if not concerns(query):
            return query
        every = (changes.get(one, one) for one in query.selector.matchers)
        selector = ast.Selector(tuple(one for one in every if one is not None))
        return ast.LogQuery(selector, (*query.stages[:at], *new, *query.stages[at:]))

    def splices(one: Authored) -> list[Splice] | None:
        if not concerns(one.query):
            return []
        texts: list[str] = []
        for part, asked in zip(one.tree.selector.matchers, one.query.selector.matchers, strict=True):
            text = one.text(part)
            if asked in changes and has_variable(text):
                return None
            becomes = changes.get(asked, asked)
            texts += [] if becomes is None else [text if becomes is asked else matcher_text(becomes)]
        if not texts or (new and one.query.stages[:at] != front):
            return None
        edits = [(*one.tree.selector.span, f"{{{', '.join(texts)}}}")]
        end = one.tree.stages[at - 1].span.end if at else one.tree.selector.span.end
        return [*edits, (end, end, f" {added}")] if added else edits

    edits = _everywhere(context, broken, change, splices, names)
    return Rewrite(change(broken.query), at + len(new), edits)


def edit_texts(broken: BrokenTarget, change: Callable[[str], str]) -> Edits:
    """A change of the author's text of the target, and of every target of the panel that selects the same streams."""
    own = broken.query.selector
    alike = {one.target.ref_id for one in editable_queries(broken.whole) if one.query.selector == own}
    alike.add(broken.target.ref_id)
    texts = ((t.ref_id, t.text, change(t.text)) for t in broken.panel.targets if t.ref_id in alike)
    return tuple(TargetEdit(broken.panel.id, ref_id, old, new) for ref_id, old, new in texts if old != new)


def _everywhere(
    context: Context,
    broken: BrokenTarget,
    change: Callable[[ast.LogQuery], ast.LogQuery],
    splices: Callable[[Authored], list[Splice] | None],
    names: Sequence[str],
) -> Edits:
    """The edits of every target; none where a place that needs the change cannot be edited, or the author's text of
    the broken query cannot be read."""
    every = editable_queries(broken.whole)
    if not any(_is_own(one, broken) for one in every):
        return ()
    found: dict[str, list[Splice]] = {}
    for one in every:
        own = splices(one)
        if own == [] or not _has_mistake(context, broken, one, change, names):
            continue
        if own is None:
            return ()
        found.setdefault(one.target.ref_id, []).extend(own)
    texts = ((t.ref_id, t.text, splice_text(t.text, found.get(t.ref_id, ()))) for t in broken.panel.targets)
    return tuple(TargetEdit(broken.panel.id, ref_id, old, new) for ref_id, old, new in texts if old != new)


def _is_own(one: Authored, broken: BrokenTarget) -> bool:
    return (one.target.ref_id, one.place) == (broken.target.ref_id, broken.place)


def _has_mistake(
    context: Context,
    broken: BrokenTarget,
    one: Authored,
    change: Callable[[ast.LogQuery], ast.LogQuery],
    names: Sequence[str],
) -> bool:
    """Whether a log query with an equal place has the same mistake: the lines of the same streams have; of others some
    are looked at, with the change and without."""
    if _is_own(one, broken) or one.query.selector == broken.query.selector:
        return True
    try:
        return _worth(context, broken, change(one.query), names) > _worth(context, broken, one.query, names)
    except QueryError:
        return False


def _worth(context: Context, broken: BrokenTarget, query: ast.LogQuery, names: Iterable[str]) -> tuple[int, int]:
    """How many of the lines at hand pass a log query, and how many of the labels they have then."""
    head = len(list(takewhile(lambda stage: isinstance(stage, ast.LineFilter), query.stages)))
    lines, _ = context.loki.lines(to_text(replace(query, stages=query.stages[:head])), broken.window, _LOOKED_AT)
    passing = passing_rows(query.stages[head:], lines, broken.settings)
    return len(passing), sum(bool(row.get(name)) for row in passing for name in names)


def _taken_out(one: Authored, stage: ast.Stage) -> Splice:
    """The stage without the blanks in front of it."""
    start, end = stage.span
    return len(one.raw[:start].rstrip()), end, ""
