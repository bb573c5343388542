"""The stages of a pipeline, and unwrap."""

from typing import Literal, cast

from obs_check.errors import QueryError
from obs_check.logql.stages.compile import check_stage
from obs_check.logql.syntax import ast, tokens
from obs_check.logql.syntax.cursor import Cursor
from obs_check.logql.syntax.predicate_grammar import matcher, predicate
from obs_check.logql.syntax.refusals import refuse

_FILTER_OPS = ("|=", "|~", "|>", "!=", "!~", "!>")


def stages(cursor: Cursor) -> tuple[ast.Stage, ...]:
    """Every stage up to an unwrap or to what is no stage; possibly none."""
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
    word = cursor.next().kind
    match word:
        case "json":
            return ast.JsonParser(_extractions(cursor), cursor.span_from(start))
        case "logfmt":
            flags = set()
            while flag := cursor.accept(tokens.FLAG):
                flags.add(flag.text)
            found = _extractions(cursor)
            return ast.LogfmtParser(found, "--strict" in flags, "--keep-empty" in flags, cursor.span_from(start))
        case "regexp":
            return _compiled(cursor, ast.RegexpParser(cursor.string(), cursor.span_from(start)), "regexp")
        case "pattern":
            return _compiled(cursor, ast.PatternParser(cursor.string(), cursor.span_from(start)), "pattern")
        case "unpack":
            return ast.UnpackParser(cursor.span_from(start))
        case "line_format":
            return ast.LineFormat(cursor.string(), cursor.span_from(start))
        case "label_format":
            return ast.LabelFormat(cursor.comma_list(lambda: _assignment(cursor)), cursor.span_from(start))
        case "drop":
            return ast.DropLabels(cursor.comma_list(lambda: _choice(cursor)), cursor.span_from(start))
        case "keep":
            return ast.KeepLabels(cursor.comma_list(lambda: _choice(cursor)), cursor.span_from(start))
        case "decolorize":
            return ast.Decolorize(cursor.span_from(start))
    cursor.back()
    raise cursor.unexpected()


def _compiled(cursor: Cursor, stage: ast.Stage, kind: str) -> ast.Stage:
    """The parser, when it compiles. Loki does that as it reads, so it comes before an error of the grammar."""
    try:
        check_stage(stage)
    except QueryError as error:
        refuse(cursor.text, stage.span, f"invalid {kind} parser: {error.message}")
    return stage


def _extractions(cursor: Cursor) -> tuple[ast.Extraction, ...]:
    return cursor.comma_list(lambda: _extraction(cursor)) if cursor.at(tokens.IDENTIFIER) else ()


def _extraction(cursor: Cursor) -> ast.Extraction:
    label = cursor.name()
    return ast.Extraction(label, cursor.string() if cursor.accept("=") else label)


def _assignment(cursor: Cursor) -> ast.LabelAssignment:
    name = cursor.name()
    cursor.expect("=")
    if cursor.at(tokens.IDENTIFIER):
        return ast.LabelAssignment(name, cursor.name(), rename=True)
    if not cursor.at(tokens.STRING):
        raise cursor.unexpected(tokens.IDENTIFIER, tokens.STRING)
    return ast.LabelAssignment(name, cursor.string())


def _choice(cursor: Cursor) -> ast.LabelChoice:
    if cursor.peek(1).kind in ("=", "!=", "=~", "!~"):
        found = matcher(cursor, ", expecting IDENTIFIER")
        return ast.LabelChoice(found.name, found)
    return ast.LabelChoice(cursor.name())
