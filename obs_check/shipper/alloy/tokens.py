"""Alloy's configuration text cut into tokens, as Alloy 1.18 cuts it (syntax/scanner)."""

import re
from typing import NamedTuple

from obs_check.errors import ConfigError
from obs_check.golang import quoting

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+)
    |(?P<newline>\n)
    |(?P<comment>//[^\n]*|/\*.*?\*/)
    |(?P<name>[^\W\d]\w*)
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<string>"(?:\\.|[^"\\\n])*"|`[^`]*`)
    |(?P<op>\|\||&&|==|!=|<=|>=|[-+*/%^!=<>{}()\[\],.])""",
    re.VERBOSE | re.DOTALL,
)
_ENDS = {"name", "number", "string", "}", ")", "]"}


class AlloyToken(NamedTuple):
    """`kind` is `name`, `number`, `string`, the operator itself, `newline` (where it ends a statement) or `end`; `line`
    is 1-based in the text, `column` counts characters in it from 0."""

    kind: str
    text: str
    line: int
    column: int

    @property
    def start(self) -> tuple[int, int]:
        """Its line and column."""
        return self.line, self.column

    @property
    def end(self) -> tuple[int, int]:
        """Line and column of what follows it."""
        rows = self.text.split("\n")
        return self.line + len(rows) - 1, len(rows[-1]) + (self.column if len(rows) == 1 else 0)


def tokens_of(text: str, file: str, first_line: int) -> list[AlloyToken]:
    """The tokens of a text whose first line is `first_line` of `file`; raises ConfigError. A line's end is a token
    after a value or a closing bracket only, as in Go."""
    tokens: list[AlloyToken] = []
    at, line, row = 0, first_line, 0

    def end_of_statement() -> None:
        if tokens and tokens[-1].kind in _ENDS:
            tokens.append(AlloyToken("newline", "\n", line, at - row))

    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _not_understood(text, at, file, line)
        kind, found = match.lastgroup, match[0]
        if kind == "newline" or (kind == "comment" and "\n" in found):
            end_of_statement()
        elif kind not in {"space", "comment"}:
            tokens.append(AlloyToken(found if kind == "op" else kind, found, line, at - row))
        at = match.end()
        if "\n" in found:
            line, row = line + found.count("\n"), match.start() + found.rindex("\n") + 1
    end_of_statement()
    return [*tokens, AlloyToken("end", "", line, at - row)]


def _not_understood(text: str, at: int, file: str, line: int) -> ConfigError:
    place = f"{file}:{line}"
    if text[at] in '"`':
        return ConfigError(f"{place}: a string is not closed", "a text over several lines stands in `backticks`")
    if text.startswith("/*", at):
        return ConfigError(f"{place}: a comment is not closed", "write */ behind it")
    hint = {"#": "a comment starts with //", "'": 'a string stands in "double quotes"'}.get(text[at], "")
    return ConfigError(f"{place}: {text[at]!r} does not fit here", hint)


def unquote(token: AlloyToken, file: str) -> str:
    """The text of a string token; raises ConfigError for an escape that Go does not know."""
    try:
        return quoting.unquote(token.text, strict=True)
    except quoting.EscapeError as error:
        raise ConfigError(
            f"{file}:{token.line}: {error.escape} in a string is not an escape",
            "double the backslash, or write the text in `backticks`",
        ) from None
