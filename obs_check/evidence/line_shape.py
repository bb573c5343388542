"""What lines look like, and which of their fields a label means."""

import re
from collections.abc import Iterable, Sequence

from obs_check.logql.explain import fields
from obs_check.logql.explain.fields import JsonField, field_meant
from obs_check.logql.syntax import ast

DECOLORIZE = "| decolorize"
"""Takes the colours of a terminal out of the lines (Loki 3.5)."""
SAME_LINE = "| line_format `{{__line__}}`"
"""Loki 3.5 moves a line filter in front of `decolorize`, and not in front of this."""
PLAIN_LINE = f"{DECOLORIZE} {SAME_LINE}"
UNPACK = "| unpack"
"""Makes labels and a line again of what the shipper's stage `pack` wrote."""
_ESCAPE = "\x1b"
_LOGFMT = re.compile(r"^[\w.]+=\S*(?:\s|$|\")")


def json_fields(lines: Sequence[str]) -> list[JsonField]:
    """The scalar fields of lines that are JSON objects, each once. Empty unless most lines are such objects."""
    found = [own for line in lines if (own := fields.json_fields(line))]
    if 2 * len(found) <= len(lines):
        return []
    return list({one.path: one for own in found for one in own}.values())


def are_logfmt(lines: Sequence[str]) -> bool:
    """Whether there are lines and each starts with `key=value`."""
    return bool(lines) and all(_LOGFMT.match(line) for line in lines)


def json_parser(found: Sequence[JsonField], labels: Iterable[str]) -> ast.JsonParser | None:
    """A json parser that sets those of `labels` that are fields, or None when none is."""
    named = ((label, field_meant(label, found)) for label in labels)
    extractions = tuple(ast.Extraction(label, field.path) for label, field in named if field is not None)
    return ast.JsonParser(extractions) if extractions else None


def has_colours(lines: Iterable[str]) -> bool:
    """Whether lines hold codes that colour them on a terminal."""
    return any(f"{_ESCAPE}[" in line for line in lines)


def are_packed(lines: Sequence[str]) -> bool:
    """Whether the lines stand in another one, as the shipper's stage `pack` writes it."""
    return any(one.path == "_entry" for one in json_fields(lines))


def shown(line: str) -> str:
    """A line in words of ours: its colours are not those of the reader's terminal."""
    return line.replace(_ESCAPE, r"\x1b")
