"""What lines look like, and which of their fields a label means."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from obs_check.logql.syntax import ast

CRI = re.compile(r"^\d{4}-\d\d-\d\dT\S+ (?:stdout|stderr) [FP](?::\S*)? ")
"""What a container runtime puts before each line (a time, a stream, tags of which the first is F or P), and a shipper
takes off with its `cri` stage."""
_LOGFMT = re.compile(r"^[\w.]+=\S*(?:\s|$|\")")


def json_fields(lines: Sequence[str]) -> dict[str, str]:
    """Dotted path -> a value of it, of the scalar fields of lines that are JSON objects.

    Empty unless most lines are such objects.
    """
    documents = []
    for line in lines:
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict):
            documents.append(document)
    if 2 * len(documents) <= len(lines):
        return {}
    return {path: str(value) for document in documents for path, value in _scalars(document)}


def _scalars(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _scalars(inner, f"{path}.{key}" if path else str(key))
    elif not isinstance(value, list):
        yield path, value


def are_logfmt(lines: Sequence[str]) -> bool:
    """Whether there are lines and each starts with `key=value`."""
    return bool(lines) and all(_LOGFMT.match(line) for line in lines)


def field_for(label: str, paths: Iterable[str]) -> str | None:
    """The field that a label means: the same last name, the path joined with `_`, or a last name that ends in it
    (`url` means `fields.http_url`)."""
    known = list(paths)
    for fits in (
        lambda path: path.rpartition(".")[2] == label or path.replace(".", "_") == label,
        lambda path: path.endswith(f"_{label}"),
    ):
        found = next(filter(fits, known), None)
        if found is not None:
            return found
    return None


def json_parser(fields: Iterable[str], labels: Iterable[str]) -> ast.JsonParser | None:
    """A json parser that sets those of `labels` that are fields, or None when none is."""
    paths = list(fields)
    found = ((label, field_for(label, paths)) for label in labels)
    extractions = tuple(ast.Extraction(label, path) for label, path in found if path is not None)
    return ast.JsonParser(extractions) if extractions else None
