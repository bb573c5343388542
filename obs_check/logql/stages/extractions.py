"""The labels that json and logfmt are asked for, as they are written."""

from obs_check.golang.quoting import quote
from obs_check.logql.syntax import ast, tokens
from obs_check.logql.syntax.cursor import Cursor
from obs_check.logql.syntax.style import Style


def read_extractions(cursor: Cursor) -> tuple[ast.Extraction, ...]:
    """`label="expression", label`; none where no name is next."""
    return cursor.comma_list(lambda: _extraction(cursor)) if cursor.at(tokens.IDENTIFIER) else ()


def _extraction(cursor: Cursor) -> ast.Extraction:
    label = cursor.name()
    return ast.Extraction(label, cursor.string() if cursor.accept("=") else label)


def extractions_text(extractions: tuple[ast.Extraction, ...], style: Style) -> str:
    """The same with a blank in front; empty where there is none."""
    texts = [f"{one.label}={quote(one.expression)}" for one in extractions]
    return f" {style.comma.join(texts)}" if texts else ""


def set_by(extractions: tuple[ast.Extraction, ...]) -> tuple[str, ...] | None:
    """The labels that a parser sets by them; None where it takes every field."""
    return tuple(one.label for one in extractions) or None
