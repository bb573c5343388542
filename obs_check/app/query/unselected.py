"""Why a query selects none of the local files, and the labels that would make it."""

from collections.abc import Sequence

from obs_check.logql.explain.selector import no_stream
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import log_queries
from obs_check.model.entry import Labels


def why_nothing_selected(expr: ast.Expr, files: Sequence[Labels]) -> str:
    """What keeps the first selector that finds no file, in one sentence with a remedy; empty when every selector finds
    one. `files` are the labels of each."""
    for query in log_queries(expr):
        if reason := no_stream(query.selector, files):
            return f"{reason}; files have the labels that --label gives them{_wanted(query.selector, files)}"
    return ""


def _wanted(selector: ast.Selector, files: Sequence[Labels]) -> str:
    """The options for the matchers that ask for a value which no file has."""
    options = [
        f"--label {matcher.name}={matcher.value}"
        for matcher in selector.matchers
        if matcher.op == "=" and matcher.value and all(labels.get(matcher.name) != matcher.value for labels in files)
    ]
    return f": {' '.join(options)}" if options else ""
