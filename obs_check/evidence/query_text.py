"""The author's text of a query, edited where it stands."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from obs_check.evidence.context import BrokenTarget
from obs_check.logql.syntax.parts import log_queries
from obs_check.logql import parse
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import matcher_text
from obs_check.panel.macros import read_text

_VARIABLE = re.compile(r"\$\{?\w|\[\[\w")


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A change of a log query: `query` is asked, its first `upto` stages end with the change; `raw` is the author's
    text with the same change in each of its log queries that has the same mistake (None when the text has to be
    changed by hand)."""

    query: ast.LogQuery
    upto: int
    raw: str | None


def stages_of(text: str) -> tuple[ast.Stage, ...]:
    """The stages that a text like `| json | a="b"` stands for."""
    query = parse(f'{{a="b"}} {text}')
    assert isinstance(query, ast.LogQuery)
    return query.stages


def replace_stage(broken: BrokenTarget, place: int, text: str) -> Rewrite:
    """Stage number `place` replaced by the stages in `text` ("" removes it).

    A stage that a variable fills in has to be changed where the variable is.
    """
    new = stages_of(text)
    stages = broken.query.stages
    query = replace(broken.query, stages=(*stages[:place], *new, *stages[place + 1 :]))
    alike = _alike(broken, lambda q: broken.raw[slice(*q.stages[place].span)] if place < len(q.stages) else "")
    if any(_VARIABLE.search(broken.raw[slice(*q.stages[place].span)]) for q in alike):
        return Rewrite(query, place + len(new), None)
    raw = _spliced(broken.raw, [(*q.stages[place].span, text) for q in alike])
    return Rewrite(query, place + len(new), raw)


def insert_stage(broken: BrokenTarget, place: int, text: str) -> Rewrite:
    """The stages in `text` put before stage number `place` (at the end when there is none)."""
    new = stages_of(text)
    stages = broken.query.stages
    query = replace(broken.query, stages=(*stages[:place], *new, *stages[place:]))

    def end(q: ast.LogQuery) -> int:
        return q.stages[place - 1].span.end if place else q.selector.span.end

    alike = _alike(broken, lambda q: broken.raw[q.selector.span.start : end(q)] if place <= len(q.stages) else "")
    return Rewrite(query, place + len(new), _spliced(broken.raw, [(end(q), end(q), f" {text}") for q in alike]))


def replace_matcher(broken: BrokenTarget, place: int, matcher: ast.Matcher | None, stages: str = "") -> Rewrite:
    """Matcher number `place` of the selector replaced (None: taken out), and the stages in `stages` put behind it.

    A matcher that a variable fills in has to be changed where the variable is.
    """
    matchers = broken.query.selector.matchers
    new = () if matcher is None else (matcher,)
    selector = ast.Selector((*matchers[:place], *new, *matchers[place + 1 :]))
    added = stages_of(stages) if stages else ()
    query = ast.LogQuery(selector, (*added, *broken.query.stages))
    splices = []
    for author in _alike(broken, lambda q: broken.raw[slice(*q.selector.span)]):
        texts = [broken.raw[slice(*m.span)] for m in author.selector.matchers]
        if _VARIABLE.search(texts[place]):
            return Rewrite(query, len(added), None)
        texts[place : place + 1] = [matcher_text(m) for m in new]
        splices.append((*author.selector.span, f"{{{', '.join(texts)}}}{f' {stages}' if stages else ''}"))
    return Rewrite(query, len(added), _spliced(broken.raw, splices))


def _alike(broken: BrokenTarget, part: Callable[[ast.LogQuery], str]) -> list[ast.LogQuery]:
    """The author's log queries that have the same text at a part as the broken one; none when it cannot be read."""
    expr = read_text(broken.raw)
    found = log_queries(expr) if expr is not None else []
    if broken.place >= len(found) or len(found[broken.place].stages) != len(broken.query.stages):
        return []
    text = part(found[broken.place])
    return [query for query in found if part(query) == text]


def _spliced(raw: str, splices: Sequence[tuple[int, int, str]]) -> str | None:
    """The text with each (start, end, new text) in place, None when there are none."""
    for start, end, text in sorted(splices, reverse=True):
        raw = raw[:start] + text + raw[end:]
    return raw if splices else None
