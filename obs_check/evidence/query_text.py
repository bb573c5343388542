"""A panel's log queries as their author wrote them, so that they can be edited where they stand."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from obs_check.evidence.asked_queries import asked_queries
from obs_check.evidence.context import BrokenPanel
from obs_check.logql import parse
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import log_queries, ranges
from obs_check.panel.elements import Target
from obs_check.panel.macros import read_text

_GROUPING = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|\bby\s*\((?P<names>[^)]*)\)')
_COMPARED = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|(?P<name>\b[A-Za-z_]\w*)(?=\s*[=!<>])')
_VARIABLE = re.compile(r"\$\{?\w|\[\[\w")


@dataclass(frozen=True, slots=True)
class Authored:
    """Log query number `place` of a panel's target: `tree` has its places in the author's text `raw`, `query` what is
    asked, with variables and macros filled in. What a dashboard adds on its own, such as ad hoc filters, comes behind
    the author's stages and is in `query` alone."""

    target: Target
    tree: ast.LogQuery
    query: ast.LogQuery
    place: int

    @property
    def raw(self) -> str:
        """The author's text of the target."""
        return self.target.text

    def text(self, part: ast.Selector | ast.Matcher | ast.Stage) -> str:
        """The author's text of a part of `tree`."""
        return self.raw[slice(*part.span)]


def editable_queries(whole: BrokenPanel) -> list[Authored]:
    """The log queries of a panel that can be edited where they stand; those of hidden targets too, as they are."""
    asked = {(one.target.ref_id, one.place): one.query for one in asked_queries(whole)}
    found = []
    for target in whole.panel.targets:
        expr = read_text(target.text) if "expr" in target.query else None
        for place, tree in enumerate(log_queries(expr) if expr is not None else []):
            query = asked.get((target.ref_id, place), tree)
            if len(query.stages) >= len(tree.stages):
                found.append(Authored(target, tree, query, place))
    return found


def has_variable(text: str) -> bool:
    """Whether a variable stands in a part of a text: then it has to be changed where the variable is."""
    return _VARIABLE.search(text) is not None


def stages_of(text: str) -> tuple[ast.Stage, ...]:
    """The stages that a text like `| json | a="b"` stands for."""
    query = parse(f'{{a="b"}} {text}')
    if not isinstance(query, ast.LogQuery):
        raise ValueError(f"not stages of a log query: {text}")
    return query.stages


def splice_text(raw: str, splices: Iterable[tuple[int, int, str]]) -> str:
    """The text with each (start, end, new text) in place."""
    for start, end, text in sorted(splices, reverse=True):
        raw = raw[:start] + text + raw[end:]
    return raw


def group_by_label(text: str, old: str, new: str) -> str:
    """A query that groups by `new` for `old`."""

    def renamed(found: re.Match[str]) -> str:
        return found[0] if found["names"] is None else re.sub(rf"\b{re.escape(old)}\b", new, found[0])

    return _GROUPING.sub(renamed, text)


def unwrap_label(text: str, old: str, new: str) -> str:
    """A query that unwraps `new`, a label or one in a conversion, for the label `old`."""
    expr = read_text(text)
    unwraps = [found.unwrap for found in ranges(expr) if found.unwrap] if expr is not None else []
    spans = [unwrap.span for unwrap in unwraps if unwrap.label == old and not unwrap.conversion]
    return splice_text(text, ((*span, text[slice(*span)].replace(old, new, 1)) for span in spans))


def behind_unwrap(text: str, label: str, stages: str) -> str:
    """A query with stages behind every `unwrap` of the label."""
    expr = read_text(text)
    unwraps = [found.unwrap for found in ranges(expr) if found.unwrap] if expr is not None else []
    ends = [unwrap.span.end for unwrap in unwraps if unwrap.label == label]
    return splice_text(text, ((end, end, f" {stages}") for end in ends))


def filtering_behind(text: str, stage: ast.Stage, old: str, new: str) -> str:
    """A query whose label filters behind an equal stage look at `new` for `old`."""
    expr = read_text(text)
    splices = []
    for query in log_queries(expr) if expr is not None else ():
        place = query.stages.index(stage) if stage in query.stages else len(query.stages)
        for one in query.stages[place + 1 :]:
            if isinstance(one, ast.LabelFilter):
                splices.append(
                    (*one.span, _COMPARED.sub(partial(_other_name, old=old, new=new), text[slice(*one.span)]))
                )
    return splice_text(text, splices)


def _other_name(found: re.Match[str], old: str, new: str) -> str:
    return new if found["name"] == old else found[0]
