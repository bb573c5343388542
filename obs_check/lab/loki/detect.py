"""`detected_fields`: which fields the lines of a query have, and which parser finds them."""

import json
import re
from collections.abc import Iterable
from typing import Any

from obs_check.model.entry import Entry

_LOGFMT = re.compile(r'(?:^|\s)([A-Za-z_][\w.]*)=("(?:[^"\\]|\\.)*"|\S*)')
_DURATION = re.compile(r"(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+")
_BYTES = re.compile(r"\d+(\.\d+)?\s?(?i:[kmgtp]i?b|b)")


def _flatten(value: Any, path: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flatten(inner, (*path, str(key)))
    elif isinstance(value, str):
        yield path, value
    elif isinstance(value, bool):
        yield path, str(value).lower()
    elif isinstance(value, int | float):
        yield path, json.dumps(value)


def _kind(value: str) -> str:
    if value in ("true", "false"):
        return "boolean"
    if re.fullmatch(r"-?\d+", value):
        return "int"
    if re.fullmatch(r"-?\d+\.\d+", value):
        return "float"
    if _DURATION.fullmatch(value):
        return "duration"
    return "bytes" if _BYTES.fullmatch(value) else "string"


def detected_fields(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """One object a field: label, type (of its first value), cardinality, parsers (None: structured metadata) and, for
    JSON, `jsonPath`."""
    values: dict[str, set[str]] = {}
    first: dict[str, dict[str, Any]] = {}

    def note(label: str, value: str, parser: str | None, path: tuple[str, ...] = ()) -> None:
        values.setdefault(label, set()).add(value)
        field = first.setdefault(label, {"label": label, "type": _kind(value), "parsers": None})
        if parser is not None and parser not in (field["parsers"] or []):
            field["parsers"] = [*(field["parsers"] or []), parser]
        if path:
            field.setdefault("jsonPath", list(path))

    for entry in entries:
        for name, value in entry.metadata.items():
            note(name, value, None)
        try:
            document = json.loads(entry.line)
        except ValueError:
            document = None
        if isinstance(document, dict):
            for path, value in _flatten(document, ()):
                note(re.sub(r"\W", "_", "_".join(path)), value, "json", path)
            continue
        for name, value in _LOGFMT.findall(entry.line):
            note(re.sub(r"\W", "_", name), value.strip('"'), "logfmt")
    return [{**first[label], "cardinality": len(values[label])} for label in sorted(first)]
