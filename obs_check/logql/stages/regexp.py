"""`| regexp "(?P<name>...)"`."""

from obs_check.errors import QueryError
from obs_check.golang.quoting import quote
from obs_check.golang.regex import capture_names, compile_re2
from obs_check.logql.stages.hints import DROP, LabelNames, ParserHints
from obs_check.logql.stages.kind import Effect, StageKind
from obs_check.logql.stages.naming import sanitise
from obs_check.logql.stages.row import Row, StageFunction
from obs_check.logql.syntax import ast


def compile_regexp(stage: ast.RegexpParser, extraction: ParserHints) -> StageFunction:
    """Named groups become labels, a group that took no part the empty one; no match changes nothing (Loki 3.5)."""
    compiled = compile_re2(stage.pattern)
    seen: set[str] = set()
    for name in capture_names(stage.pattern):
        if name in seen:
            raise QueryError(f"duplicate extracted label name '{name}'")
        seen.add(name)
    groups = [(sanitise(name), index) for name, index in compiled.groupindex.items()]
    if not groups:
        raise QueryError("at least one named capture must be supplied")
    search = compiled.search
    names = LabelNames(extraction)
    settle, after = names.settle, extraction.after()

    def parse(row: Row) -> bool:
        # As bytes: re2 would turn the places of every match into those of characters.
        found = search(row.line.encode("utf-8", "replace"))
        if found is None:
            return True
        for group, index in groups:
            name = names[group] if group in names else names.decide(group, group, row)
            if name is not None and settle is not None:
                name = settle(row, name)
            if name is None:
                continue
            row.parsed[name] = (found[index] or b"").decode("utf-8", "replace")
            if after is not None and after(row, name) == DROP:
                return False
        return True

    return parse


REGEXP = StageKind(
    ast.RegexpParser,
    lambda stage, _settings, hints: compile_regexp(stage, hints),
    lambda stage: Effect(sets=tuple(map(sanitise, capture_names(stage.pattern))), reads_line=True),
    lambda stage, _style: f"| {stage.WORD} {quote(stage.pattern)}",
    lambda cursor, start: ast.RegexpParser(cursor.string(), cursor.span_from(start)),
    at_once=True,
)
