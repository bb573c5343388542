"""panel.dashboard-drift: the panel in Grafana is not the one in the file that the dashboard comes from.

Asked when nothing else explains a panel, and behind a cause that only a person can mend. Proved by reading it as the
file has it.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.dashboard_edit import panel_json
from obs_check.evidence.tried import reading_text, tried_finding, try_edits
from obs_check.model.finding import DashboardEdit, Finding, PanelEdit
from obs_check.panel.dashboard import dashboard_of

_COMPARED = (
    "datasource",
    "targets",
    "transformations",
    "type",
    "options",
    "fieldConfig",
    "timeFrom",
    "timeShift",
    "interval",
    "maxDataPoints",
)
"""What decides what a panel shows; place, size, title and description do not."""


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Compare panel and variables with the file, and read the panel with the file's."""
    source = context.named.dashboard_source
    if source is None:
        return None
    stored = dashboard_of(context.files.read_document(source), str(source), context.dashboard_uid).document
    live, wanted = (panel_json(one, broken.panel.id) for one in (context.dashboard, stored))
    if not live or not wanted:
        return None
    edits = [PanelEdit(broken.panel.id, (key,), live.get(key), wanted.get(key)) for key in _differing(live, wanted)]
    variables = [one.get("templating") or {} for one in (context.dashboard, stored)]
    if _plain(variables[0]) != _plain(variables[1]):
        edits.append(PanelEdit(None, ("templating",), *variables))
    if not edits:
        return None
    change = try_edits(context, broken, list[DashboardEdit](edits))
    if not change.right:
        return None
    what = ", ".join(_in_words(edit) for edit in edits)
    claim = (
        f"the panel in Grafana differs from {source.name} in {what} and is wrong: {broken.differs}; "
        f"as the file has it the panel reads {reading_text(change.reading)}"
    )
    return tried_finding(context, broken, CAUSE, claim, change, f"bring the dashboard back to {source.name}")


def _differing(live: Mapping[str, object], wanted: Mapping[str, object]) -> Iterator[str]:
    return (key for key in _COMPARED if _plain(live.get(key)) != _plain(wanted.get(key)))


def _in_words(edit: PanelEdit) -> str:
    if edit.path != ("targets",):
        return str(edit.path[0])
    before, after = ({t.get("refId", "A"): _plain(t) for t in targets or ()} for targets in (edit.before, edit.after))
    return ", ".join(
        f"query {ref}" for ref in sorted(before.keys() | after.keys()) if before.get(ref) != after.get(ref)
    )


def _plain(value: object) -> str:
    """Without what Grafana leaves out or adds when it saves: null and empty values."""
    return json.dumps(_without_empty(value), sort_keys=True)


def _without_empty(value: object) -> Any:
    if isinstance(value, Mapping):
        inner = {key: _without_empty(held) for key, held in value.items()}
        return {key: held for key, held in inner.items() if held not in (None, "", [], {}, False)}
    return [_without_empty(v) for v in value] if isinstance(value, list) else value


CAUSE = on_panel("panel.dashboard-drift", "panel", find, asked="last")
STANDING = on_panel("panel.dashboard-drift", "panel", find, asked="standing")
