"""`detected_labels`, `detected_fields` and the values of a field, found in the lines of a query as Loki 3.5 does."""

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from obs_check.golang.durations import parse_go_duration
from obs_check.golang.numbers import parse_float
from obs_check.golang.sizes import parse_bytes
from obs_check.logql.stages.hints import ParserHints
from obs_check.logql.stages.json_full import compile_json
from obs_check.logql.stages.logfmt import compile_logfmt
from obs_check.logql.stages.naming import sanitise
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, ERROR, ERROR_DETAILS, Row
from obs_check.logql.syntax import ast
from obs_check.model.entry import Labels
from obs_check.model.tree import Json

_DECODER = json.JSONDecoder()
_ALWAYS = frozenset({"cluster", "namespace", "instance", "pod"})
_BOOLEANS = frozenset({"t", "T", "f", "F", "true", "TRUE", "True", "false", "FALSE", "False"})
_JSON = compile_json(ParserHints())
_LOGFMT = compile_logfmt(ast.LogfmtParser(), ParserHints())
_SI = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_INT = re.compile(r"[+-]?\d+")


def detected_labels(streams: Iterable[Mapping[str, str]]) -> list[dict[str, Json]]:
    """Name and number of values of each label. One whose values are all numbers or UUIDs is left out, unless it is
    one of a few well-known names."""
    values: dict[str, set[str]] = {}
    for labels in streams:
        for name, value in labels.items():
            values.setdefault(name, set()).add(value)
    return [
        {"label": name, "cardinality": len(found)}
        for name, found in sorted(values.items())
        if name in _ALWAYS or not all(map(_is_id, found))
    ]


def _is_id(value: str) -> bool:
    try:
        parse_float(value)
    except ValueError:
        try:
            uuid.UUID(value)
        except ValueError:
            return False
    return True


def detected_fields(rows: Sequence[Mapping[str, object]], limit: int) -> list[dict[str, Json]]:
    """One object a field, at most `limit`: label, type (of the last value looked at), cardinality, parsers (None:
    structured metadata) and, for JSON, `jsonPath`. `rows` are streams with categorized labels."""
    values: dict[str, set[str]] = {}
    fields: dict[str, dict[str, Any]] = {}
    for name, found, parsers, path in _fields(rows):
        if name not in fields and len(fields) >= limit:
            continue
        field = fields.setdefault(name, {"label": name, "type": "string", "cardinality": 0, "parsers": None})
        values.setdefault(name, set()).update(found)
        field["type"] = _kind(found[0])
        if parsers:
            field["parsers"] = [*(field["parsers"] or []), *(p for p in parsers if p not in (field["parsers"] or []))]
        if path:
            field["jsonPath"] = path
    return [{**fields[name], "cardinality": len(values[name])} for name in sorted(fields)]


def field_values(rows: Sequence[Mapping[str, object]], name: str, limit: int) -> list[str]:
    """Values of one field, at most `limit`; sizes are written as a query takes them (Loki 3.5: 5 KB is 5.0kB)."""
    found: dict[str, None] = {}
    for label, values, parsers, _ in _fields(rows):
        if len(found) >= limit:
            break
        if label == name:
            found.update(dict.fromkeys(_as_size(value) if parsers else value for value in values))
    return sorted(found)


def _fields(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[str], list[str], list[str]]]:
    """(name, values, parsers, path in JSON) of every field of every entry: structured metadata, then what the query
    parsed and what json, or else logfmt, finds in the line."""
    for row in rows:
        for _, line, *more in row["values"]:
            extra = more[0] if more else {}
            for name, value in extra.get("structuredMetadata", {}).items():
                yield name, [value], [], []
            found = {n: [v] for n, v in extra.get("parsed", {}).items() if n not in (ERROR, ERROR_DETAILS)}
            parsed, parser = _parsed(line, row["stream"])
            for name, value in parsed.items():
                if name in (ERROR, ERROR_DETAILS):
                    continue
                found[name] = list(dict.fromkeys([*found.get(name, []), value]))
            paths = _json_paths(line) if parser == "json" else {}
            for name, values in found.items():
                yield name, values, [parser], paths.get(name, [])


def _parsed(line: str, stream: Mapping[str, str]) -> tuple[Labels, str]:
    row = Row(0, line, stream, {})
    _JSON(row)
    if not row.error:
        return row.parsed, "json"
    row = Row(0, line, stream, {})
    _LOGFMT(row)
    return row.parsed, "logfmt"


def _json_paths(line: str) -> dict[str, list[str]]:
    """Keys on the way to each scalar, by the name of the label that it becomes; none of a line that only Loki takes for
    JSON."""
    paths: dict[str, list[str]] = {}
    try:
        document, _ = _DECODER.raw_decode(line.strip())
    except (ValueError, RecursionError):
        return {}
    todo: list[tuple[list[str], Json]] = [([], document)]
    while todo:
        path, value = todo.pop()
        if isinstance(value, dict):
            todo += [([*path, key], inner) for key, inner in value.items()]
        else:
            name = "_".join(sanitise(key, first=not n) for n, key in enumerate(path))
            paths[name] = paths[f"{name}{DUPLICATE_SUFFIX}"] = path
    return paths


def _kind(value: str) -> str:
    if _INT.fullmatch(value):
        return "int"
    for kind, read in (("float", parse_float), ("boolean", _boolean), ("duration", parse_go_duration)):
        try:
            read(value)
        except ValueError:
            continue
        return kind
    return "bytes" if _is_size(value) else "string"


def _boolean(value: str) -> None:
    if value not in _BOOLEANS:
        raise ValueError(value)


def _is_size(value: str) -> bool:
    try:
        parse_bytes(value)
    except ValueError:
        return False
    return True


def _as_size(value: str) -> str:
    if not _is_size(value) or value[-1:].isdigit():
        return value
    size, power = float(parse_bytes(value)), 0
    if size < 10:
        return f"{int(size)}B"
    while size >= 1000 and power < len(_SI) - 1:
        size, power = size / 1000, power + 1
    rounded = int(size * 10 + 0.5) / 10
    return f"{rounded:.0f}{_SI[power]}" if rounded >= 10 else f"{rounded:.1f}{_SI[power]}"
