"""A panel's requests for the lines of one run alone: what of it the panel shows, whoever else is logged meanwhile.

The tag is part of every line that is written about an event, so a line filter for it, put first, takes nothing else of
a query away: its parsers, filters and sums, the step of its points and all that the panel makes of the answer stay as
they are.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from obs_check.logql.syntax.walk import log_queries
from obs_check.panel.macros import read_text
from obs_check.panel.request import PanelRequest, Query
from obs_check.panel.split_ask import Ask


def can_be_told_apart(request: PanelRequest) -> bool:
    """Whether everything that a panel shows is made of lines that can be asked for run by run."""
    every = [entry for query in request.queries for entry in query.body["queries"]]
    return any(_kind(entry) == "loki" for entry in every) and all(_of_run(entry, "obs=") for entry in every)


def of_run(ask: Ask, needle: str) -> Ask:
    """The same questions about lines that hold `needle`; one that is not about lines is asked as it is."""

    def narrowed(query: Query) -> Any:
        queries = [_of_run(entry, needle) or entry for entry in query.body["queries"]]
        return ask(replace(query, body={**query.body, "queries": queries}))

    return narrowed


def with_lines_of(expr: str, needle: str) -> str | None:
    """An expression whose log queries begin with a line filter for `needle`; None without any, or when it cannot be
    read."""
    tree = read_text(expr)
    ends = [query.selector.span.end for query in log_queries(tree)] if tree is not None else []
    for end in sorted(ends, reverse=True):
        expr = f"{expr[:end]} |= `{needle}`{expr[end:]}"
    return expr if ends else None


def _of_run(entry: Mapping[str, object], needle: str) -> dict[str, object] | None:
    """An entry of `queries`; None where it asks for something else than lines."""
    if _kind(entry) == "__expr__":
        return dict(entry)
    expr = with_lines_of(str(entry.get("expr") or ""), needle) if _kind(entry) == "loki" else None
    return None if expr is None else {**entry, "expr": expr}


def _kind(entry: Mapping[str, Any]) -> str:
    return str((entry.get("datasource") or {}).get("type") or "")
