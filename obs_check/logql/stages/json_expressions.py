"""`| json label="path"`: chosen values of the line become labels."""

import re
from typing import Any

from obs_check.logql.stages.hints import ParserHints
from obs_check.logql.stages.json_full import JSON_ERROR
from obs_check.logql.stages.json_path import Path, parse_json_path
from obs_check.logql.stages.json_paths import search_paths
from obs_check.logql.stages.json_route import compile_routes
from obs_check.logql.stages.json_scan import JsonValue, decode, needs_scan, unescape
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, Row, StageFunction
from obs_check.logql.syntax import ast

# With one more backslash before it, the quote is an escaped one, however many pairs of backslashes there were.
_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*+"')
_ABSENT = object()
_UNSURE = object()


def _walk(value: object, path: Path) -> Any:
    """The text at a path of a decoded line; _ABSENT when there is none, _UNSURE when its text has to be read again or a
    key on the way is there twice (Loki 3.5 goes on to the second where the first leads nowhere)."""
    for step in path:
        if isinstance(step, int):
            if type(value) is not list or step >= len(value):
                return _ABSENT
            value = value[step]
            continue
        if type(value) is not tuple:
            return _ABSENT
        found = [inner for key, inner in value if key == step]
        if len(found) != 1:
            return _UNSURE if found else _ABSENT
        value = found[0]
    if type(value) is bool:
        return "true" if value else "false"
    return value if type(value) is str else "" if value is None else _UNSURE


def _as_label(value: JsonValue) -> str:
    if value.kind == "null":
        return ""
    if value.kind == "object":
        return value.text
    text = _QUOTE.sub(r"\\\g<0>", value.text) if value.kind == "array" else value.text
    return unescape(text) or ""


def compile_json_expressions(stage: ast.JsonParser, extraction: ParserHints) -> StageFunction:
    """A path that is not there gives the empty label, unless the name already has a value; a line that cannot be JSON
    by its first character, or has no value where a path ends, gives JSONParserErr (Loki 3.5)."""
    labels = [e.label for e in stage.extractions]
    paths = [parse_json_path(e.expression) for e in stage.extractions]
    routes = compile_routes(paths)
    # Of two values for one label the last in the line counts, which only the careful way knows.
    distinct = len(set(labels)) == len(labels)
    names: dict[str, str] = {}

    def name_of(label: str, row: Row) -> str:
        name = label + DUPLICATE_SUFFIX if extraction.taken(row, label) else label
        # Decided by the stream of the first line that has the value, for all that follow (Loki 3.5).
        return name if extraction.each_line else names.setdefault(label, name)

    def routed(row: Row) -> bool:
        """Reads a line that is plain up to its values; False when another way is needed."""
        values = routes(row.line) if routes is not None else None
        if values is None:
            return False
        for label, value in zip(labels, values, strict=True):
            row.parsed[names[label] if label in names else name_of(label, row)] = value
        return True

    def quick(row: Row) -> bool:
        """Reads a valid line; False when the careful way is needed."""
        if needs_scan(row.line):
            return False
        try:
            whole = decode(row.line)
        except (ValueError, RecursionError):
            return False
        values = []
        for path in paths:
            value = _walk(whole, path)
            if value is _UNSURE:
                return False
            values.append(value)
        parsed = row.parsed
        missing = False
        for label, value in zip(labels, values, strict=True):
            if value is _ABSENT:
                missing = True
            else:
                parsed[names[label] if label in names else name_of(label, row)] = value
        if missing:
            fill(row)
        return True

    def fill(row: Row) -> None:
        for label in labels:
            if row.find(label) is None:
                row.parsed[label] = ""

    def careful(row: Row) -> None:
        count = 0

        def found(number: int, value: JsonValue) -> None:
            nonlocal count
            row.parsed[name_of(labels[number], row)] = _as_label(value)
            count += 1

        search_paths(row.line, paths, found, lambda fault: row.fail(JSON_ERROR, fault))
        if count < len(labels):
            fill(row)

    def parse(row: Row) -> bool:
        if not row.line or extraction.idle(row):
            return True
        if row.line[0] not in '"{[':
            row.fail(JSON_ERROR)
        elif not (distinct and (routed(row) or quick(row))):
            careful(row)
        return True

    return parse
