"""The value tests of matchers: plain ones, and the ones of label filters with Loki's shortcuts."""

from collections.abc import Sequence

from obs_check.golang.regex import compile_re2
from obs_check.logql.stages.simplify import Test, simplify_pattern


def compile_matcher(op: str, value: str) -> Test:
    """A matcher of a selector, drop or keep: regular expressions are fully anchored."""
    if op == "=":
        return lambda text: text == value
    if op == "!=":
        return lambda text: text != value
    compile_re2(value)
    full = compile_re2(f"^(?s:{value})$").search
    if op == "=~":
        return lambda text: full(text) is not None
    return lambda text: full(text) is None


def compile_label_test(op: str, value: str) -> Test | None:
    """A string label filter; None when it keeps everything.

    Loki 3.5 rewrites regular expressions of label filters into text tests and loses anchors on the way: `=~""` keeps
    every line, an empty alternative is dropped, `foo.*` and alternatives with a common start become "contains".
    """
    if op in ("=", "!="):
        return compile_matcher(op, value)
    compile_re2(value)
    alternatives = simplify_pattern(value, is_label=True)
    if alternatives is None:
        full = compile_re2(f"^(?:{value})$").search
        return (lambda text: full(text) is not None) if op == "=~" else (lambda text: full(text) is None)
    test = any_of(alternatives)
    if op == "=~":
        return test
    return (lambda _text: False) if test is None else lambda text: not test(text)


def any_of(alternatives: Sequence[Test | None]) -> Test | None:
    """One test for alternatives of which those that hold for everything (None) are left out; None when all do."""
    tests = [test for test in alternatives if test is not None]
    if len(tests) < 2:
        return tests[0] if tests else None
    return lambda text: any(test(text) for test in tests)
