"""Edits of a dashboard and of files, as diffs and as a changed document."""

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from obs_check.documents.json_place import panel_path
from obs_check.documents.patch import patch_text
from obs_check.documents.scrubbed import without_secret_values
from obs_check.model.finding import DashboardEdit, FileEdit, Fix, Meaning, PanelEdit, Safety
from obs_check.model.secret import hide_secrets, without_secrets
from obs_check.model.tree import Json


def panel_json(dashboard: Mapping[str, object], panel: int) -> Mapping[str, Any]:
    """The JSON of a panel of a classic dashboard; empty when it has none of that id."""
    path = panel_path(dashboard, panel)
    found: Any = dashboard
    for key in path or ():
        found = found[key]
    return found if path else {}


def apply_edits(dashboard: Mapping[str, object], edits: Sequence[DashboardEdit]) -> dict[str, Any]:
    """The dashboard with the edits made: another document, which shares with it what no edit is about. Targets are
    found in every schema, other places in the classic one."""
    document = dict(dashboard)
    wanted: dict[tuple[int, str], str] = {}
    for edit in edits:
        if not isinstance(edit, PanelEdit):
            wanted[edit.panel, edit.ref_id] = edit.after
    # One walk, however many edits there are.
    places = [(path, after) for path, key in _query_paths(dashboard) if (after := wanted.get(key)) is not None]
    for (*parents, name), after in places:
        _own(document, parents)[name] = after
    for edit in edits:
        if isinstance(edit, PanelEdit):
            _put(document, edit)
    return document


def _own(document: dict[str, Any], path: Sequence[str | int]) -> Any:
    """What is at a path of a document that is ours, with copies of its own on the way, and an object where there was
    none."""
    place: Any = document
    for key in path:
        inner = place.get(str(key)) if isinstance(place, dict) else place[key]
        place[key] = copied = {} if inner is None and isinstance(place, dict) else copy.copy(inner)
        place = copied
    return place


def target_paths(dashboard: Mapping[str, object], panel: int, ref_id: str) -> list[tuple[str | int, ...]]:
    """Where a dashboard has the text of a target's query: once, unless two panels have one id."""
    return [path for path, key in _query_paths(dashboard) if key == (panel, ref_id)]


def _query_paths(dashboard: Mapping[str, object]) -> Iterator[tuple[tuple[str | int, ...], tuple[int, str]]]:
    """Where the text of each target's query stands, and the panel and the refId of the target."""
    for panel, ref, query, path in _targets(dashboard):
        if isinstance(panel, int):
            yield (*path, "rawSql" if "rawSql" in query else "expr"), (panel, ref)


def edits_fix(summary: str, uid: str, edits: Sequence[DashboardEdit], meaning: Meaning = "other") -> Fix:
    """A fix of a dashboard: changes what is shown, not what is kept. Only a reading makes it safe. Its diff is made
    where findings are joined: it is one of the whole dashboard, and many panels may have the same mistake."""
    return Fix(summary, "", "review", f"dashboard:{uid}", tuple(edits), meaning)


def dashboard_fix(
    summary: str, uid: str, dashboard: Mapping[str, object], edits: Sequence[DashboardEdit], meaning: Meaning = "other"
) -> Fix:
    """As `edits_fix`, with its diff."""
    documents = (dashboard, apply_edits(dashboard, edits))
    texts = [json.dumps(one, indent=2, ensure_ascii=False) + "\n" for one in documents]
    shown = [hide_secrets(json.dumps(without_secrets(one), indent=2, ensure_ascii=False) + "\n") for one in documents]
    diff = patch_text(f"{uid}.json", texts[0], texts[1], shown[0], shown[1], most=1)
    return replace(edits_fix(summary, uid, edits, meaning), diff=diff.removesuffix("\n"))


def file_fix(summary: str, path: Path, before: str, after: str, safety: Safety = "review") -> Fix:
    """A fix of a configuration file, in words where nothing would change; its diff shows no secret. The line ends stay,
    whatever made the change."""
    if "\r\n" in before and not re.search(r"(?<!\r)\n", before):
        after = re.sub(r"\r?\n", "\r\n", after)
    if after == before:
        return Fix(summary)
    edit = FileEdit(str(path), before, after)
    return Fix(summary, file_diff(edit).removesuffix("\n"), safety, str(path), (edit,))


def file_diff(edit: FileEdit, folder: Path | None = None) -> str:
    """An edit of a file as a patch that shows no secret, to be applied in this folder or in the file's own."""
    shown = [without_secret_values(text)[0] for text in (edit.before, edit.after)]
    path = Path(edit.path)
    name = path.name if folder is None else path.relative_to(folder).as_posix()
    return patch_text(name, edit.before, edit.after, shown[0], shown[1])


def _targets(
    dashboard: Mapping[str, Any], path: tuple[str | int, ...] = ()
) -> Iterator[tuple[Json, str, Mapping[str, Json], tuple[str | int, ...]]]:
    """(panel id, refId, the query's own fields, their path) of every target."""
    for name in ("panels", "rows"):
        for number, holder in enumerate(dashboard.get(name) or ()):
            inside = (*path, name, number)
            for index, target in enumerate(holder.get("targets") or ()):
                ref = str(target.get("refId") or chr(ord("A") + index % 26))
                yield holder.get("id"), ref, target, (*inside, "targets", index)
            yield from _targets(holder, inside)
    for name, element in (dashboard.get("elements") or {}).items():
        spec = element.get("spec") or {}
        for index, query in enumerate(((spec.get("data") or {}).get("spec") or {}).get("queries") or ()):
            held = query.get("spec") or {}
            inside = (*path, "elements", name, "spec", "data", "spec", "queries", index, "spec", "query", "spec")
            own = (held.get("query") or {}).get("spec")
            if own is not None:
                yield spec.get("id"), str(held.get("refId") or "A"), own, inside


def _put(document: dict[str, Any], edit: PanelEdit) -> None:
    before = () if edit.panel is None else panel_path(document, edit.panel)
    if before is None:
        return
    *parents, last = (*before, *edit.path)
    place = _own(document, parents)
    if edit.after is None and isinstance(place, dict):
        place.pop(last, None)
    else:
        place[last] = edit.after
