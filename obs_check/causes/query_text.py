"""The author's text of a query: read with its macros and variables in place, so that it can be edited where it stands.

`[$__range]` is no LogQL. A stand-in of the same length is, so every place in the tree is a place in the text.
"""

import re
from dataclasses import dataclass, replace

from obs_check.causes.context import BrokenTarget
from obs_check.causes.ladder import log_queries
from obs_check.errors import QueryError
from obs_check.logql import parse
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import matcher_text

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|(?P<variable>\$\{[^}]*\}|\$\w+|\[\[\w+\]\])(?P<unit>[a-z]*)')


def _stand_in(found: re.Match[str]) -> str:
    variable = found["variable"]
    if variable is None:
        return found[0]
    bare = variable.strip("${}[]").partition(":")[0]
    # A number of s or ms, or one that has its unit behind it, is no duration by itself.
    if found["unit"] or bare.endswith(("_s", "_ms")) or not found.string[: found.start()].rstrip().endswith("["):
        return "1".rjust(len(variable), "0") + (found["unit"] or "")
    return "1s".rjust(len(variable), "0")


def read_text(raw: str) -> ast.Expr | None:
    """The tree of the author's text, its spans being places in `raw`; None when it cannot be read that way."""
    try:
        return parse(_TOKEN.sub(_stand_in, raw))
    except QueryError:
        return None


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A change of a log query: `query` is asked, `raw` is the author's text with the same change (None when the text
    has to be changed by hand)."""

    query: ast.LogQuery
    raw: str | None


def written(broken: BrokenTarget) -> ast.LogQuery | None:
    """The log query of the target as its author wrote it, its spans being places in `broken.raw`."""
    expr = read_text(broken.raw)
    found = log_queries(expr) if expr is not None else []
    if broken.place >= len(found) or len(found[broken.place].stages) != len(broken.query.stages):
        return None
    return found[broken.place]


def stages_of(text: str) -> tuple[ast.Stage, ...]:
    """The stages that a text like `| json | a="b"` stands for."""
    query = parse(f'{{a="b"}} {text}')
    assert isinstance(query, ast.LogQuery)
    return query.stages


def replace_stage(broken: BrokenTarget, place: int, text: str) -> Rewrite:
    """Stage number `place` replaced by the stages in `text` ("" removes it)."""
    stages = broken.query.stages
    query = replace(broken.query, stages=(*stages[:place], *stages_of(text), *stages[place + 1 :]))
    author = written(broken)
    raw = None
    if author is not None:
        start, end = author.stages[place].span
        raw = broken.raw[:start] + text + broken.raw[end:]
    return Rewrite(query, raw)


def insert_stage(broken: BrokenTarget, place: int, text: str) -> Rewrite:
    """The stages in `text` put before stage number `place` (at the end when there is none)."""
    stages = broken.query.stages
    query = replace(broken.query, stages=(*stages[:place], *stages_of(text), *stages[place:]))
    author = written(broken)
    raw = None
    if author is not None:
        at = author.stages[place - 1].span.end if place else author.selector.span.end
        raw = f"{broken.raw[:at]} {text}{broken.raw[at:]}"
    return Rewrite(query, raw)


def replace_matcher(broken: BrokenTarget, place: int, matcher: ast.Matcher | None, stages: str = "") -> Rewrite:
    """Matcher number `place` of the selector replaced (None: taken out), and the stages in `stages` put behind it.

    A matcher that a variable fills in has to be changed where the variable is.
    """
    matchers = broken.query.selector.matchers
    new = () if matcher is None else (matcher,)
    selector = ast.Selector((*matchers[:place], *new, *matchers[place + 1 :]))
    query = ast.LogQuery(selector, (*stages_of(stages), *broken.query.stages) if stages else broken.query.stages)
    author = written(broken)
    raw = None
    if author is not None and len(author.selector.matchers) == len(matchers):
        texts = [broken.raw[m.span.start : m.span.end] for m in author.selector.matchers]
        if "$" not in texts[place]:
            texts[place : place + 1] = [matcher_text(m) for m in new]
            start, end = author.selector.span
            raw = f"{broken.raw[:start]}{{{', '.join(texts)}}}{f' {stages}' if stages else ''}{broken.raw[end:]}"
    return Rewrite(query, raw)
