"""Where a query stops being PromQL. promql-parser's grammar says only that it is none."""

import re
from itertools import product

NOWHERE = "invalid promql query"
"""What promql-parser says of a query that its grammar refuses."""
_TOKEN = re.compile(
    r"""\s*("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|[\w:.]+|=~|!~|[=!<>]=|[^\s\w])""",
)
_CLOSING = {"(": ")", "{": "}", "[": "]"}
_INSIDE = {"(": ("", "x", "x)", "(x)"), "{": ("", '="b"', '"b"', 'a="b"'), "[": ("", "5m", "m")}
_BEHIND = ("", " x", " (x)", " (a) x", " 5m")
_OF_LETTERS = re.compile(r"unexpected|unclosed|unterminated|missing|bad|unknown|invalid")
"""How what is said of letters and of the grammar begins; what is said of types and arguments is said of a tree."""


def unexpected_at(text: str) -> int | None:
    """The index of the token with which a query that the grammar refuses stops being PromQL; that of its end where
    something is missing there. None where that does not tell."""
    tokens = list(_TOKEN.finditer(text))
    ends = [0, *(token.end() for token in tokens)]
    viable = next((n for n in range(len(tokens), -1, -1) if _can_go_on(text[: ends[n]])), None)
    if viable is None:
        return None
    return tokens[viable].start(1) if viable < len(tokens) else len(text)


_BY_WORDS = (
    ("unknown escape sequence", "double the backslash: in quotes `\\\\.` is `\\.`"),
    ("illegal regex for *", "a regular expression has `.*` for any text"),
    ("unexpected identifier", "put the value into quotes"),
)
"""How the parser's words begin, and what mends that."""


def mend(text: str, problem: str) -> str:
    """What mends a slip that many make, of a query that the parser refuses with these words; "" for any other."""
    told = next((remedy for words, remedy in _BY_WORDS if problem.startswith(words)), "")
    at = unexpected_at(text) if problem == NOWHERE else None
    if told or at is None:
        return told
    before, behind = text[:at].rstrip(), text[at:]
    if found := re.match(r"(by|without)\s*\([^()]*\)", behind):
        return f"only an aggregation (sum, avg, max, ...) groups: `{' '.join(found[0].split())}` belongs to one"
    if before.endswith("}") and behind.startswith("{"):
        return "write all matchers into one pair of braces, with commas between"
    if before.endswith(("{", ",")) and behind.startswith(","):
        return "take the comma out"
    return "write a comma between the matchers" if re.match(r"\w+\s*[=!]", behind) else ""


def _can_go_on(text: str) -> bool:
    """Whether something can follow with which it is PromQL."""
    opened: list[str] = []
    for token in _TOKEN.finditer(text):
        if token[1] in _CLOSING:
            opened.append(token[1])
        elif opened and token[1] == _CLOSING[opened[-1]]:
            opened.pop()
    inside = _INSIDE[opened[-1]] if opened else ("",)
    closing = "".join(_CLOSING[one] for one in reversed(opened))
    return any(_has_tree(f"{text}{more}{closing}{behind}") for more, behind in product(inside, _BEHIND))


def _has_tree(text: str) -> bool:
    import promql_parser

    try:
        promql_parser.parse(text)
    except ValueError as error:
        return not _OF_LETTERS.match(str(error))
    return True
