"""Where the parser is in the tokens, and the one place that words a syntax error."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from obs_check.errors import QueryError
from obs_check.logql.syntax import tokens
from obs_check.logql.syntax.ast import Span
from obs_check.logql.syntax.lexer import loses_line, syntax_error, tokenize
from obs_check.logql.syntax.tokens import Token

T = TypeVar("T")


class Cursor:
    """A position in the tokens of one query."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.late: QueryError | None = None
        """What Loki 3.5 finds wrong when it reads the query again as it prints it."""
        self._tokens = tokenize(text)
        self._at = 0

    def peek(self, ahead: int = 0) -> Token:
        """The token `ahead` places on; the end token at and after the end."""
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def at(self, *kinds: str) -> bool:
        """Whether the next token is of one of the kinds."""
        return self.peek().kind in kinds

    def next(self) -> Token:
        """Takes the next token."""
        token = self.peek()
        self._at += 1
        return token

    def back(self) -> None:
        """Gives the last token back."""
        self._at -= 1

    def accept(self, *kinds: str) -> Token | None:
        """Takes the next token when it is of one of the kinds."""
        return self.next() if self.at(*kinds) else None

    def expect(self, *kinds: str, hint: bool = True) -> Token:
        """Takes the next token, or raises QueryError that says what was expected; not so without `hint`, where more
        than four tokens could follow and Loki names none: the error's hint does."""
        if not self.at(*kinds):
            error = self.unexpected(*(kinds if hint else ()))
            if not hint and not error.hint:
                error.hint = f"expected {' or '.join(map(tokens.token_name, kinds))}"
            raise error
        return self.next()

    def unexpected(self, *expected: str) -> QueryError:
        """The error that the next token is."""
        token = self.peek()
        if isinstance(token.value, QueryError):
            return token.value
        message = f"syntax error: unexpected {tokens.token_name(token.kind)}"
        if expected:
            message += f", expecting {' or '.join(map(tokens.token_name, expected))}"
        return syntax_error(self.text, token.span, message, loses_line(token))

    def refuse_later(self, error: QueryError) -> None:
        """Keeps the first error of those that come when everything else is well."""
        self.late = self.late or error

    def span_from(self, start: Token) -> Span:
        """From a token to the last one taken."""
        return Span(start.span.start, self._tokens[max(self._at - 1, 0)].span.end)

    def string(self) -> str:
        """Takes a string literal."""
        return str(self.expect(tokens.STRING).value)

    def name(self) -> str:
        """Takes an identifier."""
        return str(self.expect(tokens.IDENTIFIER).value)

    def comma_list(self, item: Callable[[], T]) -> tuple[T, ...]:
        """One or more items with commas between."""
        found = [item()]
        while self.accept(","):
            found.append(item())
        return tuple(found)

    def one_of(self, kinds: Sequence[str]) -> str | None:
        """Takes the next token when it is of one of the kinds and gives its kind."""
        token = self.accept(*kinds)
        return token.kind if token else None
