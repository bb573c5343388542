"""panel.zero-masked: the 0 that the panel shows is made by the panel or its query, not counted.

`vector(0) or x` is always 0; a value mapping writes 0 for what is not 0; `x or vector(0)`, `noValue` and a sum of no
rows write 0 where there is nothing. The last ones hide another cause, so they are named when no other is proved.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.dashboard_edit import panel_json
from obs_check.evidence.tried import Tried, reading_text, tried_finding, try_edits
from obs_check.model.finding import DashboardEdit, Finding, PanelEdit, TargetEdit

_ZERO_FIRST = re.compile(r"^\s*vector\s*\(\s*0(?:\.0*)?\s*\)\s*or\s+(?P<rest>.+)$", re.DOTALL)
_OR_ZERO = re.compile(r"\s+or\s*(?:on\s*\(\s*\)\s*)?vector\s*\(\s*0(?:\.0*)?\s*\)\s*$")


def find_written(context: Context, broken: BrokenPanel) -> Finding | None:
    """Let the value come first, and let no mapping write it."""
    if broken.reading.state not in {"zero_masked", "zero_rounded", "zero_real"}:
        return None
    for target in broken.panel.targets:
        first = _ZERO_FIRST.match(target.text)
        if first:
            after = f"{first['rest'].rstrip()} or vector(0)"
            change = try_edits(context, broken, [TargetEdit(broken.panel.id, target.ref_id, target.text, after)])
            if change.right:
                claim = (
                    f"`vector(0) or ...` is always {reading_text(broken.reading)}, because the left side wins; "
                    f"the other way round the panel reads {reading_text(change.reading)}"
                )
                return tried_finding(context, broken, WRITTEN, claim, change, "put `or vector(0)` last")
    edits = list(_mappings(broken.panel.id, panel_json(context.dashboard, broken.panel.id)))
    if broken.reading.state != "zero_rounded" or not edits:
        return None
    change = try_edits(context, broken, edits)
    if not change.right:
        return None
    claim = (
        f"the value is {broken.reading.number:g} and a value mapping writes {reading_text(broken.reading)}; "
        f"without it the panel reads {reading_text(change.reading)}"
    )
    return tried_finding(context, broken, WRITTEN, claim, change, "remove the value mapping")


def find_for_nothing(context: Context, broken: BrokenPanel) -> Finding | None:
    """Read the panel without what makes the 0: it says that there is nothing."""
    if broken.reading.state != "zero_masked":
        return None
    stored = panel_json(context.dashboard, broken.panel.id)
    for edits, what in _masks(broken, stored):
        change = try_edits(context, broken, edits)
        if change.reading.state in {"no_series", "error"} or not change.reading.text.startswith("0"):
            claim = (
                f"the query returns nothing and {what} shows {reading_text(broken.reading)}; "
                f"without it the panel reads {reading_text(change.reading)}"
            )
            bare = Tried((), change.reading, change.probes, change.right)
            summary = f"remove {what}, so that the panel tells 0 from nothing"
            return tried_finding(context, broken, FOR_NOTHING, claim, bare, summary)
    return None


def _mappings(panel: int, stored: Mapping[str, Any]) -> Iterator[PanelEdit]:
    mappings = ((stored.get("fieldConfig") or {}).get("defaults") or {}).get("mappings")
    if mappings:
        yield PanelEdit(panel, ("fieldConfig", "defaults", "mappings"), mappings, None)


def _masks(broken: BrokenPanel, stored: Mapping[str, Any]) -> Iterator[tuple[list[DashboardEdit], str]]:
    panel = broken.panel.id
    for target in broken.panel.targets:
        bare = _OR_ZERO.sub("", target.text)
        if bare != target.text:
            yield [TargetEdit(panel, target.ref_id, target.text, bare)], "`or vector(0)`"
    defaults = (stored.get("fieldConfig") or {}).get("defaults") or {}
    if defaults.get("noValue") not in (None, ""):
        yield [PanelEdit(panel, ("fieldConfig", "defaults", "noValue"), defaults["noValue"], None)], "`noValue`"
    mapped = list(_mappings(panel, stored))
    if mapped:
        yield [*mapped], "a value mapping"
    calcs = ((stored.get("options") or {}).get("reduceOptions") or {}).get("calcs") or []
    if {"sum", "count"} & set(calcs):
        place = ("options", "reduceOptions", "calcs")
        yield [PanelEdit(panel, place, calcs, ["lastNotNull"])], f"the calculation {calcs[0]}"


WRITTEN = on_panel("panel.zero-masked", "panel", find_written)
FOR_NOTHING = on_panel("panel.zero-masked", "panel", find_for_nothing, asked="last", severity="warning")
