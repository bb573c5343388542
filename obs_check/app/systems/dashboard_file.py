"""Changes a dashboard inside of the file that holds it, and leaves the rest of the file as its author wrote it."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from obs_check.client.files.text_files import read_exact, replace_text
from obs_check.documents.json_place import held_at, place_of
from obs_check.errors import ConfigError
from obs_check.model.finding import DashboardEdit, PanelEdit, TargetEdit

_BY_HAND = "change the file by hand as the diff shows"


def edit_file(path: Path, edits: tuple[DashboardEdit, ...], dashboard: Mapping[str, Any]) -> str:
    """Change a JSON file, or a ConfigMap with the JSON in a block; returns what was done and where the old text is.

    ConfigError, and nothing is changed, where a part is not written there as it was read.
    """
    before = read_exact(path)
    text = before
    for edit in edits:
        if isinstance(edit, PanelEdit):
            text = _with_value(text, edit, dashboard, path)
    text = _with_queries(text, [e for e in edits if isinstance(e, TargetEdit)], path)
    backup = replace_text(path, before, text)
    return f"{path} changed in {in_words(edits)}; the text before is {backup}"


def in_words(edits: tuple[DashboardEdit, ...]) -> str:
    """How many queries and how many other parts change."""
    queries = sum(isinstance(e, TargetEdit) for e in edits)
    counts = ((queries, "queries"), (len(edits) - queries, "other places"))
    return " and ".join(f"{count} {what}" for count, what in counts if count)


def _with_queries(text: str, edits: list[TargetEdit], path: Path) -> str:
    counted = Counter(edit.before for edit in edits)
    for edit in {edit.before: edit for edit in edits}.values():
        # A query is one JSON text in the file, also where that JSON stands in a ConfigMap's block.
        forms = (_json(edit.before, True), _json(edit.before, False))
        found = next((form for form in forms if text.count(form) == counted[edit.before]), None)
        if found is None:
            raise ConfigError(
                f"{path}: the query of panel {edit.panel}, target {edit.ref_id}, is not written there as it was read",
                _BY_HAND,
            )
        text = text.replace(found, _json(edit.after, found.isascii()))
    return text


def _with_value(text: str, edit: PanelEdit, dashboard: Mapping[str, Any], path: Path) -> str:
    """The text with one value replaced where it stands. A value that becomes None is written as null."""
    where = place_of(text, dashboard, edit.panel, edit.path)
    parent = place_of(text, dashboard, edit.panel, edit.path[:-1]) if where is None and edit.before is None else None
    if parent is not None and text[parent[0]] == "{":
        inside = parent[0] + 1
        comma = "" if not held_at(text, parent) else ", "
        return f"{text[:inside]}{_json(edit.path[-1], True)}: {_json(edit.after, text.isascii())}{comma}{text[inside:]}"
    if where is None or held_at(text, where) != edit.before:
        what = ".".join(map(str, edit.path))
        of = "the dashboard" if edit.panel is None else f"panel {edit.panel}"
        raise ConfigError(f"{path}: {what} of {of} is not written there as it was read", _BY_HAND)
    start, end = where
    return text[:start] + _json(edit.after, text.isascii()) + text[end:]


def _json(value: Any, ascii_only: bool) -> str:
    return json.dumps(value, ensure_ascii=ascii_only)
