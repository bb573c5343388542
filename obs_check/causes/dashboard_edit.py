"""Edits of a dashboard's targets and of files, as diffs and as a changed document."""

import copy
import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from obs_check.model.finding import FileEdit, Fix, Safety, TargetEdit


def _panels(dashboard: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in dashboard.get("panels", []):
        yield panel
        yield from panel.get("panels") or []


def edited(dashboard: Mapping[str, Any], edits: Sequence[TargetEdit]) -> dict[str, Any]:
    """A copy of a classic dashboard with the targets' expressions replaced."""
    wanted = {(e.panel, e.ref_id): e.after for e in edits}
    document = copy.deepcopy(dict(dashboard))
    for panel in _panels(document):
        for target in panel.get("targets", []):
            key = (panel.get("id"), target.get("refId", "A"))
            if key in wanted:
                target["expr"] = wanted[key]
    return document


def dashboard_fix(summary: str, uid: str, dashboard: Mapping[str, Any], edits: Sequence[TargetEdit]) -> Fix:
    """A fix of a dashboard's queries: changes what is shown, not what is kept."""
    documents = (dashboard, edited(dashboard, edits))
    before, after = (json.dumps(doc, indent=2, ensure_ascii=False).splitlines() for doc in documents)
    diff = "\n".join(difflib.unified_diff(before, after, f"a/{uid}.json", f"b/{uid}.json", lineterm="", n=1))
    return Fix(summary, diff, "safe", f"dashboard:{uid}", tuple(edits))


def file_fix(summary: str, path: Path, before: str, after: str, safety: Safety = "review") -> Fix:
    """A fix of a configuration file."""
    diff = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"a/{path.name}", f"b/{path.name}", lineterm=""
    )
    return Fix(summary, "\n".join(diff), safety, str(path), (FileEdit(str(path), before, after),))
