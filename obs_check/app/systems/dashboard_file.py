"""Changes a dashboard inside of the file that holds it, and leaves the rest of the file as its author wrote it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from obs_check.client.files.text_files import read_exact, replace_text
from obs_check.documents.held_text import TEXTS_UNDER, Change, HeldText, held_in, keys_in_yaml, whole_text
from obs_check.documents.json_place import held_at, panel_path, place_of
from obs_check.documents.yaml_tree import Loader
from obs_check.errors import ConfigError
from obs_check.evidence.dashboard_edit import apply_edits, target_paths
from obs_check.model.finding import DashboardEdit, PanelEdit, TargetEdit
from obs_check.model.tree import Json
from obs_check.model.wording import count_noun

_BY_HAND = "change the file by hand as the diff shows"
_INSIDE: tuple[tuple[str, ...], ...] = ((), ("dashboard",), ("spec",), ("dashboard", "spec"))
"""Where a document of JSON has the dashboard's model: itself, an answer of Grafana's API, a resource."""


_RESOURCE = re.compile(r"kind[\"']?\s*:\s*[\"']?GrafanaDashboard\b")
_ELSEWHERE = {
    "gzipJson": "it is packed: change the JSON as the diff shows, and write what `gzip -c FILE | base64 -w0` prints",
    "configMapRef": "it is in the ConfigMap that configMapRef names: name the file of that as `source`",
}
"""What to do where a GrafanaDashboard has its dashboard in another form, or elsewhere."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A dashboard in a file: the JSON text that has it, the path of its model there, and the ConfigMap's key."""

    text: HeldText
    path: tuple[str, ...]
    model: Mapping[str, Any]
    key: str


def edit_file(path: Path, edits: tuple[DashboardEdit, ...], dashboard: Mapping[str, object]) -> str:
    """Change the dashboard of this uid in a JSON file, in a key of a ConfigMap or in a GrafanaDashboard; returns what
    was done and where the old text is. `dashboard` is the model that the edits were made for.

    ConfigError, and nothing is changed, where a part is not written there as it was read, and where the new text would
    say anything else than what was asked for.
    """
    before = _read(path)
    held = _the_dashboard(path, before, dashboard.get("uid"))
    try:
        changes = [change for edit in edits for change in _changes(held, edit)]
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", error.hint) from None
    after = held.text.with_parts(changes)
    if after == before:
        raise ConfigError(
            f"{path}: the dashboard is not written there as it was read: it has these changes already",
            "have what provisions it read the file again",
        )
    _check(path, before, after, held, apply_edits(held.model, edits), edits)
    backup = replace_text(path, before, after)
    where = f"{path}, key {held.key}," if held.key else str(path)
    return f"{where} changed in {in_words(edits)}; the text before is {backup}"


def is_of_operator(path: Path) -> bool:
    """Whether the file has a GrafanaDashboard: grafana-operator saves its dashboard again and again, as one of
    Grafana's own."""
    try:
        return _RESOURCE.search(_read(path)) is not None
    except ConfigError:
        return False


def in_words(edits: tuple[DashboardEdit, ...]) -> str:
    """How many queries and how many other parts change."""
    queries = sum(isinstance(e, TargetEdit) for e in edits)
    counts = ((queries, "query"), (len(edits) - queries, "other place"))
    return " and ".join(count_noun(count, what) for count, what in counts if count)


def _read(path: Path) -> str:
    try:
        return read_exact(path)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "is the path right?") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text", _BY_HAND) from None


def _the_dashboard(path: Path, text: str, uid: object) -> _Held:
    """The one dashboard of that uid, or the only one where it has none."""
    try:
        found = [held for held in _dashboards(text) if held.model.get("uid") in (uid, None)]
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", error.hint) from None
    if len(found) != 1:
        many = count_noun(len(found), "dashboard") if found else "no dashboard that can be changed there"
        elsewhere = next((words for key, words in _ELSEWHERE.items() if key in text), _BY_HAND)
        raise ConfigError(f"{path} holds {many} with the uid {uid}", _BY_HAND if found else elsewhere)
    return found[0]


def _dashboards(text: str) -> Iterator[_Held]:
    for key, held in _texts(text):
        try:
            document = json.loads(held.text)
        except (ValueError, RecursionError):
            continue
        for path, model in _models(document):
            yield _Held(held, path, model, key)
            break


