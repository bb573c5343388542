"""A dashboard with the lines of its file."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from obs_check.lint.issue import Spot
from obs_check.lint.json_lines import Path, json_lines
from obs_check.model.finding import Subject
from obs_check.panel.dashboard import load_dashboards
from obs_check.panel.elements import Dashboard, Panel


@dataclass(frozen=True, slots=True)
class LintedDashboard:
    """`lines` is empty where the dashboard was not read from JSON; `paths` are where panels stand in the document, by
    id (one that is given twice has several, in the order of the panels), of which `unnumbered` have no id there;
    `notes` are the descriptions of panels, by id, and of the dashboard itself under None."""

    path: str
    dashboard: Dashboard
    lines: Mapping[Path, int] = field(default_factory=dict, repr=False)
    paths: Mapping[int, Sequence[Path]] = field(default_factory=dict, repr=False)
    unnumbered: Set[int] = frozenset()
    notes: Mapping[int | None, str] = field(default_factory=dict, repr=False)

    def spot(self, panel: Panel | None = None, target: int | None = None) -> Spot:
        """The place of the dashboard, of a panel or of the target with that index."""
        subject = Subject(
            self.dashboard.uid or None,
            panel.id if panel else None,
            panel.targets[target].ref_id if panel and target is not None else None,
        )
        path = self._path(panel) if panel else ()
        if panel and path and target is not None:
            # Schema v2 keeps its queries deeper.
            deep: Path = ("spec", "data", "spec", "queries") if self.dashboard.schema == "v2" else ("targets",)
            path = (*path, *deep, target)
        while path and path not in self.lines:
            path = path[:-1]
        title = panel.title if panel and panel.id in self.unnumbered else None
        return Spot(self.path, self.lines.get(path, 1), subject, title)

    def _path(self, panel: Panel) -> Path:
        found = self.paths.get(panel.id, ())
        alike = [one for one in self.dashboard.panels if one.id == panel.id] if len(found) > 1 else []
        place = next((number for number, one in enumerate(alike) if one is panel), 0)
        return found[min(place, len(found) - 1)] if found else ()


def read_boards(document: object, path: str, text: str = "", first_line: int = 1) -> list[LintedDashboard]:
    """The dashboards of a parsed document; `text` is its JSON, which begins at `first_line` of the file, "" for YAML.

    Raises InputError for a dashboard that is not well formed.
    """
    lines = json_lines(text, first_line) if text else {}
    boards = []
    for dashboard in load_dashboards(document, path):
        paths: dict[int, list[Path]] = {}
        without: set[int] = set()
        notes: dict[int | None, str] = {None: str(dashboard.document.get("description") or "")}
        unnumbered = count(10_001)
        for inner, raw in _panels(dashboard.document):
            is_row = inner[-2] == "rows" or raw.get("type") == "row" or isinstance(raw.get("panels"), list)
            # A panel without an id has that of its place among all panels.
            if is_row:
                continue
            place = next(unnumbered)
            given = raw.get("id")
            if number := int(given) if isinstance(given, int | float) else place:
                without |= set() if isinstance(given, int | float) else {number}
                paths.setdefault(number, []).append((*_prefix(document, dashboard.document), *inner))
                described = raw["spec"] if isinstance(raw.get("spec"), Mapping) else raw
                notes[number] = str(described.get("description") or "")
        clones = _clones(dashboard.document)
        dashboard = replace(dashboard, panels=tuple(one for one in dashboard.panels if one.id not in clones))
        boards.append(LintedDashboard(path, dashboard, lines, paths, without, notes))
    return boards


def _clones(dashboard: Mapping[str, Any]) -> set[int]:
    """The ids of saved copies of repeated panels, or of panels in repeated rows, whose originals are there: Grafana
    throws them away as it loads a dashboard, and makes them anew."""
    numbered = {raw["id"]: raw for _, raw in _panels(dashboard) if isinstance(raw.get("id"), int)}
    copied = ((number, raw.get("repeatPanelId")) for number, raw in numbered.items())
    return {number for number, original in copied if original in numbered and original != number}


def _prefix(document: object, dashboard: Mapping[str, object]) -> Path:
    """Where the dashboard stands in the document that holds it."""
    if document is dashboard:
        return ()
    for key in ("dashboard", "spec"):
        if isinstance(document, Mapping) and isinstance(document.get(key), Mapping):
            return (key, *_prefix(document[key], dashboard))
    return ()


def _panels(dashboard: Mapping[str, Any], at: Path = ()) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for name, element in (dashboard.get("elements") or {}).items():
        if isinstance(element, Mapping) and isinstance(element.get("spec"), Mapping):
            yield (*at, "elements", name), {"id": element["spec"].get("id"), "spec": element["spec"]}
    for kind in ("panels", "rows"):
        for i, raw in enumerate(dashboard.get(kind) or ()):
            if isinstance(raw, Mapping):
                yield (*at, kind, i), raw
                yield from _panels(raw, (*at, kind, i))
