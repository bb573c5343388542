"""The stages of a pipeline, and unwrap."""

from typing import Literal, cast

from obs_check.errors import QueryError
from obs_check.logql.stages.compile import check_stage
from obs_check.logql.stages.registry import BY_WORD
from obs_check.logql.syntax import ast, tokens
from obs_check.logql.syntax.cursor import Cursor
from obs_check.logql.syntax.predicate_grammar import predicate
from obs_check.logql.syntax.refusals import refuse

_FILTER_OPS = ("|=", "|~", "|>", "!=", "!~", "!>")


def stages(cursor: Cursor) -> tuple[ast.Stage, ...]:
    """Every stage up to an unwrap or to what is not a stage; possibly none."""
    found: list[ast.Stage] = []
    while cursor.at(*_FILTER_OPS) or (cursor.at("|") and cursor.peek(1).kind != "unwrap"):
        found.append(_line_filter(cursor) if cursor.at(*_FILTER_OPS) else _piped(cursor))
    return tuple(found)


def unwrap(cursor: Cursor) -> ast.Unwrap | None:
    """`| unwrap ...` with the label filters after it, when it is next."""
    if not (cursor.at("|") and cursor.peek(1).kind == "unwrap"):
        return None
    start = cursor.next()
    cursor.next()
    conversion = cursor.one_of(tuple(sorted(tokens.CONVERSIONS)))
    if conversion:
        cursor.expect("(")
    elif not cursor.at(tokens.IDENTIFIER):
        raise cursor.unexpected(tokens.IDENTIFIER, *sorted(tokens.CONVERSIONS))
    label = cursor.name()
    if conversion:
        cursor.expect(")")
    filters: list[ast.LabelFilter] = []
    while pipe := cursor.accept("|"):
        filters.append(ast.LabelFilter(predicate(cursor), cursor.span_from(pipe)))
    kind = cast(Literal["", "duration", "duration_seconds", "bytes"], conversion or "")
    return ast.Unwrap(label, kind, tuple(filters), cursor.span_from(start))


def _line_filter(cursor: Cursor) -> ast.LineFilter:
    start = cursor.next()
    matches = [_line_match(cursor)]
    while cursor.accept("or"):
        matches.append(_line_match(cursor))
    return ast.LineFilter(cast(ast.LineFilterOp, start.kind), tuple(matches), cursor.span_from(start))


def _line_match(cursor: Cursor) -> ast.LineMatch:
    if not cursor.accept("ip"):
        if not cursor.at(tokens.STRING):
            raise cursor.unexpected(tokens.STRING, "ip")
        return ast.LineMatch(cursor.string())
    cursor.expect("(")
    value = cursor.string()
    cursor.expect(")")
    return ast.LineMatch(value, ip=True)


def _piped(cursor: Cursor) -> ast.Stage:
    start = cursor.expect("|")
    if cursor.at(tokens.IDENTIFIER, "("):
        return ast.LabelFilter(predicate(cursor), cursor.span_from(start))
    kind = BY_WORD.get(cursor.next().kind)
    if kind is None or kind.read is None:
        cursor.back()
        raise cursor.unexpected()
    stage: ast.Stage = kind.read(cursor, start)
    if kind.at_once:
        try:
            check_stage(stage)
        except QueryError as error:
            refuse(cursor.text, stage.span, f"invalid {kind.node.WORD} parser: {error.message}")
    return stage
