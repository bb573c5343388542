"""several-values: a variable that may hold several values is compared as if it held one.

Grafana writes several values as `a|b` for Loki, and escapes even a single one (`interpolateQueryExpr` of its Loki
datasource): `=` and `|=` compare with that very text, and beside other text `x-a|b` is `x-a` or `b`.
"""

import re
from collections.abc import Iterator

from obs_check.evidence.variables import fitting_several, plain_references
from obs_check.lint.compared_texts import Compared, compared_parts, held_several
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.logql.syntax import ast
from obs_check.panel.elements import Variable

_ANCHORED = re.compile(r"\w+\s*[=!]~\s*[\"`](?:\(\?\w+\))?\^?(?:\$\w+|\$\{[^}]*\}|\[\[\w+\]\])\$?[\"`]")
"""A variable alone between signs of a beginning and an end: Loki sets those around each of the values itself."""


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        several = held_several(question) if question.logql is not None and question.is_asked else {}
        for part, text in compared_parts(question) if several else ():
            yield from _halved(question, part, text, several)


def _halved(question: Question, part: Compared, text: str, several: dict[str, Variable]) -> Iterator[Found]:
    if isinstance(part, ast.Matcher) and _ANCHORED.fullmatch(text):
        return
    held = [several[name] for name in sorted(plain_references(text)) if name in several]
    if not held or (isinstance(part, ast.LineFilter) and part.matches[0].ip):
        return
    new = fitting_several(text, isinstance(part, ast.Matcher), [v.name for v in held if not _as_saved(v)])
    if new != text:
        if "`" in new and not {'"', "\\"} & set(new):
            # Between backticks the values stay escaped.
            new = new.replace("`", '"')
        first = held[0]
        may = f"All, written as `{first.all_value}`" if _as_saved(first) else "several values, written as `a|b`"
        yield question.spot, f"${first.name} may hold {may}: `{text}` does not fit", f"write `{new}`"


def _as_saved(variable: Variable) -> bool:
    """Whether it holds one value or All as the dashboard says to write it."""
    return not variable.multi and bool(variable.all_value)


RULE = LintRule("several-values", "warning", "a variable of several values is compared as if it held one", _find)