def _models(document: Json) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    for path in _INSIDE:
        model: Json = document
        for name in path:
            model = model.get(name) if isinstance(model, Mapping) else None
        if isinstance(model, Mapping) and not {"panels", "rows", "elements"}.isdisjoint(model):
            yield path, model


def _is_dashboard(key: str, text: str) -> bool:
    """Whether a key holds a dashboard: by its name, or, where that tells nothing (`json`), by its text."""
    if "." in key:
        return key.endswith(".json")
    try:
        return any(_models(json.loads(text)))
    except (ValueError, RecursionError):
        return False


def _texts(text: str) -> Iterator[tuple[str, HeldText]]:
    """The texts of a file that may be a dashboard: itself, or each key of its ConfigMaps."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        for key, node in keys_in_yaml(text):
            if _is_dashboard(key, node.value):
                yield key, held_in(text, node.start_mark.index, node.end_mark.index, node.style or "", node.value)
        return
    yield "", whole_text(text)
    for path in _keys(document, ()):
        place = place_of(text, path)
        if place is not None:
            yield str(path[-1]), held_in(text, *place, '"', held_at(text, place))


def _keys(document: object, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """The paths of the keys that hold dashboards in JSON, as `kubectl get -o json` prints them."""
    if not isinstance(document, Mapping):
        return
    if str(document.get("kind")).endswith("List"):
        for number, item in enumerate(document.get("items") or ()):
            yield from _keys(item, (*path, "items", number))
    under = TEXTS_UNDER.get(str(document.get("kind")), "")
    held = document.get(under)
    for key, text in held.items() if isinstance(held, Mapping) else ():
        if isinstance(text, str) and _is_dashboard(key, text):
            yield *path, under, key


def _changes(held: _Held, edit: DashboardEdit) -> list[Change]:
    """The parts of the JSON text that an edit replaces."""
    if isinstance(edit, TargetEdit):
        paths: Sequence[tuple[str | int, ...] | None] = target_paths(held.model, edit.panel, edit.ref_id)
        what = f"the query of panel {edit.panel}, target {edit.ref_id},"
        return [_value(held, edit, path, what) for path in paths or [None]]
    start = () if edit.panel is None else panel_path(held.model, edit.panel)
    what = f"{'.'.join(map(str, edit.path))} of " + ("the dashboard" if edit.panel is None else f"panel {edit.panel}")
    return [_value(held, edit, None if start is None else (*start, *edit.path), what)]


def _value(held: _Held, edit: DashboardEdit, path: Sequence[str | int] | None, what: str) -> Change:
    """One value replaced where it stands, or added where it was None. One that becomes None is written as null."""
    text = held.text.text
    where = None if path is None else place_of(text, (*held.path, *path))
    if where is None and path is not None and edit.before is None:
        parent = place_of(text, (*held.path, *path[:-1]))
        if parent is not None and text[parent[0]] == "{":
            comma = ", " if held_at(text, parent) else ""
            said = f"{json.dumps(path[-1])}: {json.dumps(edit.after, ensure_ascii=text.isascii())}{comma}"
            return parent[0] + 1, parent[0] + 1, said
    if where is None or held_at(text, where) not in (edit.before, edit.after):
        raise ConfigError(f"{what} is not written there as it was read", _BY_HAND)
    return *where, json.dumps(edit.after, ensure_ascii=text[where[0] : where[1]].isascii())


def _check(
    path: Path, before: str, after: str, held: _Held, wanted: Mapping[str, object], edits: tuple[DashboardEdit, ...]
) -> None:
    """Nothing but the dashboard says something else, and it says what it should. Raises ConfigError."""
    now = _the_dashboard(path, after, wanted.get("uid"))
    # A value that is taken away is written as null.
    taken = tuple(edit for edit in edits if isinstance(edit, PanelEdit) and edit.after is None)
    right = now.key == held.key and apply_edits(now.model, taken) == wanted
    if not right or (held.key and _around(before, held) != _around(after, now)):
        raise ConfigError(f"{path}: the text cannot be changed there alone", _BY_HAND)


def _around(text: str, held: _Held) -> list[object]:
    """All that a file says beside the dashboard."""
    said = [held.text.text]

    def without(value: object) -> Any:
        if isinstance(value, dict):
            return {key: without(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [without(inner) for inner in value]
        return None if said and value == said[0] and said.pop() else value

    return [without(document) for document in yaml.load_all(text, Loader)]
