"""Library panels: a dashboard keeps a reference, the panel itself is kept once for all dashboards."""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_OWN = ("id", "gridPos", "libraryPanel")
"""What a dashboard itself keeps of a library panel."""

Load = Callable[[str], Mapping[str, Any]]
"""uid of a library element -> its `model`, a classic panel; {} where it cannot be loaded."""


def with_library_panels(document: Mapping[str, object], load: Load) -> dict[str, Any]:
    """A copy of a classic dashboard with the referenced panels filled in; id, place and reference stay the dashboard's.

    A panel that cannot be loaded, or that an older server has filled in, is left as it is.
    """
    filled = copy.deepcopy(dict(document))
    for panel in _panels(filled):
        reference = panel.get("libraryPanel")
        if not isinstance(reference, Mapping) or panel.get("targets"):
            continue
        own = {key: panel[key] for key in _OWN if key in panel}
        panel.update(load(str(reference.get("uid") or "")))
        panel.update(own)
    return filled


def as_references(document: Mapping[str, object]) -> dict[str, Any]:
    """A copy of a classic dashboard as it is saved: library panels are references again."""
    saved = copy.deepcopy(dict(document))
    for panel in _panels(saved):
        if panel.get("libraryPanel"):
            for key in [key for key in panel if key not in _OWN]:
                del panel[key]
    return saved


def is_library_panel(document: Mapping[str, object], panel_id: int) -> bool:
    """Whether the panel of this id is a reference to a library panel."""
    return any(p.get("id") == panel_id and p.get("libraryPanel") for p in _panels(document))


def _panels(holder: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    held = holder.get("panels")
    for panel in held if isinstance(held, list) else ():
        if isinstance(panel, dict):
            yield panel
            yield from _panels(panel)
