"""`| pattern "<a> <_> <b>"`."""

from collections.abc import Callable

from obs_check.errors import QueryError
from obs_check.golang.quoting import quote
from obs_check.logql.stages.hints import DROP, ParserHints
from obs_check.logql.stages.kind import Effect, StageKind
from obs_check.logql.stages.line_pattern import Piece, check_apart, parse_pieces
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, Row, StageFunction
from obs_check.logql.syntax import ast


def compile_captures(pattern: str) -> Callable[[str], list[tuple[str, str]]]:
    """What a pattern captures of a line, as (name, text). The text before the first capture must start the line. A
    literal that is not found ends the match: the capture before it takes the rest of the line (Loki 3.5). Raises
    QueryError."""
    if not pattern:
        raise QueryError("parse error at line 1, col 1: syntax error: unexpected $end, expecting IDENTIFIER or LITERAL")
    pieces = parse_pieces(pattern)
    names = _captured(pieces)
    if not names:
        raise QueryError("at least one capture is required")
    check_apart(pieces)
    for name in names:
        if names.count(name) > 1:
            raise QueryError(f"duplicate capture name ({name}): invalid expression")
    start = "" if pieces[0].capture else pieces[0].text
    rest = pieces if pieces[0].capture else pieces[1:]
    steps = [(rest[i].text, rest[i + 1].text if i + 1 < len(rest) else None) for i in range(0, len(rest), 2)]

    def captures(line: str) -> list[tuple[str, str]]:
        if not line or not line.startswith(start):
            return []
        at = len(start)
        found = []
        for name, literal in steps:
            end = line.find(literal, at) if literal is not None else -1
            if name != "_":
                found.append((name, line[at:end] if end >= 0 else line[at:]))
            if end < 0 or literal is None:
                break
            at = end + len(literal)
        return found

    return captures


def compile_pattern(stage: ast.PatternParser, extraction: ParserHints) -> StageFunction:
    """The stage of a query."""
    captures = compile_captures(stage.pattern)
    after = extraction.after()

    def parse(row: Row) -> bool:
        if extraction.idle(row):
            return True
        for name, value in captures(row.line):
            label = name + DUPLICATE_SUFFIX if extraction.taken(row, name) else name
            if not extraction.wanted(row, label):
                continue
            row.parsed[label] = value
            if after is not None and after(row, label) == DROP:
                return False
        return True

    return parse


def _captured(pieces: list[Piece]) -> list[str]:
    return [piece.text for piece in pieces if piece.capture and piece.text != "_"]


PATTERN = StageKind(
    ast.PatternParser,
    lambda stage, _settings, hints: compile_pattern(stage, hints),
    lambda stage: Effect(sets=tuple(_captured(parse_pieces(stage.pattern))), reads_line=True),
    lambda stage, _style: f"| {stage.WORD} {quote(stage.pattern)}",
    lambda cursor, start: ast.PatternParser(cursor.string(), cursor.span_from(start)),
    at_once=True,
)
