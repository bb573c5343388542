"""extractFields: columns out of one text column."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from obs_check.model.tree import Json
from obs_check.panel.frames import Field, Frame
from obs_check.panel.naming import is_named
from obs_check.panel.overrides import js_regex

_SEPARATORS = " ,;\t\n&{}"


def extract_fields(frames: Sequence[Frame], options: Mapping[str, object]) -> list[Frame]:
    """A frame without the source column is unchanged; a line that cannot be read gives an empty row. `replace` drops
    every other column (time stays with `keepTime`); `delimiter` counts for the format `delimiter` only."""
    result = []
    for frame in frames:
        source = next((f for f in frame.fields if is_named(f, frame, frames, str(options.get("source") or ""))), None)
        if source is None:
            result.append(frame)
            continue
        read = _reader(str(options.get("format") or "auto"), options)
        rows = [read(value) for value in source.values]
        names = list(dict.fromkeys(name for row in rows for name in row))
        found = [_column(name, [row.get(name) for row in rows]) for name in names]
        kept = frame.fields
        if options.get("replace"):
            kept = [f for f in frame.fields if f.type == "time"] if options.get("keepTime") else []
        result.append(replace(frame, fields=[*kept, *found]))
    return result


def key_values(text: str) -> dict[str, str]:
    """`a=1 b="x y" c:2` as pairs: quotes group, a backslash escapes, an empty `a=""` stays empty."""
    found: dict[str, str] = {}
    key: str | None = None
    held, quote, quoted = "", "", False
    characters = iter(text)
    for character in characters:
        if character == "\\":
            held += next(characters, "")
        elif quote:
            if character == quote:
                quote = ""
            else:
                held += character
        elif character in "\"'":
            quote, quoted = character, True
        elif character in "=:":
            if held:
                if key is not None:
                    found[key] = ""
                key, held, quoted = held, "", False
        elif character in _SEPARATORS:
            _pair(found, key, held, quoted)
            key, held, quoted = None, "", False
        else:
            held += character
    _pair(found, key, held, quoted)
    return found


def _pair(found: dict[str, str], key: str | None, held: str, quoted: bool) -> None:
    if key is not None:
        found[key] = held
    elif held or quoted:
        found[held] = ""


def _reader(kind: str, options: Mapping[str, Any]) -> Callable[[Json], Mapping[str, Json]]:
    if kind == "kvp":
        return lambda value: key_values(str(value)) if value is not None else {}
    if kind == "json":
        paths = [p for p in options.get("jsonPaths") or () if p.get("path")]
        return lambda value: _at_paths(_json(value), paths) if paths else _object(_json(value))
    if kind == "delimiter":
        by = str(options.get("delimiter") or ",")
        return lambda value: {part.strip(): 1 for part in str(value).split(by)} if value is not None else {}
    if kind == "regexp":
        pattern = js_regex(str(options.get("regExp") or "/(?<NewField>.*)/"))
        return lambda value: _groups(pattern.search(str(value)))
    return _automatic


def _automatic(value: object) -> Mapping[str, Json]:
    if value is None:
        return {}
    parsed = _json(value)
    return _object(parsed) if parsed is not None else key_values(str(value))


def _json(value: object) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _object(value: object) -> Mapping[str, Json]:
    if isinstance(value, Mapping):
        return value
    return {str(i): v for i, v in enumerate(value)} if isinstance(value, list) else {}


def _at_paths(value: object, paths: Sequence[Mapping[str, object]]) -> dict[str, Any]:
    row = {}
    for entry in paths:
        inner = value
        for part in str(entry["path"]).replace("[", ".").replace("]", "").split("."):
            inner = _object(inner).get(part)
        row[str(entry.get("alias") or entry["path"])] = inner
    return row


def _groups(found: Any) -> dict[str, Json]:
    return dict(found.groupdict()) if found else {}


def _column(name: str, values: list[Any]) -> Field:
    there = [v for v in values if v is not None]
    if there and all(isinstance(v, bool) for v in there):
        return Field(name, "boolean", values)
    if there and all(isinstance(v, int | float) for v in there):
        return Field(name, "number", values)
    return Field(name, "string" if all(isinstance(v, str) for v in there) else "other", values)
