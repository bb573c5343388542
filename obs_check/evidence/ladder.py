"""Counting the lines that survive a prefix of a query, asked of the system that has the lines.

Counting uses `sum(count_over_time(...))`. Loki 3.5 skips a parser when no label behind it is needed, so a rung that
ends in a parser counts lines, not parsed lines; the rungs after it are what tells.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from obs_check.logql import to_text
from obs_check.logql.syntax import ast
from obs_check.model.probe import Probe
from obs_check.model.window import Window

Count = Callable[[str, Window], tuple[float, Probe]]
"""Asks for the number a metric query gives at the end of a window (0 when it gives no series)."""


@dataclass(frozen=True, slots=True)
class Rung:
    """Lines that survive the first `stages` stages (0 = the selector alone)."""

    stages: int
    text: str
    lines: float
    probe: Probe


def narrowed(query: ast.LogQuery, needle: str) -> ast.LogQuery:
    """The query with a line filter for `needle` put first: everything else stays as written."""
    return replace(query, stages=(ast.LineFilter("|=", (ast.LineMatch(needle),)), *query.stages))


def counting(query: ast.LogQuery, window: Window) -> str:
    """A metric query that counts the lines of a log query in a window, to be asked at the window's end."""
    return f"sum(count_over_time({to_text(query)} [{range_s(window)}s]))"


def range_s(window: Window) -> int:
    """The length of a window as a range that ends with it: whole seconds, one at least."""
    return max(1, round(window.seconds))
