"""panel.adhoc-filter: an ad hoc filter of the dashboard, which is in no query's text, drops every line.

Grafana puts the filters of an ad hoc variable into every query of its datasource. Proved by the lines of the selector
with the filter and without it, and by the panel read with it corrected or taken out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from obs_check.errors import QueryError
from obs_check.evidence.asked_queries import asked_queries
from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.funnel import SAMPLE, Rung, count_rung, passing_rows
from obs_check.evidence.query_text import editable_queries
from obs_check.evidence.select_matching import mean_values
from obs_check.evidence.tried import reading_text, tried_finding, try_edits
from obs_check.evidence.variables import definition
from obs_check.logql import to_text
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import comparisons
from obs_check.model.finding import Finding, Meaning, PanelEdit
from obs_check.model.probe import Probe
from obs_check.model.tree import Json
from obs_check.model.wording import count_noun
from obs_check.panel.variables import EffectiveVariable, Filter

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Guilty:
    """A filter that no line passes: the lines without it and with it, and the values that its label has; `matcher` is
    one of texts, None one of numbers."""

    name: str
    matcher: ast.Matcher | None
    before: Rung
    after: Rung
    values: tuple[str, ...]
    sample: Probe


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Count with each ad hoc filter and without, then read the panel without the one that drops all."""
    filters = [(variable, one) for variable in broken.request.variables.values() for one in variable.filters]
    if not filters:
        return None
    for guilty in _guilty(context, broken):
        for variable, one in filters:
            if one.key == guilty.name and (guilty.matcher is None or one.value == guilty.matcher.value):
                return _told(context, broken, guilty, variable, one)
    return None


def _told(
    context: Context, broken: BrokenPanel, guilty: _Guilty, variable: EffectiveVariable, one: Filter
) -> Finding | None:
    meant, meaning = _meant(guilty)
    edits = _edits(context, variable.name, one, meant)
    if not edits:
        return None
    change = try_edits(context, broken, edits, meaning)
    filter_text = f"{one.key} {one.operator} {one.value}"
    new = f"{one.key} {one.operator} {meant}" if meant else ""
    claim = (
        f"the dashboard's ad hoc filter `{filter_text}` (variable {variable.name}) is put into every query: of the "
        f"{count_noun(guilty.before.lines, 'line')} of `{guilty.before.text}` none passes it "
        f"({one.key} is {', '.join(f'`{v}`' for v in guilty.values[:_SHOWN]) or 'no label of them'}); "
        f"{f'with `{new}`' if new else 'without it'} the panel reads {reading_text(change.reading)}"
    )
    summary = f"filter by `{new}`" if new else f"take the filter `{filter_text}` out of {variable.name}"
    more = (guilty.sample, guilty.before.probe, guilty.after.probe)
    return replace(tried_finding(context, broken, CAUSE, claim, change, summary, more), group=filter_text)


def _guilty(context: Context, broken: BrokenPanel) -> Iterator[_Guilty]:
    written = {(one.target.ref_id, one.place): len(one.tree.stages) for one in editable_queries(broken)}
    for asked in asked_queries(broken):
        own = written.get((asked.target.ref_id, asked.place), len(asked.query.stages))
        parsing = tuple(s for s in asked.query.stages[:own] if effect_of(s).sets_labels)
        bare = replace(asked.query, stages=parsing)
        for stage in asked.query.stages[own:]:
            if not isinstance(stage, ast.LabelFilter):
                continue
            first = next(comparisons(stage.predicate))
            before = count_rung(bare, 0, broken.window, context.loki)
            filtered = replace(bare, stages=(*parsing, stage))
            after = count_rung(filtered, len(filtered.stages), broken.window, context.loki)
            if not before.lines or after.lines:
                continue
            lines, probe = context.loki.lines(to_text(replace(bare, stages=())), broken.window, SAMPLE)
            try:
                parsed = passing_rows(parsing, lines, context.engine())
            except QueryError:
                parsed = []
            values = sorted({value for row in parsed if (value := row.get(first.name))})
            matcher = first.matcher if isinstance(first, ast.StringPredicate) else None
            yield _Guilty(first.name, matcher, before, after, tuple(values), probe)


def _meant(guilty: _Guilty) -> tuple[str | None, Meaning]:
    if guilty.matcher is not None and guilty.matcher.op == "=":
        for meant, meaning in mean_values(guilty.matcher, guilty.values):
            return meant.value, meaning
    return None, "wider"


def _edits(context: Context, name: str, one: Filter, meant: str | None) -> list[PanelEdit]:
    """The stored lists of filters with the one corrected, or left out."""
    found = definition(context, name)
    if found is None:
        return []
    number, stored = found
    edits = []
    for key in ("filters", "baseFilters"):
        kept: list[Json] = []
        for entry in stored.get(key) or ():
            is_it = (entry.get("key"), entry.get("operator"), entry.get("value")) == (one.key, one.operator, one.value)
            if not is_it:
                kept.append(entry)
            elif meant:
                kept.append({**entry, "value": meant})
        if kept != list(stored.get(key) or ()):
            edits.append(PanelEdit(None, ("templating", "list", number, key), stored.get(key), kept))
    return edits


CAUSE = on_panel("panel.adhoc-filter", "panel", find)
