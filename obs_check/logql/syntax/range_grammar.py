"""A log query with its interval: `{..} | .. [5m] offset 1m`, `{..}[5m] | ..`, `({..} | ..)[5m]`."""

from obs_check.logql.syntax import ast, tokens
from obs_check.logql.syntax.cursor import Cursor
from obs_check.logql.syntax.predicate_grammar import selector
from obs_check.logql.syntax.stage_grammar import stages, unwrap


def log_range(cursor: Cursor) -> ast.LogRange:
    """Any of the places where Loki's grammar lets the interval stand."""
    start = cursor.peek()
    if not cursor.accept("("):
        return _bare(cursor)
    if cursor.at("("):
        inner = log_range(cursor)
        cursor.expect(")")
        return inner
    open_query = cursor.peek()
    found, labels = _query(cursor, open_query)
    if cursor.at(tokens.RANGE):
        inner = _with_interval(cursor, open_query, found, labels)
        cursor.expect(")", hint=False)
        return inner
    if not cursor.at(")"):
        raise cursor.unexpected(*((tokens.RANGE, "|", ")") if labels is not None else ()))
    cursor.next()
    if not cursor.at(tokens.RANGE):
        raise cursor.unexpected(tokens.RANGE)
    interval = int(cursor.next().value)
    offset = _offset(cursor)
    if labels is None and not found.stages:
        labels = unwrap(cursor)
    return ast.LogRange(found, interval, offset, labels, cursor.span_from(start))


def _bare(cursor: Cursor) -> ast.LogRange:
    start = cursor.peek()
    found, labels = _query(cursor, start)
    if not cursor.at(tokens.RANGE):
        raise cursor.unexpected(*((tokens.RANGE, "|") if labels is not None else ()))
    return _with_interval(cursor, start, found, labels)


def _query(cursor: Cursor, start: tokens.Token) -> tuple[ast.LogQuery, ast.Unwrap | None]:
    query = ast.LogQuery(selector(cursor), stages(cursor), cursor.span_from(start))
    return query, unwrap(cursor)


def _with_interval(cursor: Cursor, start: tokens.Token, query: ast.LogQuery, labels: ast.Unwrap | None) -> ast.LogRange:
    interval = int(cursor.next().value)
    offset = _offset(cursor)
    if labels is None and not query.stages:
        query = ast.LogQuery(query.selector, stages(cursor), cursor.span_from(start))
        labels = unwrap(cursor)
    return ast.LogRange(query, interval, offset, labels, cursor.span_from(start))


def _offset(cursor: Cursor) -> int:
    if not cursor.accept("offset"):
        return 0
    return int(cursor.expect(tokens.DURATION).value)
