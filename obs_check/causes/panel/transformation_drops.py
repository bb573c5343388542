"""panel.transformation-drops: a transformation of the panel throws away what the query returned.

It may name a column that is not there (`organize` with names of columns that exist no more), keep no row, take away the
times that a panel of lines needs (`reduce`), or read the lines as what they are not (`extractFields`).
"""

import copy
import re
from collections.abc import Sequence
from typing import Any

from obs_check.evidence.asked_queries import asked_queries
from obs_check.evidence.cause import Cause, on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.dashboard_edit import panel_json
from obs_check.evidence.funnel import count_query
from obs_check.evidence.needed_labels import grouped_by
from obs_check.evidence.parser_at import with_values
from obs_check.evidence.tried import Tried, reading_text, tried_finding, try_edits
from obs_check.logql import parse
from obs_check.logql.explain.whereabouts import nearest_label
from obs_check.model.finding import Finding, PanelEdit
from obs_check.model.tree import items_at, mapping_at, text_at
from obs_check.model.wording import count_noun
from obs_check.panel.elements import Transformation
from obs_check.panel.transform.pipeline import TransformStep

_FORMATS = ("json", "kvp")
_WORD = re.compile(r"\w+")
_OF_LINES = ("Line", "labels")
"""Columns of Loki's lines that fields can be extracted from, as Grafana 9 to 12 calls them."""
_BY_VALUE = ("filterByValue",)
_STAGES_BEFORE = 2
"""Steps of a reading's trail before the first transformation: query and datasource."""


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Let lines be read by another format, name columns that there are, then switch off each transformation that loses
    rows or columns, the last one first: without an earlier one a later one may no longer find what it takes away."""
    if (found := _other_format(context, broken)) is not None:
        return found
    trail = broken.reading.trail
    active = [i for i, t in enumerate(broken.panel.transformations) if not t.disabled]
    steps = list(zip(active, trail[_STAGES_BEFORE - 1 :], trail[_STAGES_BEFORE:], strict=False))
    for index, before, _ in steps:
        if (found := _other_column(context, broken, index, before.columns)) is not None:
            return found
    for index, before, after in reversed(steps):
        if after.rows >= before.rows and after.fields >= before.fields:
            continue
        transformation = broken.panel.transformations[index]
        missing = [name for _, name in _named_columns(transformation) if name not in before.columns]
        if transformation.id in _BY_VALUE and not missing and not context.expects(broken.panel.id):
            # No row may have had such a value: only a run that has to show tells.
            continue
        if _wants_group(context, broken, index):
            continue
        change = _without(context, broken, index)
        if change is not None:
            return _told(context, broken, CAUSE, index, before, after, change)
    return None


def _named_columns(transformation: Transformation) -> list[tuple[tuple[str | int, ...], str]]:
    """The columns that a transformation cannot do without, each with its place in the options; that of a key ends with
    the key."""
    options = transformation.options
    match transformation.id:
        case "filterByValue":
            rules = enumerate(items_at(options, "filters"))
            return [(("filters", n, "fieldName"), text_at(rule, "fieldName")) for n, rule in rules]
        case "joinByField" | "seriesToColumns":
            name = text_at(options, "byField")
            return [(("byField",), name)] if name else []
        case "groupBy":
            return [(("fields", name), name) for name, rule in mapping_at(options, "fields").items() if rule]
        case "extractFields":
            name = text_at(options, "source")
            return [(("source",), name)] if name else []
        case "filterFieldsByName":
            names = enumerate(items_at(options, "include", "names"))
            return [(("include", "names", n), name) for n, name in names if isinstance(name, str)]
    return []


def _other_column(context: Context, broken: BrokenPanel, index: int, columns: Sequence[str]) -> Finding | None:
    """The right panel with the names of columns that there are in the place of those that there are not."""
    transformation = broken.panel.transformations[index]
    stored = panel_json(context.dashboard, broken.panel.id).get("transformations") or ()
    if index >= len(stored):
        return None
    renamed = {
        name: near
        for _, name in _named_columns(transformation)
        if name and name not in columns and (near := _column_meant(transformation, name, columns)) is not None
    }
    if not renamed:
        return None
    path, before = ("transformations", index, "options"), stored[index].get("options")
    after = copy.deepcopy(before)
    for place, name in _named_columns(transformation):
        if name in renamed:
            _rename(after, place, name, renamed[name])
    same = all(name.casefold() == near.casefold() for name, near in renamed.items())
    change = try_edits(context, broken, [PanelEdit(broken.panel.id, path, before, after)], "same" if same else "other")
    if not change.right:
        return None
    old, new = next(iter(renamed.items()))
    claim = (
        f"the transformation {transformation.id} names the column `{old}`, and there is none; with `{new}` the panel "
        f"reads {reading_text(change.reading)}"
    )
    return tried_finding(context, broken, CAUSE, claim, change, f"name the column `{new}`")


def _column_meant(transformation: Transformation, name: str, columns: Sequence[str]) -> str | None:
    near = nearest_label(name, columns)
    if near is None and transformation.id == "extractFields":
        return next((one for one in _OF_LINES if one in columns), None)
    return near


def _rename(options: Any, place: Sequence[str | int], old: str, new: str) -> None:
    *way, last = place
    for step in way:
        options = options[step]
    if last == old:
        # A key: the others keep their order.
        pairs = [(new if key == old else key, value) for key, value in options.items()]
        options.clear()
        options.update(pairs)
    else:
        options[last] = new


def _other_format(context: Context, broken: BrokenPanel) -> Finding | None:
    """An `extractFields` that finds nothing by its format, and the right panel by another."""
    stored = panel_json(context.dashboard, broken.panel.id).get("transformations") or ()
    for index, transformation in enumerate(broken.panel.transformations):
        written = str(transformation.options.get("format") or "")
        if transformation.id != "extractFields" or transformation.disabled or written not in _FORMATS:
            continue
        for other in _FORMATS:
            if other == written or index >= len(stored):
                continue
            path = ("transformations", index, "options", "format")
            change = try_edits(context, broken, [PanelEdit(broken.panel.id, path, written, other)], "same")
            if change.right:
                claim = (
                    f"the transformation extractFields reads the lines as {written}, and they are none; as {other} the "
                    f"panel reads {reading_text(change.reading)}"
                )
                return tried_finding(context, broken, CAUSE, claim, change, f"extract the fields as {other}")
    return None


def _wants_group(context: Context, broken: BrokenPanel, index: int) -> bool:
    """Whether a transformation, or one behind it, names a label that the query groups by, or one like it, and no line
    has the query's: then the query is to blame and not what comes behind it."""
    named = set(_WORD.findall(str([t.options for t in broken.panel.transformations[index:]])))
    for asked in asked_queries(broken):
        for name in grouped_by(parse(asked.expr)):
            if name not in named and nearest_label(name, named) is None:
                continue
            lines, _ = context.loki.count(count_query(with_values(asked.query, (name,)), broken.window), broken.window)
            if not lines:
                return True
    return False


def _without(context: Context, broken: BrokenPanel, index: int) -> Tried | None:
    stored = panel_json(context.dashboard, broken.panel.id).get("transformations") or ()
    if index >= len(stored):
        return None
    edit = PanelEdit(broken.panel.id, ("transformations", index, "disabled"), stored[index].get("disabled"), True)
    change = try_edits(context, broken, [edit])
    return change if change.right else None


def _told(
    context: Context,
    broken: BrokenPanel,
    cause: Cause,
    index: int,
    before: TransformStep,
    after: TransformStep,
    change: Tried,
) -> Finding:
    name = broken.panel.transformations[index].id
    claim = (
        f"the transformation {name} leaves {count_noun(after.rows, 'row')} in {after.fields} columns of "
        f"{count_noun(before.rows, 'row')} in "
        f"{before.fields}; without it the panel reads {reading_text(change.reading)}"
    )
    return tried_finding(
        context, broken, cause, claim, change, f"switch the transformation {name} off, or correct its names"
    )


CAUSE = on_panel("panel.transformation-drops", "panel", find)
