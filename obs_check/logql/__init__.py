"""LogQL of Loki 3.5: text to tree and back; the stages that a line passes; the engine that evaluates a tree."""

from functools import lru_cache

from obs_check.logql.syntax import ast, tokens
from obs_check.logql.syntax.check import check
from obs_check.logql.syntax.cursor import Cursor
from obs_check.logql.syntax.metric_grammar import expression
from obs_check.logql.syntax.printer import to_text

__all__ = ["parse", "to_text"]


@lru_cache(maxsize=256)
def parse(text: str, *, stages: bool = True) -> ast.Expr:
    """The tree of a query. Raises QueryError with Loki's words and the place, for a query that does not parse and
    for one that Loki would refuse (no selective matcher, aggregation without unwrap, bad template, ...). Without
    `stages` these may be wrong in themselves: Loki 3.5 looks at them only where it runs the query.

    Each cause asks for the trees of a panel's queries, some 35 times a panel; a tree never changes, so it is kept."""
    cursor = Cursor(text)
    expr = expression(cursor)
    if not cursor.at(tokens.END):
        raise cursor.unexpected()
    if stages and cursor.late is not None:
        check(expr, text, stages=False)
        raise cursor.late
    check(expr, text, stages=stages)
    return expr
