"""`| regexp "(?P<name>...)"`."""

from obs_check.errors import QueryError
from obs_check.logql.regex import compile_re2
from obs_check.logql.stages.naming import check_label
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, Row, StageFunction
from obs_check.logql.syntax import ast


def compile_regexp(stage: ast.RegexpParser) -> StageFunction:
    """Named groups become labels, a group that took no part the empty one; no match changes nothing (Loki 3.5)."""
    compiled = compile_re2(stage.pattern)
    groups = [(check_label(name), index) for name, index in compiled.groupindex.items()]
    if not groups:
        raise QueryError("at least one named capture must be supplied")
    search = compiled.search

    def parse(row: Row) -> bool:
        found = search(row.line)
        if found is None:
            return True
        taken, stream, parsed = row.taken(), row.stream, row.parsed
        for name, index in groups:
            label = name + DUPLICATE_SUFFIX if name in stream else name
            if taken is None or label not in taken:
                parsed[label] = found.group(index) or ""
        return True

    return parse
