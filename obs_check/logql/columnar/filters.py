"""Line filters as SQL, and what a label filter says about the line itself."""

from collections.abc import Collection

from obs_check.logql.columnar.regexp import check_pattern
from obs_check.logql.columnar.sql import NotColumnar, contains, matches
from obs_check.logql.syntax import ast

_EVERY_LINE = ("", ".*", "()", "(?:)")


def line_condition(stage: ast.LineFilter) -> str:
    """The SQL condition of a line filter. NotColumnar for addresses and patterns."""
    tests = [_test(stage.op, match) for match in stage.matches]
    real = [test for test in tests if test is not None]
    if stage.op.startswith("!"):
        # Loki 3.5: an alternative that holds for every line drops every line here, and is left out below.
        return "false" if None in tests else f"NOT ({' OR '.join(real)})"
    return f"({' OR '.join(real)})" if real else "true"


def _test(op: str, match: ast.LineMatch) -> str | None:
    if match.ip or op in ("|>", "!>"):
        raise NotColumnar(f"a line filter with {'ip()' if match.ip else op}")
    if op in ("|=", "!="):
        return contains(match.value) if match.value else None
    check_pattern(match.value)
    return None if match.value in _EVERY_LINE else matches(match.value)


def line_hints(predicate: ast.Predicate, parsed: Collection[str]) -> list[str]:
    """Conditions without which no line passes: a label that was read from the line and equals a text stands in the
    line, unless it is written with an escape."""
    match predicate:
        case ast.AndPredicate(left, right):
            return line_hints(left, parsed) + line_hints(right, parsed)
        case ast.StringPredicate(matcher) if matcher.op == "=" and matcher.name in parsed:
            # U+FFFD in a line becomes a blank in a label.
            if matcher.value and " " not in matcher.value:
                backslash = "\\"
                return [f"({contains(matcher.value)} OR {contains(backslash)})"]
    return []
