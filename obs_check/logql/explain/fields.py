"""The fields that a line has as text, and the parser that makes a label of one."""

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from obs_check.golang.quoting import quote
from obs_check.logql.stages.logfmt_scan import scan_logfmt
from obs_check.logql.stages.naming import sanitise
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.logql.syntax.style import PLAIN_NAME
from obs_check.model.tree import Json

_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class JsonField:
    """A scalar of a line that is a JSON object, by the keys that lead to it."""

    keys: tuple[str, ...]
    value: str

    @property
    def path(self) -> str:
        """The expression of `| json label="..."`: a key that is not a plain name stands in brackets and quotes."""
        return self.behind("")

    def behind(self, path: str) -> str:
        """The expression that goes on with the keys."""
        for key in self.keys:
            path += (f".{key}" if path else key) if PLAIN_NAME.fullmatch(key) else f"[{quote(key)}]"
        return path

    @property
    def name(self) -> str:
        """The last key as a label."""
        return sanitise(self.keys[-1])

    @property
    def flat(self) -> str:
        """The label that a full `| json` sets."""
        return "_".join(sanitise(key, first=not number) for number, key in enumerate(self.keys))


def json_fields(line: str) -> list[JsonField]:
    """The scalar fields of a line that is a JSON object, the upper ones first; none of any other line."""
    return [
        JsonField(keys, value if isinstance(value, str) else json.dumps(value))
        for keys, value in _leaves(line)
        if value is not None
    ]


def in_lists(line: str) -> dict[str, str]:
    """What stands in lists of a line that is a JSON object, which a full `| json` passes over (Loki 3.5): the
    expression of `| json label="..."` for the first of each, by the names of its keys with a dot between them."""
    found: dict[str, str] = {}
    todo: deque[tuple[tuple[str, ...], str, Any]] = deque([((), "", _object(line))])
    while todo:
        keys, path, value = todo.popleft()
        if isinstance(value, dict):
            todo += [((*keys, key), JsonField((key,), "").behind(path), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            todo += [(keys, f"{path}[{number}]", inner) for number, inner in enumerate(value[:1])]
        elif path.count("[") > path.count('["') and value not in (None, ""):
            found.setdefault(".".join(keys), path)
    return found


def valueless(line: str) -> list[str]:
    """The labels of the fields of such a line that are null or an empty text."""
    return [JsonField(keys, "").flat for keys, value in _leaves(line) if value is None or value == ""]


def _object(line: str) -> dict[str, Json]:
    """The JSON object that a line is, an empty one for any other line."""
    if not line.lstrip().startswith("{"):
        return {}
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _leaves(line: str) -> list[tuple[tuple[str, ...], Json]]:
    """What is neither object nor list in a line that is a JSON object, by the keys that lead to it."""
    document = _object(line)
    found: list[tuple[tuple[str, ...], Any]] = []
    todo: deque[tuple[tuple[str, ...], Any]] = deque([((), document)])
    while todo:
        keys, value = todo.popleft()
        if isinstance(value, dict):
            todo += [((*keys, key), inner) for key, inner in value.items()]
        elif keys and not isinstance(value, list):
            found.append((keys, value))
    return found


def field_meant(label: str, fields: Sequence[JsonField]) -> JsonField | None:
    """The field that a label means: the same last key, the path joined with `_`, or a last key that ends in it (`url`
    means `fields.http_url`)."""
    exact = next((one for one in fields if label in (one.name, one.flat)), None)
    return exact or next((one for one in fields if one.name.endswith(f"_{label}")), None)


def pairs(line: str) -> dict[str, tuple[str, str]]:
    """The `key=value` pairs with a value that `| logfmt` makes labels of: (key, value) by label."""
    found: dict[str, tuple[str, str]] = {}

    def emit(key: str, value: str) -> bool:
        if value and (label := sanitise(key)):
            found[label] = key, value
        return False

    scan_logfmt(line, False, emit, _NOTHING)
    return found


FieldParser = ast.JsonParser | ast.LogfmtParser


def parser_for(label: str, line: str) -> FieldParser | None:
    """The parser that makes the label, and no other, of a field of the line; None where no field is called that."""
    field = field_meant(label, json_fields(line))
    if field is not None:
        return ast.JsonParser((ast.Extraction(label, field.path),))
    if line.lstrip().startswith("{") or label not in (found := pairs(line)):
        return None
    key = found[label][0]
    return ast.LogfmtParser((ast.Extraction(label, label),) if key == label else ())


def in_one(parsers: Sequence[FieldParser]) -> FieldParser | None:
    """One parser in the place of several; None where they are not of one kind, or where there is none. A logfmt parser
    of several keys takes all: Loki 3.5 stops at the first of those that a metric query names."""
    every = {extraction.label: extraction for one in parsers for extraction in one.extractions}
    if parsers and all(isinstance(one, ast.LogfmtParser) for one in parsers):
        alone = len(every) == 1 and all(one.extractions for one in parsers)
        return ast.LogfmtParser(tuple(every.values()) if alone else ())
    if not parsers or any(isinstance(one, ast.LogfmtParser) for one in parsers):
        return None
    return ast.JsonParser(tuple(every.values()))


def parser_text(parser: FieldParser) -> str:
    """The parser as a person writes it: a key that is the label is not repeated."""
    if isinstance(parser, ast.JsonParser) or any(one.label != one.expression for one in parser.extractions):
        return stage_text(parser)
    return " ".join(["| logfmt", ", ".join(one.label for one in parser.extractions)]).strip()
