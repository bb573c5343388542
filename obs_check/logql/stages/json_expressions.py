"""`| json label="path"`: chosen values of the line become labels."""

from typing import Any

from obs_check.logql.stages.json_full import JSON_ERROR
from obs_check.logql.stages.json_path import Path, parse_json_path
from obs_check.logql.stages.json_scan import JsonFault, Value, decode, elements, members, needs_scan, unescape
from obs_check.logql.stages.naming import check_label
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, Row, StageFunction
from obs_check.logql.syntax import ast

_ABSENT = object()


def _walk(value: Any, path: Path) -> Any:
    """The decoded value at a path; _ABSENT when there is none."""
    for step in path:
        if isinstance(step, int):
            if type(value) is not list or step >= len(value):
                return _ABSENT
            value = value[step]
            continue
        if type(value) is not tuple:
            return _ABSENT
        for key, inner in value:
            if key == step:
                value = inner
                break
        else:
            return _ABSENT
    return value


def _scan(text: str, path: Path) -> Value | None:
    """The value as written at a path, read from a line that may break off later; None when it is not reached."""
    value: Value | None = None
    for step in path:
        if value is not None:
            text = value.text
        found: Value | None = None
        if isinstance(step, int):
            if text[:1] != "[":
                return None
            found = next((item for index, item in enumerate(elements(text)) if index == step), None)
        else:
            found = _member(text, step, last=step is path[-1])
        if found is None:
            return None
        value = found
    return value


def _member(text: str, name: str, last: bool) -> Value | None:
    try:
        for key, value in members(text):
            if key == name:
                return value
    except JsonFault:
        if last:
            return None
    return None


def _as_label(value: Value) -> str:
    if value.kind == "null":
        return ""
    return value.text if value.kind == "object" else unescape(value.text) or ""


def compile_json_expressions(stage: ast.JsonParser) -> StageFunction:
    """A path that is not there gives the empty label, unless the name already has a value; a line that cannot be JSON
    by its first character gives JSONParserErr (Loki 3.5)."""
    wanted = [(check_label(e.label), parse_json_path(e.expression)) for e in stage.extractions]

    def parse(row: Row) -> bool:
        line = row.line
        if not line:
            return True
        if line[0] not in '"{[':
            row.fail(JSON_ERROR)
            return True
        whole: Any = _ABSENT
        if not needs_scan(line):
            try:
                whole = decode(line)
            except (ValueError, RecursionError):
                whole = _ABSENT
        parsed, stream = row.parsed, row.stream
        missing = []
        for label, path in wanted:
            value = _walk(whole, path) if whole is not _ABSENT else None
            if value is _ABSENT:
                missing.append(label)
                continue
            kind = type(value)
            text: str
            if kind is str:
                text = str(value)
            elif kind is bool:
                text = "true" if value else "false"
            else:
                found = _scan(line, path)
                if found is None:
                    missing.append(label)
                    continue
                text = _as_label(found)
            parsed[label + DUPLICATE_SUFFIX if label in stream else label] = text
        for label in missing:
            if row.find(label) is None:
                parsed[label] = ""
        return True

    return parse
