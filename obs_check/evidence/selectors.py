"""Stream selectors: written for a label set, and read out of a dashboard's queries."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from obs_check.errors import QueryError
from obs_check.follow.run import Run
from obs_check.logql import parse, to_text
from obs_check.logql.syntax import ast
from obs_check.model.entry import Labels

_SELECTOR = re.compile(r"\{[^{}]*\}")


def selector_text(labels: Labels) -> str:
    """The selector of exactly these labels; names that start with `__` are the shipper's own and no labels of Loki."""
    matchers = tuple(ast.Matcher(n, "=", v) for n, v in sorted(labels.items()) if not n.startswith("__") and v)
    return to_text(ast.LogQuery(ast.Selector(matchers)))


def lines_of(run: Run, labels: Labels) -> str:
    """The query for the lines of a run in the stream with exactly these labels."""
    return f"{selector_text(labels)} |= `{run.needle}`"


def matchers_of(dashboard: Mapping[str, object], panels: Iterable[int]) -> dict[int, list[ast.Matcher]]:
    """Panel id to the matchers of its queries' selectors; those whose value is a variable are left out."""
    wanted = set(panels)
    found: dict[int, list[ast.Matcher]] = {}
    for panel in _panels(dashboard):
        if panel.get("id") not in wanted:
            continue
        for target in panel.get("targets") or []:
            for text in _SELECTOR.findall(str(target.get("expr", ""))):
                found.setdefault(panel["id"], []).extend(m for m in _matchers(text) if "$" not in m.value)
    return found


def _panels(dashboard: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    for panel in dashboard.get("panels", []):
        yield panel
        yield from panel.get("panels") or []


def _matchers(text: str) -> tuple[ast.Matcher, ...]:
    """The matchers of a text in braces; none when it is not a selector (a template, a variable)."""
    try:
        query = parse(text)
    except QueryError:
        return ()
    return query.selector.matchers if isinstance(query, ast.LogQuery) else ()
