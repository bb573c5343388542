"""A dashboard's variables: where their values stand in queries, and in the dashboard itself."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.query_text import Authored, editable_queries, has_variable, splice_text
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import comparisons
from obs_check.model.finding import PanelEdit, TargetEdit
from obs_check.model.tree import Json
from obs_check.panel.interpolate import references

_OPERATOR = re.compile(r"(?P<front>[^=!|]*?)(?P<op>\|=|\|~|=~|!~|!=|=)(?P<quoted>\s*(?:\"(?:[^\"\\]|\\.)*\"|`[^`]*`))")
_SEVERAL = re.compile(r"\$\w+|\$\{\w+(?::pipe)?\}|\[\[\w+(?::pipe)?\]\]")
_REFERENCE = r"\$\w+|\$\{[^}]+\}|\[\[\w+(?::\w+)?\]\]"
_SIGN = r"[$^*{}\[\]+?.()|]"
_BARE = re.compile(rf"(?P<kept>{_REFERENCE})|(?P<sign>{_SIGN}|\\)")
_ESCAPED = re.compile(rf"(?P<kept>{_REFERENCE}|\\[^\\])|(?P<sign>{_SIGN}|\\\\)")
"""What a regular expression reads in the text of backticks, and of double quotes."""
_BEGINS = re.compile(r"(?:^|[|(]|\(\?:|\(\?[a-zA-Z]+\)|\(\?P?<\w+>)$")
_ENDS = re.compile(r"$|[|)]")
EXPRESSION_OPERATORS = {"=": "=~", "!=": "!~"}
"""The operator of a matcher that takes a regular expression, by the one that takes a text."""
EXPRESSION_FILTERS = {"|=": "|~", "!=": "!~"}
"""As above, of a line filter."""


@dataclass(frozen=True, slots=True)
class Use:
    """A comparison that variables (`names`) are written into: a matcher of the selector or of a label filter, or a line
    filter with one text. `part` is its place in the author's text, `asked` the same as it is sent."""

    query: Authored
    part: ast.Matcher | ast.LineFilter
    asked: ast.Matcher | ast.LineFilter
    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """The author's text of the comparison."""
        return self.query.raw[slice(*self.part.span)]

    @property
    def value(self) -> str:
        """What is compared with, as it is sent."""
        return self.asked.value if isinstance(self.asked, ast.Matcher) else self.asked.matches[0].value

    @property
    def alone(self) -> bool:
        """Whether the compared text is the variable and nothing else."""
        return re.search(r"[\"`](?:\$\w+|\$\{\w+\}|\[\[\w+\]\])[\"`]$", self.text) is not None

    def with_operator(self, op: str) -> str:
        """The author's text with another operator."""
        return _OPERATOR.sub(lambda found: f"{found['front']}{op}{found['quoted']}", self.text, count=1)

    @property
    def takes_expression(self) -> bool:
        """Whether it compares with a regular expression."""
        of_texts = EXPRESSION_OPERATORS if isinstance(self.asked, ast.Matcher) else EXPRESSION_FILTERS
        return self.asked.op not in of_texts

    def of_several(self, names: Collection[str]) -> str:
        """The author's text as an expression that fits each value of these variables."""
        # Grafana writes two backslashes for one, because it expects double quotes.
        return fitting_several(self.text, isinstance(self.asked, ast.Matcher), names, "\\" in self.value)

    def as_expression(self, text: str, value: str = "") -> str:
        """Another text of the comparison with the operator that takes a regular expression, and with another value
        where one is given."""
        ops = EXPRESSION_OPERATORS if isinstance(self.asked, ast.Matcher) else EXPRESSION_FILTERS

        def changed(found: re.Match[str]) -> str:
            quoted = f'"{value}"' if value else found["quoted"]
            return f"{found['front']}{ops.get(found['op'], found['op'])}{quoted}"

        return _OPERATOR.sub(changed, text, count=1)


def fitting_several(text: str, is_matcher: bool, names: Collection[str], double_quotes: bool = False) -> str:
    """The text of a comparison as an expression that fits each value of these variables: what stands beside them stays
    what it is, and they stand in parentheses, since Grafana writes `a|b` for Loki, and `x-a|b` is `x-a` or `b`. In
    `double_quotes` where it has backticks that can be replaced, and is no expression yet."""
    ops = EXPRESSION_OPERATORS if is_matcher else EXPRESSION_FILTERS

    def changed(found: re.Match[str]) -> str:
        op, quoted = found["op"], found["quoted"]
        if op in ops:
            if double_quotes and not re.search(r"[\"\\]", quoted):
                quoted = quoted.replace("`", '"')
            quoted = _literal(quoted)
        return f"{found['front']}{ops.get(op, op)}{_grouped(quoted, names)}"

    return _OPERATOR.sub(changed, text, count=1)


