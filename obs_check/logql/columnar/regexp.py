"""`| regexp`: the row engine's own RE2, in DuckDB."""

import re

from obs_check.golang.regex import compile_re2
from obs_check.logql.columnar.columns import Columns, ColumnValue
from obs_check.logql.columnar.sql import NotColumnar, case, matches, text
from obs_check.logql.stages.naming import sanitise
from obs_check.logql.syntax import ast

_BY_TABLE = re.compile(r"\\[pP]|\[:\^?\w+:\]")
_NO_ASSERTION = re.compile(r"(?:\\[^bBAzQ]|\[\^|[^\\$^])*", re.DOTALL)
"""A pattern of this form looks at no text but what it takes: it asks for no edge of a line or a word."""


def check_pattern(pattern: str) -> None:
    """NotColumnar for classes of Unicode: the two copies of RE2 may have different tables. QueryError for a pattern
    that does not compile."""
    compile_re2(pattern)
    if _BY_TABLE.search(pattern):
        raise NotColumnar("a regular expression with a class of Unicode")


def regexp_columns(stage: ast.RegexpParser, needed: list[str]) -> Columns:
    """The needed groups; a group that took no part is empty, without a match there is no label."""
    check_pattern(stage.pattern)
    numbers = {sanitise(name): number for name, number in compile_re2(stage.pattern).groupindex.items()}
    columns = Columns()
    for name in needed:
        if _NO_ASSERTION.fullmatch(stage.pattern):
            # RE2 finds a match much quicker than its groups: they are asked of the match alone, which is short.
            found = f"match_{needed[0]}"
            columns.helpers[found] = f"regexp_extract(line, {text(stage.pattern)})"
            group = f"regexp_extract({found}, {text(f'^(?:{stage.pattern})')}, {numbers[name]})"
        else:
            found = group = f"group_{name}"
            columns.helpers[found] = f"regexp_extract(line, {text(stage.pattern)}, {numbers[name]})"
        # An empty text is an empty match or none: only then the line is searched a second time.
        raw = case((f"{found} <> ''", group), (matches(stage.pattern), "''"))
        columns.values[name] = ColumnValue(raw, lambda column: column)
    return columns
