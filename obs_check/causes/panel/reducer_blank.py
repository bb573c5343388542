"""panel.reducer-blank: there are rows, and the panel makes no value of them.

`last` gives a blank where the newest point is null, a `fields` expression that meets no column gives "No data", and a
tile whose text mode is `none` shows no value; `diff` of one point is 0.
"""

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.dashboard_edit import panel_json
from obs_check.evidence.tried import reading_text, tried_finding, try_edits
from obs_check.model.finding import Finding, PanelEdit
from obs_check.model.tree import Json
from obs_check.model.wording import count_noun
from obs_check.panel.drawing import reduce_options, shows_no_text

_LAST: list[Json] = ["lastNotNull"]
_SHOW_LAST = "show the last value that is not null"


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Reduce every number column, or take the last value that is there."""
    reading = broken.reading
    if reading.state != "no_series" or not reading.trail or not reading.trail[-1].rows:
        return None
    calcs, fields, _ = reduce_options(broken.panel)
    rows = reading.trail[-1].rows
    candidates = []
    if fields:
        candidates.append((_reduced(context, broken, "fields", ""), f"fields `{fields}`", "reduce all number columns"))
    if calcs != _LAST:
        edit = _reduced(context, broken, "calcs", _LAST)
        candidates.append((edit, f"the calculation {', '.join(calcs)}", _SHOW_LAST))
    if shows_no_text(broken.panel):
        edit = PanelEdit(broken.panel.id, ("options", "textMode"), "none", "auto")
        candidates.append((edit, "the text mode `none`", "show the value"))
    for edit, what, summary in candidates:
        change = try_edits(context, broken, [edit])
        if change.right:
            claim = (
                f"the query returned {count_noun(rows, 'row')} and {what} makes {reading_text(reading)} of them; "
                f"to {summary} reads {reading_text(change.reading)}"
            )
            return tried_finding(context, broken, CAUSE, claim, change, summary)
    return None


def find_other(context: Context, broken: BrokenPanel) -> Finding | None:
    """Another calculation than the last value, where a run shows that this is what it has to read."""
    calcs, _, _ = reduce_options(broken.panel)
    if not context.expects(broken.panel.id) or not broken.reading.rows or calcs == _LAST:
        return None
    change = try_edits(context, broken, [_reduced(context, broken, "calcs", _LAST)])
    if not change.right:
        return None
    claim = (
        f"the calculation {', '.join(calcs)} makes {reading_text(broken.reading)} of the answer; to {_SHOW_LAST} reads "
        f"{reading_text(change.reading)}"
    )
    return tried_finding(context, broken, OTHER, claim, change, _SHOW_LAST)


def _reduced(context: Context, broken: BrokenPanel, option: str, new: Json) -> PanelEdit:
    """An option of the panel's reducer in place of what is stored."""
    stored = (panel_json(context.dashboard, broken.panel.id).get("options") or {}).get("reduceOptions") or {}
    return PanelEdit(broken.panel.id, ("options", "reduceOptions", option), stored.get(option), new)


CAUSE = on_panel("panel.reducer-blank", "panel", find)
OTHER = on_panel("panel.reducer-blank", "panel", find_other, asked="last")
