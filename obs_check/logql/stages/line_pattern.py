"""`<a> text <_>` expressions: literals and captures, for the pattern parser and the `|>` filters."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from obs_check.errors import QueryError

_CAPTURE = re.compile(r"<([A-Za-z_][A-Za-z0-9_]*)>")


class Piece(NamedTuple):
    """A literal text or, when `capture`, the name between the angle brackets ("_" keeps nothing)."""

    text: str
    capture: bool


def parse_pieces(pattern: str) -> list[Piece]:
    """The pieces in order."""
    pieces: list[Piece] = []
    at = 0
    for found in _CAPTURE.finditer(pattern):
        if found.start() > at:
            pieces.append(Piece(pattern[at : found.start()], False))
        pieces.append(Piece(found[1], True))
        at = found.end()
    if at < len(pattern):
        pieces.append(Piece(pattern[at:], False))
    return pieces


def check_apart(pieces: list[Piece]) -> None:
    """QueryError on two captures without a text between them."""
    for piece, following in pairwise(pieces):
        if piece.capture and following.capture:
            raise QueryError(f"found consecutive capture '<{piece.text}><{following.text}>': invalid expression")


def compile_line_pattern(pattern: str) -> Callable[[str], bool]:
    """Tells whether a whole line has the shape; captures must be `<_>` and are never empty (Loki 3.5)."""
    pieces = parse_pieces(pattern)
    check_apart(pieces)
    for piece in pieces:
        if piece.capture and piece.text != "_":
            raise QueryError(f"named captures are not allowed: found '<{piece.text}>'")
    if not pieces:
        return lambda line: not line
    ends_open = pieces[-1].capture
    literals = [(index, piece.text) for index, piece in enumerate(pieces) if not piece.capture]

    def matches(line: str) -> bool:
        if not line:
            return False
        at = 0
        for index, text in literals:
            found = line.find(text, at)
            if found < 0 or (index and found == at):
                return False
            at = found + len(text)
        return ends_open == (at != len(line))

    return matches
