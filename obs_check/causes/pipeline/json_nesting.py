"""pipeline.json-nesting: the lines are JSON and the query reads a field at the wrong place.

A full `| json` names a nested field with its path (`fields_decision`), and `json decision` reads the top level only;
a path that leads nowhere sets an empty label without any error, and lists are passed over (Loki 3.5). Proved by the
same query with the path that the lines have.
"""

from collections.abc import Iterator, Mapping, Sequence

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.line_shape import json_fields, json_parser
from obs_check.evidence.parser_at import ParserAt, count_gained, parsers
from obs_check.evidence.query_edit import replace_stage
from obs_check.evidence.query_fix import query_fix
from obs_check.evidence.select_matching import accepts_value
from obs_check.logql.explain.fields import JsonField, field_meant, in_lists
from obs_check.logql.explain.fields import json_fields as fields_of
from obs_check.logql.stages.naming import sanitise
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.logql.syntax.style import PLAIN_NAME
from obs_check.logql.syntax.walk import comparisons
from obs_check.model.finding import Finding


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Count with the paths that the fields have."""
    for at in parsers(broken):
        fields = json_fields(at.lines)
        if not isinstance(at.stage, ast.JsonParser):
            continue
        moved = {n: field.path for n in at.unset if (field := field_meant(n, fields)) is not None}
        moved |= {n: path for n, path in _deeper(at.stage, fields) if n in at.unset and n not in moved}
        moved |= {n: path for n, path in _with_dots(at.stage, fields) if n in at.unset}
        listed = _listed(at, moved)
        moved |= listed
        renamed = _by_value(broken, at, moved)
        moved |= renamed
        if not moved:
            continue
        names = tuple(moved)
        fixed = _fixed(at, at.stage, moved, fields)
        rewrite = replace_stage(context, broken, at.place, stage_text(fixed), at.needed)
        gained = count_gained(context, broken, rewrite, names)
        if gained is None:
            continue
        found, proof = gained
        where = ", ".join(
            f"`{name}` is at `{path}`"
            + (", the only field with a value that it is compared with," if name in renamed else "")
            for name, path in moved.items()
        )
        return CAUSE.finding(
            f"{where} in the lines, `{stage_text(at.stage)}` leaves it empty: "
            f"as written 0, with `{stage_text(fixed)}` {found:g}",
            proof,
            # Of a list the first is read, and any may be meant; another name may mean another thing.
            query_fix(
                context,
                "read the fields where the lines have them" + (", the first of a list" if listed else ""),
                rewrite.edits,
                "other" if listed or renamed else "same",
            ),
            group=next(iter(moved)),
        )
    return None


def _listed(at: ParserAt, moved: Mapping[str, str]) -> dict[str, str]:
    """The path of each label that is not set and is not found otherwise, where the lines have it in a list."""
    left = [name for name in at.unset if name not in moved]
    if not left:
        return {}
    there = {key: path for line in at.lines for key, path in in_lists(line).items()}
    flat = {sanitise(key): path for key, path in there.items()}
    asked = {one.label: one.expression for one in at.stage.extractions} if isinstance(at.stage, ast.JsonParser) else {}
    found = ((name, there.get(asked.get(name, "")) or flat.get(name)) for name in left)
    return {name: path for name, path in found if path is not None}


def _by_value(broken: BrokenTarget, at: ParserAt, moved: Mapping[str, str]) -> dict[str, str]:
    """The path of the one field that has a text which a label that is not set is compared with behind the parser."""
    found: dict[str, str] = {}
    behind = [stage for stage in broken.query.stages[at.place + 1 :] if isinstance(stage, ast.LabelFilter)]
    tests = [test for stage in behind for test in comparisons(stage.predicate)]
    for name in at.unset:
        wanted = [
            test.matcher
            for test in tests
            if isinstance(test, ast.StringPredicate) and test.matcher.name == name and test.matcher.op in ("=", "=~")
        ]
        if name in moved or not wanted:
            continue
        having = {
            field.path
            for line in at.lines
            for field in fields_of(line)
            if all(not accepts_value(one, "") and accepts_value(one, field.value) for one in wanted)
        }
        if len(having) == 1:
            found[name] = having.pop()
    return found


def _deeper(stage: ast.JsonParser, fields: Sequence[JsonField]) -> Iterator[tuple[str, str]]:
    """Labels of another name than the field that their expression looks for at the top."""
    for extraction in stage.extractions:
        if PLAIN_NAME.fullmatch(extraction.expression):
            field = field_meant(extraction.expression, fields)
            if field is not None:
                yield extraction.label, field.path


def _with_dots(stage: ast.JsonParser, fields: Sequence[JsonField]) -> Iterator[tuple[str, str]]:
    """Labels whose expression is the dotted name of a field, where a dot is part of a key and leads nowhere."""
    dotted = {".".join(one.keys): one.path for one in fields if any("." in key for key in one.keys)}
    for extraction in stage.extractions:
        if (path := dotted.get(extraction.expression)) is not None:
            yield extraction.label, path


def _fixed(
    at: ParserAt, stage: ast.JsonParser, moved: Mapping[str, str], fields: Sequence[JsonField]
) -> ast.JsonParser:
    """The parser with the paths right. One without extractions gets all that the query needs, so that it still sets
    the labels that it set by chance."""
    named = stage if stage.extractions else json_parser(fields, dict.fromkeys((*at.needed, *at.shared)))
    kept = tuple(e for e in named.extractions if e.label not in moved) if named is not None else ()
    return ast.JsonParser((*kept, *(ast.Extraction(n, p) for n, p in moved.items())))


CAUSE = on_query("pipeline.json-nesting", "panel", find)
