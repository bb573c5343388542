"""Matchers and label filters.

`,` and juxtaposition take everything to their right (Loki's grammar gives them no precedence), `and` binds tighter
than `or`: `a, b or c` is `a and (b or c)`, `a and b or c` is `(a and b) or c`.
"""

from typing import cast

from obs_check.errors import QueryError
from obs_check.golang.numbers import parse_float
from obs_check.golang.regex import compile_re2
from obs_check.logql.syntax import ast, tokens
from obs_check.logql.syntax.ast import Span
from obs_check.logql.syntax.cursor import Cursor
from obs_check.logql.syntax.lexer import syntax_error
from obs_check.logql.syntax.refusals import refuse
from obs_check.logql.syntax.style import PLAIN_NAME

_MATCH_OPS = ("=", "!=", "=~", "!~")
_COMPARE_OPS = ("==", "=", "!=", ">", ">=", "<", "<=")
_OR, _AND = 1, 2


def selector(cursor: Cursor) -> ast.Selector:
    """`{a="b", ...}`; `{}` parses and is refused later."""
    start = cursor.expect("{")
    matchers: tuple[ast.Matcher, ...] = ()
    if not cursor.at("}"):
        if not cursor.at(tokens.IDENTIFIER):
            raise cursor.unexpected(tokens.IDENTIFIER, "}")
        first = matcher(cursor, ", expecting IDENTIFIER or }")
        more = []
        while cursor.accept(","):
            more.append(matcher(cursor, ", expecting IDENTIFIER"))
        matchers = (first, *more)
    if not cursor.at("}"):
        raise cursor.unexpected("}", ",")
    cursor.next()
    return ast.Selector(matchers, cursor.span_from(start))


def matcher(cursor: Cursor, expecting: str = "") -> ast.Matcher:
    """`name op "value"`; `expecting` is what the refusal of a name says could stand there."""
    start = cursor.peek()
    name = cursor.name()
    if not PLAIN_NAME.fullmatch(name):
        # Loki 3.5 takes these for names, writes them as strings where it prints the query and reads that again.
        cursor.refuse_later(syntax_error(cursor.text, start.span, f"syntax error: unexpected STRING{expecting}"))
    op = cursor.expect("=", "=~", "!~", "!=").kind
    value = cursor.string()
    found = ast.Matcher(name, cast(ast.MatchOp, op), value, cursor.span_from(start))
    if op in ("=~", "!~"):
        # Loki compiles as it reads: a bad expression comes before an error of the grammar further on.
        try:
            compile_re2(value)
        except QueryError as error:
            refuse(cursor.text, found.span, error.message)
    return found


def predicate(cursor: Cursor, binding: int = _OR) -> ast.Predicate:
    """A label filter up to the next stage."""
    left = _atom(cursor)
    while True:
        if binding <= _OR and cursor.accept("or"):
            left = ast.OrPredicate(left, predicate(cursor, _AND))
        elif binding <= _AND and cursor.accept("and"):
            left = ast.AndPredicate(left, predicate(cursor, _AND + 1))
        elif cursor.accept(",") or cursor.at(tokens.IDENTIFIER, "("):
            left = ast.AndPredicate(left, predicate(cursor))
        else:
            return left


def _atom(cursor: Cursor) -> ast.Predicate:
    if cursor.accept("("):
        inner = predicate(cursor)
        cursor.expect(")", hint=False)
        return inner
    if not cursor.at(tokens.IDENTIFIER):
        raise cursor.unexpected(tokens.IDENTIFIER, "(")
    if cursor.peek(1).kind in _MATCH_OPS and cursor.peek(2).kind == tokens.STRING:
        return ast.StringPredicate(matcher(cursor))
    name = cursor.name()
    if cursor.at("=", "!=") and cursor.peek(1).kind == "ip":
        op = cursor.next().kind
        cursor.next()
        cursor.expect("(")
        pattern = cursor.string()
        cursor.expect(")")
        return ast.IpPredicate(name, "=" if op == "=" else "!=", pattern)
    if cursor.accept("=~", "!~"):
        raise cursor.unexpected(tokens.STRING)
    written = cursor.expect(*_COMPARE_OPS, hint=False).kind
    compare = cast(ast.CompareOp, "==" if written == "=" else written)
    if duration := cursor.accept(tokens.DURATION):
        return ast.DurationPredicate(name, compare, int(duration.value))
    if size := cursor.accept(tokens.BYTES):
        if not size.value:
            # Loki 3.5 reads a query again as it prints it, and 0 bytes as the binary number "0B".
            cursor.refuse_later(syntax_error(cursor.text, size.span, "binary literal has no digits"))
        return ast.BytesPredicate(name, compare, int(size.value))
    if cursor.at(tokens.NUMBER, "+", "-"):
        return ast.NumberPredicate(name, compare, _compared_number(cursor))
    raise cursor.unexpected()


def number(cursor: Cursor, what: str = "literal") -> ast.Number:
    """`1`, `+1`, `-1.5e3`; `what` it is goes into the refusal. Loki's lexer knows more forms of numbers than its
    parser: `0x10` is refused."""
    start = cursor.peek()
    sign = cursor.one_of(("+", "-"))
    token = cursor.expect(tokens.NUMBER)
    try:
        value = parse_float(token.text)
    except ValueError as error:
        refuse(cursor.text, token.span, f"unable to parse {what} as a float: {error}")
    return ast.Number(-value if sign == "-" else value, cursor.span_from(start))


def _compared_number(cursor: Cursor) -> float:
    """The number of a label filter; one that cannot be parsed is 0 there (Loki 3.5), one that is too large `+Inf`, for
    which the query is refused when it is read again."""
    start = cursor.peek()
    try:
        return number(cursor).value
    except QueryError as error:
        if cursor.at(tokens.NUMBER) or "unable to parse literal" not in error.message:
            raise
        if error.message.endswith("value out of range"):
            place = Span(start.span.start + 1, start.span.end)
            words = "syntax error: unexpected IDENTIFIER, expecting NUMBER"
            raise syntax_error(cursor.text, place, words) from None
        return 0.0
