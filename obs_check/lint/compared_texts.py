"""Where a query compares with a text, and which variables may stand there for several."""

import re
from collections.abc import Iterator

from obs_check.evidence.variables import texts_compared
from obs_check.lint.question import Question
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import log_queries
from obs_check.panel.elements import Variable
from obs_check.panel.macros import read_text
from obs_check.panel.variables import custom_options

Compared = ast.Matcher | ast.LineFilter
_BY_EXPRESSION = re.compile(r"\w*\s*[=!|]~")
_HOLD_SEVERAL = {"query", "custom", "datasource"}
"""Types of variables that Grafana lets hold several values."""


def compared_parts(question: Question) -> Iterator[tuple[Compared, str]]:
    """The matchers and line filters of a LogQL query with what the query writes there, variables as they are."""
    tree = read_text(question.raw)
    for query in log_queries(tree) if tree is not None else ():
        for part in texts_compared(query):
            yield part, question.raw[slice(*part.span)]


def compared_texts(question: Question) -> Iterator[str]:
    """The parts of a query that compare with a text, not with an expression."""
    yield from (text for _, text in compared_parts(question) if not _BY_EXPRESSION.match(text))


def held_several(question: Question) -> dict[str, Variable]:
    """The variables that may hold several values in the panel: each copy of a repeated one has a value of its own."""
    variables = question.board.dashboard.variables if question.board else ()
    repeat = question.panel.repeat if question.panel else ""
    return {
        v.name: v
        for v in variables
        if v.name != repeat
        and v.type in _HOLD_SEVERAL
        and (v.multi or v.include_all)
        and (v.type != "custom" or len(custom_options(v)) > 1)
    }
