"""How Loki words a query that parses and is refused all the same."""

from typing import NoReturn

from obs_check.errors import QueryError
from obs_check.logql.syntax.ast import Span


def refuse(text: str, span: Span, message: str) -> NoReturn:
    """Raises QueryError `parse error : message` (Loki gives these no line and column; we keep the place)."""
    raise QueryError(f"parse error : {message}", text, span.start, span.end)
