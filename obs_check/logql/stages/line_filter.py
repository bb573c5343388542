"""`|=`, `!=`, `|~`, `!~`, `|>`, `!>` on the line."""

import re
from collections.abc import Callable

from obs_check.errors import QueryError
from obs_check.golang.quoting import quote
from obs_check.golang.regex import compile_re2
from obs_check.logql.stages.address import compile_address
from obs_check.logql.stages.kind import Effect, StageKind
from obs_check.logql.stages.line_pattern import compile_line_pattern
from obs_check.logql.stages.matching import any_of
from obs_check.logql.stages.row import Row, StageFunction
from obs_check.logql.stages.simplify import Test, simplify_pattern
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.style import Style

_PLAIN = re.compile(r"[^\\.+*?()|\[\]{}^$]*")


def _test(op: str, match: ast.LineMatch) -> Test | None:
    """One alternative; None when it is true for every line."""
    if match.ip:
        if op not in ("|=", "!="):
            raise QueryError("ip: invalid operation")
        return compile_address(match.value)
    if op in ("|>", "!>"):
        return compile_line_pattern(match.value)
    value = match.value
    if op in ("|~", "!~"):
        search = compile_re2(value).search
        alternatives = simplify_pattern(value, is_label=False)
        return (lambda line: search(line) is not None) if alternatives is None else any_of(alternatives)
    return (lambda line: value in line) if value else None


def _alternatives(stage: ast.LineFilter) -> list[ast.LineMatch]:
    """What a positive filter with `or` looks for. Loki 3.5 takes ip("...") for a plain text there, and an `or` behind
    ip("...") replaces the alternatives between it and the first one."""
    first, *others = stage.matches
    if not others:
        return [first]
    kept: list[ast.LineMatch] = []
    after_ip = False
    for match in others:
        kept = [match] if after_ip else [*kept, match]
        after_ip = match.ip
    return [ast.LineMatch(match.value) for match in (first, *kept)]


def compile_line_filter(stage: ast.LineFilter) -> StageFunction:
    """Keeps lines that have any alternative, or none for a negative operator.

    An alternative that is always true is left out of an `or`, as Loki 3.5 does: `|= "" or "x"` means `|= "x"`, and
    alone `|= ""` keeps and `!= ""` drops everything.
    """
    if stage.op[0] == "!":
        tests = [_test(stage.op, match) for match in stage.matches]
        return (lambda _row: False) if None in tests else _no_test([test for test in tests if test])
    matches = _alternatives(stage)
    real = [test for test in (_test(stage.op, match) for match in matches) if test is not None]
    if not real:
        return lambda _row: True
    value = matches[0].value
    if len(matches) == 1 and not matches[0].ip and (stage.op == "|=" or (stage.op == "|~" and _PLAIN.fullmatch(value))):
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


def _text(stage: ast.LineFilter, style: Style) -> str:
    texts = [f"ip({quote(match.value)})" if match.ip else quote(match.value) for match in stage.matches]
    if style.negated_apart and stage.op[0] == "!":
        return " ".join(f"{stage.op} {text}" for text in texts)
    return f"{stage.op} {' or '.join(texts)}"


LINE_FILTER = StageKind(
    ast.LineFilter,
    lambda stage, _settings, _hints: compile_line_filter(stage),
    lambda _stage: Effect(drops_lines=True, reads_line=True),
    _text,
)
