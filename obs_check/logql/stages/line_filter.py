"""`|=`, `!=`, `|~`, `!~`, `|>`, `!>` on the line."""

import re
from collections.abc import Callable

from obs_check.errors import QueryError
from obs_check.logql.regex import compile_re2
from obs_check.logql.stages.address import compile_address
from obs_check.logql.stages.line_pattern import compile_line_pattern
from obs_check.logql.stages.row import Row, StageFunction
from obs_check.logql.syntax import ast

_PLAIN = re.compile(r"[^\\.+*?()|\[\]{}^$]*")


def _test(op: str, match: ast.LineMatch) -> Callable[[str], bool] | None:
    """One alternative; None when it is true for every line."""
    if match.ip:
        if op not in ("|=", "!="):
            raise QueryError("ip: invalid operation: only |= and != take ip()")
        return compile_address(match.value)
    if op in ("|>", "!>"):
        return compile_line_pattern(match.value)
    value = match.value
    if op in ("|~", "!~") and not _PLAIN.fullmatch(value):
        search = compile_re2(value).search
        return None if value in (".*", "()", "(?:)") else lambda line: search(line) is not None
    return (lambda line: value in line) if value else None


def compile_line_filter(stage: ast.LineFilter) -> StageFunction:
    """Keeps lines that have any alternative, or none for a negative operator.

    An alternative that is always true is left out of an `or`, as Loki 3.5 does: `|= "" or "x"` means `|= "x"`, and
    alone `|= ""` keeps and `!= ""` drops everything.
    """
    tests = [_test(stage.op, match) for match in stage.matches]
    negative = stage.op[0] == "!"
    if negative:
        if None in tests:
            return lambda _row: False
        return _no_test([test for test in tests if test])
    real = [test for test in tests if test is not None]
    if not real:
        return lambda _row: True
    match = stage.matches[0]
    if (
        len(stage.matches) == 1
        and not match.ip
        and (stage.op == "|=" or (stage.op == "|~" and _PLAIN.fullmatch(match.value)))
    ):
        value = match.value
        return lambda row: value in row.line
    return _any_test(real)


def _any_test(tests: list[Callable[[str], bool]]) -> StageFunction:
    if len(tests) == 1:
        only = tests[0]
        return lambda row: only(row.line)

    def keep(row: Row) -> bool:
        line = row.line
        return any(test(line) for test in tests)

    return keep


def _no_test(tests: list[Callable[[str], bool]]) -> StageFunction:
    if len(tests) == 1:
        only = tests[0]
        return lambda row: not only(row.line)

    def keep(row: Row) -> bool:
        line = row.line
        return not any(test(line) for test in tests)

    return keep