def _literal(quoted: str) -> str:
    """A quoted text as a regular expression that fits that text alone, but for the variables in it."""
    signs, escape = (_BARE, "\\") if quoted.lstrip().startswith("`") else (_ESCAPED, "\\\\")
    return signs.sub(lambda found: found["kept"] or escape + found["sign"], quoted)


def _grouped(quoted: str, names: Collection[str]) -> str:
    """A quoted expression with parentheses around these variables where something stands beside them."""
    begin, end = len(quoted) - len(quoted.lstrip()) + 1, len(quoted) - 1

    def one(found: re.Match[str]) -> str:
        alone = _BEGINS.search(quoted[begin : found.start()]) and _ENDS.match(quoted[found.end() : end])
        return found[0] if alone or references(found[0])[0] not in names else f"({found[0]})"

    return _SEVERAL.sub(one, quoted)


def plain_references(text: str) -> frozenset[str]:
    """The variables that a text refers to without a format, or as `a|b` (`:pipe`)."""
    return frozenset(references(found[0])[0] for found in _SEVERAL.finditer(text))


def variable_uses(broken: BrokenPanel) -> Iterator[Use]:
    """Every comparison of the panel's log queries that holds a variable of the dashboard."""
    return _uses(broken, lambda name: name in broken.request.variables)


def unknown_uses(broken: BrokenPanel) -> Iterator[Use]:
    """Every comparison with the name of a variable alone that neither the dashboard nor Grafana has: it is sent as it
    stands."""
    uses = _uses(broken, lambda name: name not in broken.request.variables and not name.startswith("__"))
    return (use for use in uses if use.alone and use.names[0] in use.value)


def _uses(broken: BrokenPanel, wanted: Callable[[str], bool]) -> Iterator[Use]:
    for query in editable_queries(broken):
        for part, asked in zip(texts_compared(query.tree), texts_compared(query.query), strict=False):
            text = query.raw[slice(*part.span)]
            names = tuple(filter(wanted, references(text)))
            if names and has_variable(text) and type(part) is type(asked):
                yield Use(query, part, asked, names)


def edits_of(broken: BrokenPanel, changes: Iterable[tuple[Use, str]]) -> list[TargetEdit]:
    """The edits that write another text in the place of each comparison."""
    splices: dict[str, list[tuple[int, int, str]]] = {}
    for use, text in changes:
        splices.setdefault(use.query.target.ref_id, []).append((*use.part.span, text))
    texts = ((t.ref_id, t.text, splice_text(t.text, splices.get(t.ref_id, ()))) for t in broken.panel.targets)
    return [TargetEdit(broken.panel.id, ref_id, old, new) for ref_id, old, new in texts if old != new]


def definition(context: Context, name: str) -> tuple[int, Mapping[str, Any]] | None:
    """A variable's number in the dashboard's list and what is stored of it; None in a dashboard of schema v2."""
    listed: Sequence[Mapping[str, Json]] = (context.dashboard.get("templating") or {}).get("list") or ()
    return next(((number, one) for number, one in enumerate(listed) if one.get("name") == name), None)


def saved_as(context: Context, name: str, value: str) -> list[PanelEdit]:
    """The edits that save another value of a variable; none where it is not found. A text box that nobody typed into
    falls back to its default text, a constant has nothing else."""
    found = definition(context, name)
    if found is None:
        return []
    number, stored = found
    place = ("templating", "list", number)
    edits = [PanelEdit(None, (*place, "current"), stored.get("current"), {"text": value, "value": value})]
    if stored.get("type") in ("textbox", "constant"):
        edits.append(PanelEdit(None, (*place, "query"), stored.get("query"), value))
    return edits


def texts_compared(query: ast.LogQuery) -> Iterator[ast.Matcher | ast.LineFilter]:
    """What a log query compares with one text or one expression."""
    yield from query.selector.matchers
    for stage in query.stages:
        if isinstance(stage, ast.LabelFilter):
            tests = comparisons(stage.predicate)
            yield from (test.matcher for test in tests if isinstance(test, ast.StringPredicate))
        elif isinstance(stage, ast.LineFilter) and len(stage.matches) == 1:
            yield stage
