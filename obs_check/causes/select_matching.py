"""Which values a matcher accepts, and the text of a matcher in its author's query."""

from obs_check.logql.regex import compile_re2
from obs_check.logql.syntax import ast


def accepts(matcher: ast.Matcher, value: str) -> bool:
    """Whether a stream selector's or label filter's matcher accepts a value; regular expressions are anchored."""
    match matcher.op:
        case "=":
            return value == matcher.value
        case "!=":
            return value != matcher.value
        case "=~":
            return bool(compile_re2(matcher.value).fullmatch(value))
        case _:
            return not compile_re2(matcher.value).fullmatch(value)
