"""Which values a matcher accepts."""

from obs_check.logql.engine.match import stream_test
from obs_check.logql.syntax import ast


def accepts(matcher: ast.Matcher, value: str) -> bool:
    """Whether a stream selector's matcher accepts a value of its label, "" for a label that is absent."""
    return stream_test([matcher])({matcher.name: value})
