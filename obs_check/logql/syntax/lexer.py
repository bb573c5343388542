"""Text to tokens.

Loki decides in the lexer what is a function, a duration or a size, so the same is done here: `5m` is a duration
token anywhere, `sum` is a keyword only before a parenthesis.
"""

import re
from collections.abc import Callable

from obs_check.errors import QueryError
from obs_check.golang.durations import parse_duration, parse_prometheus_duration
from obs_check.golang.quoting import unquote
from obs_check.golang.sizes import parse_bytes
from obs_check.logql.syntax import tokens
from obs_check.logql.syntax.ast import Span
from obs_check.logql.syntax.literals import BadLiteral, char_end, number_end, skip_blank
from obs_check.logql.syntax.tokens import Token

_NAME = re.compile(r"[^\W\d]\w*")
_DURATION_TAIL = re.compile(r"[0-9nuµmshdwy.]+")
_SIZE_TAIL = re.compile(r"[0-9BikKMGTP.]+")
_FLAG = re.compile(r"--[A-Za-z-]*")
_STRING = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`')
_CALL = re.compile(r"\s*(?:\(|(?:by|without)\s*\()", re.IGNORECASE)

_BOM = "\ufeff"

MAX_QUERY = 131072
"""Characters a query may have (Loki 3.5: "input size too long")."""


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of a character offset, both from 1."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def syntax_error(text: str, span: Span, message: str, lost_line: bool = False) -> QueryError:
    """`parse error at line L, col C: message` with the place in the query.

    Loki 3.5 forgets the line of a token for which its lexer read on (`lost_line`: it is 0 then), and has no place at
    all in an empty query.
    """
    line, column = position(text, span.start)
    where = f" at line {0 if lost_line else line}, col {column}:" if text else " :"
    return QueryError(f"parse error{where} {message}", text, span.start, span.end)


def loses_line(token: Token) -> bool:
    """Whether Loki's lexer reads on after the start of such a token: signs of two characters, ranges and measures."""
    return (
        token.kind in (tokens.RANGE, tokens.DURATION, tokens.BYTES, tokens.FLAG) or token.kind in tokens.OPERATORS[:10]
    )


def tokenize(text: str) -> list[Token]:
    """All tokens, the last one of kind `$end`, or `$error` with its QueryError where the text has no token: an error of
    the grammar in front of that comes first."""
    if len(text) >= MAX_QUERY:
        raise QueryError(f"parse error : input size too long ({len(text)} > {MAX_QUERY})", text)
    found: list[Token] = []
    at = skip_blank(text, text.startswith(_BOM))
    while at < len(text):
        try:
            token = _next(text, at)
        except QueryError as error:
            return [*found, Token(tokens.ERROR, "", Span(at, len(text)), error)]
        found.append(token)
        at = skip_blank(text, token.span.end)
    found.append(Token(tokens.END, "", Span(len(text), len(text) + 1)))
    return found


def _next(text: str, at: int) -> Token:
    char = text[at]
    if name := _NAME.match(text, at):
        return _word(text, name)
    try:
        if (end := number_end(text, at)) is not None:
            return _number(text, at, end)
        if char == "'":
            span = Span(at, char_end(text, at))
            return Token(tokens.IDENTIFIER, text[at : span.end], span, text[at : span.end])
    except BadLiteral as bad:
        raise syntax_error(text, Span(at, at + 1), str(bad)) from bad
    if char in '"`':
        return _string(text, at)
    if text.startswith("/*", at):
        raise syntax_error(text, Span(at, at + 2), "comment not terminated")
    if char == "[":
        return _range(text, at)
    if char == "-":
        flag = _FLAG.match(text, at)
        if flag and flag[0] in tokens.FLAGS:
            return Token(tokens.FLAG, flag[0], Span(*flag.span()), flag[0])
        if negative := _measure(text, at, at + 1, _DURATION_TAIL, parse_duration, tokens.DURATION):
            return negative
    for operator in tokens.OPERATORS:
        if text.startswith(operator, at):
            return Token(operator, operator, Span(at, at + len(operator)))
    return Token(tokens.IDENTIFIER, char, Span(at, at + 1), char)


def _word(text: str, name: "re.Match[str]") -> Token:
    lower, span = name[0].lower(), Span(*name.span())
    is_function = lower in tokens.FUNCTIONS and _CALL.match(text, span.end) is not None
    if is_function or lower in tokens.KEYWORDS:
        return Token(lower, name[0], span)
    return Token(tokens.IDENTIFIER, name[0], span, name[0])


def _number(text: str, start: int, end: int) -> Token:
    return (
        _measure(text, start, end, _DURATION_TAIL, parse_duration, tokens.DURATION)
        or _measure(text, start, end, _SIZE_TAIL, parse_bytes, tokens.BYTES)
        or Token(tokens.NUMBER, text[start:end], Span(start, end), text[start:end])
    )


def _measure(
    text: str, start: int, end: int, tail: "re.Pattern[str]", parse: Callable[[str], int], kind: str
) -> Token | None:
    """A number (up to `end`) that goes on with a unit, when the whole parses."""
    rest = tail.match(text, end)
    if rest is None:
        return None
    literal = text[start : rest.end()]
    try:
        return Token(kind, literal, Span(start, rest.end()), parse(literal))
    except ValueError:
        return None


def _string(text: str, at: int) -> Token:
    literal = _STRING.match(text, at)
    if literal is None:
        raise syntax_error(text, Span(at, at + 1), "literal not terminated")
    span = Span(*literal.span())
    if "\0" in literal[0]:
        raise syntax_error(text, span, "invalid character NUL")
    try:
        return Token(tokens.STRING, literal[0], span, unquote(literal[0]))
    except ValueError as error:
        raise syntax_error(text, span, str(error)) from error


def _range(text: str, at: int) -> Token:
    close = text.find("]", at)
    if close < 0:
        raise syntax_error(text, Span(at, at + 1), "missing closing ']' in duration", lost_line=True)
    span = Span(at, close + 1)
    try:
        return Token(tokens.RANGE, text[at : close + 1], span, parse_prometheus_duration(text[at + 1 : close]))
    except ValueError as error:
        raise syntax_error(text, span, str(error), lost_line=True) from error
