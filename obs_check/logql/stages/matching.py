"""The value tests of matchers: plain ones, and the ones of label filters with Loki's shortcuts."""

import re
from collections.abc import Callable

from obs_check.logql.regex import compile_re2

Test = Callable[[str], bool]
_PLAIN = re.compile(r"[^\\.+*?()|\[\]{}^$]+")


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
    simple = _simplify(value)
    if simple is None:
        full = compile_re2(f"^(?:{value})$").search
        return (lambda text: full(text) is not None) if op == "=~" else (lambda text: full(text) is None)
    tests = [test for test in simple if test is not None]
    if op == "=~":
        if not tests:
            return None
        only = tests[0]
        return only if len(tests) == 1 else lambda text: any(test(text) for test in tests)
    if not tests:
        return lambda _text: False
    return lambda text: not any(test(text) for test in tests)


def _simplify(pattern: str) -> list[Test | None] | None:
    """The alternatives as text tests (None: true for everything); None when Loki keeps the regular expression."""
    body = pattern
    if body.startswith("(") and body.endswith(")") and not body.startswith("(?") and "(" not in body[1:]:
        body = body[1:-1]
    alternatives = body.split("|")
    if all(_PLAIN.fullmatch(part) for part in alternatives):
        return _literals(alternatives)
    tests: list[Test | None] = []
    for part in alternatives:
        if part in ("", ".*"):
            tests.append(None)
        elif part == ".+":
            tests.append(bool)
        elif _PLAIN.fullmatch(part):
            tests.append(_equals(part))
        elif (core := part.removeprefix(".*").removesuffix(".*")) and _PLAIN.fullmatch(core):
            tests.append(_contains(core))
        else:
            return None
    first = [part[:1] for part in alternatives if part]
    # A common start is factored out before the rewrite; only the plain case above is followed that far.
    return tests if len(set(first)) == len(first) or set(first) == {"."} else None


def _literals(parts: list[str]) -> list[Test | None] | None:
    """Runs of neighbours with a common start are one factored expression, tested by "contains"."""
    tests: list[Test | None] = []
    at = 0
    while at < len(parts):
        end, prefix = at + 1, parts[at]
        while end < len(parts) and (common := _common_start(prefix, parts[end])):
            prefix, end = common, end + 1
        run = parts[at:end]
        if len(run) == 1:
            tests.append(_equals(run[0]))
        elif all(len(part) == len(prefix) + 1 for part in run):
            return None  # the rest is a character class, which is not rewritten
        else:
            tests += [_contains(part) for part in run]
        at = end
    return None if len(parts) > 1 and all(len(part) == 1 for part in parts) else tests


def _common_start(first: str, second: str) -> str:
    length = 0
    while length < min(len(first), len(second)) and first[length] == second[length]:
        length += 1
    return first[:length]


def _equals(wanted: str) -> Test:
    return lambda text: text == wanted


def _contains(wanted: str) -> Test:
    return lambda text: wanted in text
