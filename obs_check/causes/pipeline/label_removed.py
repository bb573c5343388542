"""pipeline.label-removed: a stage takes away the label that a later one needs.

`label_format new=old` leaves no `old` and a template that comes out empty no label, `keep` takes away all that it does
not name, `drop` what it names (Loki 3.5); a filter on the label then drops every line in silence, and a grouping by it
shows one series without a name. Proved by the same query with the new name, with the filter in front of that stage, or
with the label kept.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.lacking import Lacking, lacking_labels
from obs_check.evidence.needed_labels import labels_needed
from obs_check.evidence.parser_at import as_written, count, count_fixed, rows_at, with_values
from obs_check.evidence.query_edit import Rewrite, edit_texts, move_stage, replace_stage
from obs_check.evidence.query_fix import query_fix, with_edits
from obs_check.evidence.query_text import filtering_behind, group_by_label, unwrap_label
from obs_check.logql import parse
from obs_check.logql.explain.whereabouts import TakenAway, nearest_label, taken_away
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.logql.syntax.walk import transform
from obs_check.model.finding import Finding, Proof
from obs_check.model.probe import Probe


@dataclass(frozen=True, slots=True)
class _Way:
    """A change, the labels that lines have with it, and words for it."""

    rewrite: Rewrite
    names: tuple[str, ...]
    did: str
    summary: str


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Find the stage behind which no line has the label any more, and count without that loss."""
    lack = lacking_labels(broken)
    found = _without(context, broken, lack) if lack is not None else None
    if found is None and lack is not None:
        found = _swapped(context, broken, lack) or _misnamed(context, broken, lack)
    return found or _changed(context, broken)


def _without(context: Context, broken: BrokenTarget, lack: Lacking) -> Finding | None:
    for name in lack.names:
        taken = _taken(broken, lack, name)
        if taken is None:
            continue
        written, written_probe = as_written(context, broken, (name,))
        if written > 0:
            continue
        chosen = _chosen(context, broken, list(_ways(context, broken, lack, name, taken)))
        if chosen is None:
            continue
        way, found, probes, right = chosen
        how = f"calls it `{taken.now}`" if taken.now else "takes it away"
        return CAUSE.finding(
            f"the lines have the label `{name}` until `{stage_text(taken.stage)}` {how}: as written 0 of "
            f"{lack.reach:g}, {way.did} {found:g}",
            Proof((*broken.measured, written_probe), probes, cured=right),
            query_fix(context, way.summary, way.rewrite.edits),
            group=f"{name} {stage_text(taken.stage)}",
        )
    return None


def _swapped(context: Context, broken: BrokenTarget, lack: Lacking) -> Finding | None:
    """A `label_format new=old` whose `old` no line has, the other way round."""
    for place, stage in _label_formats(broken, lack):
        turned = tuple(
            replace(one, name=one.value, value=one.name) if one.rename and one.value in lack.names else one
            for one in stage.assignments
        )
        if turned == stage.assignments:
            continue
        name = next(one.value for one in stage.assignments if one.rename and one.value in lack.names)
        new = stage_text(replace(stage, assignments=turned))
        rewrite = replace_stage(context, broken, place, new, (name,))
        found, probe = count_fixed(context, broken, rewrite, (name,))
        if found > 0:
            return CAUSE.finding(
                f"`{stage_text(stage)}` gives the label `{name}` another name, and no line has it: as written 0 of "
                f"{lack.reach:g}, with `{new}` {found:g}",
                Proof(broken.measured, (probe,)),
                query_fix(context, f"write the new name first: `{new}`", rewrite.edits),
                group=name,
            )
    return None


def _label_formats(broken: BrokenTarget, lack: Lacking) -> Iterator[tuple[int, ast.LabelFormat]]:
    """The `label_format` stages in front of where a label is lacking, with their places."""
    for place, stage in enumerate(broken.query.stages[: lack.place]):
        if place >= broken.head and isinstance(stage, ast.LabelFormat):
            yield place, stage


def _misnamed(context: Context, broken: BrokenTarget, lack: Lacking) -> Finding | None:
    """A `label_format` that makes the label of one which no line has, and of which there is one with a name like it."""
    for place, stage in _label_formats(broken, lack):
        rows = rows_at(broken, place)
        there = {name for row in rows for name, value in row.labels().items() if value}
        for one in stage.assignments:
            sources = effect_of(replace(stage, assignments=(one,))).reads
            absent = next((name for name in sources if name not in there), None) if one.name in lack.names else None
            near = nearest_label(absent, sorted(there)) if absent else None
            if absent is None or near is None:
                continue
            value = near if one.rename else re.sub(rf"\.{re.escape(absent)}\b", f".{near}", one.value)
            named = tuple(replace(one, value=value) if other is one else other for other in stage.assignments)
            new = stage_text(replace(stage, assignments=named))
            rewrite = replace_stage(context, broken, place, new, (one.name,))
            found, probe = count(context, broken, with_values(rewrite.query, (one.name,)))
            if found > 0:
                return CAUSE.finding(
                    f"`{stage_text(stage)}` makes `{one.name}` of `{absent}`, which no line has: as written 0 of "
                    f"{lack.reach:g} have the label, with `{new}` {found:g}",
                    Proof(broken.measured, (probe,)),
                    query_fix(context, f"make `{one.name}` of `{near}`", rewrite.edits, "other"),
                    group=one.name,
                )
    return None


def _changed(context: Context, broken: BrokenTarget) -> Finding | None:
    """A filter that lines pass in front of a stage which sets its label anew, or drops it by its value, only."""
    if broken.emptied is None:
        return None
    before, place = broken.emptied[0], broken.emptied[1].stages - 1
    stages = broken.query.stages
    wanted = stages[place]
    if not isinstance(wanted, ast.LabelFilter):
        return None
    for at in range(broken.head, place):
        stage = stages[at]
        if not _changes_labels(stage) or not rows_at(broken, at, wanted):
            continue
        if rows_at(broken, at + 1, wanted):
            continue
        rewrite = move_stage(context, broken, place, at, effect_of(wanted).reads)
        found, probe = count_fixed(context, broken, rewrite)
        if found > 0:
            text, changing = stage_text(wanted), stage_text(stage)
            return CAUSE.finding(
                f"lines pass `{text}` in front of `{changing}`, which changes the label, and none pass behind it: "
                f"as written 0 of {before.lines:g}, with the filter in front {found:g}",
                Proof(broken.measured, (probe,)),
                query_fix(context, f"put `{text}` in front of `{changing}`", rewrite.edits),
                group=changing,
            )
    return None


def _changes_labels(stage: ast.Stage) -> bool:
    """Whether the stage does something to the labels that are there. A parser may come across a label of that name."""
    effect = effect_of(stage)
    return not isinstance(stage, ast.Parser) and (effect.sets_labels or effect.takes_labels)


def _chosen(
    context: Context, broken: BrokenTarget, ways: Sequence[_Way]
) -> tuple[_Way, float, tuple[Probe, ...], bool] | None:
    """The first way with which the panel is right, else the first that finds lines; with what was counted."""
    found: list[tuple[_Way, float, tuple[Probe, ...], bool]] = []
    for way in ways:
        lines, probe = count_fixed(context, broken, way.rewrite, way.names)
        if lines <= 0:
            continue
        changed = with_edits(context, broken, way.rewrite.edits) if way.rewrite.edits else None
        right = changed is not None and not changed.differs
        found.append((way, lines, (probe, *(changed.probes if changed else ())), right))
        if right:
            return found[-1]
    return found[0] if found else None


def _taken(broken: BrokenTarget, lack: Lacking, name: str) -> TakenAway | None:
    """What took the label away from most of the lines at hand, its place counted from the first stage of the query."""
    before = broken.query.stages[broken.head : lack.place]
    rows_in_front = (Row(0, line, labels, {}) for labels, line in broken.lines)
    found = Counter(one for row in rows_in_front if (one := taken_away(name, row, before)) is not None)
    if not found:
        return None
    taken = found.most_common(1)[0][0]
    return replace(taken, place=taken.place + broken.head)


def _ways(context: Context, broken: BrokenTarget, lack: Lacking, name: str, taken: TakenAway) -> Iterator[_Way]:
    """The new name; the filter in front, where nothing but it needs what is lost; the labels kept."""
    stages, filters = broken.query.stages, lack.place < len(broken.query.stages)
    lost = _lost(broken, taken) or (name,)
    if taken.now:
        edits = edit_texts(broken, partial(_by_new_name, stage=taken.stage, old=name, new=taken.now))
        renamed = tuple(
            _with_label(stage, name, taken.now) if number > taken.place else stage
            for number, stage in enumerate(stages)
        )
        rewrite = Rewrite(replace(broken.query, stages=renamed), lack.place + filters, edits)
        yield _Way(rewrite, (taken.now,), f"with `{taken.now}`", f"use the label by its new name, `{taken.now}`")
    elif filters and not set(lost) & set(labels_needed(parse(broken.expr), lack.place, broken.place)):
        rewrite = move_stage(context, broken, lack.place, taken.place, (name,))
        text = stage_text(stages[lack.place])
        yield _Way(rewrite, (), f"with `{text}` in front of it", f"put `{text}` in front of it")
    kept = _keeping(taken, lost)
    if kept is not None:
        rewrite = replace_stage(context, broken, taken.place, kept, lost)
        names = ", ".join(f"`{one}`" for one in lost)
        yield _Way(rewrite, (name,), f"with `{kept}`" if kept else "without it", f"leave {names} there")


def _lost(broken: BrokenTarget, taken: TakenAway) -> tuple[str, ...]:
    """The labels that the query needs behind the stage and that the lines have in front of it alone."""
    there, left = rows_at(broken, taken.place), rows_at(broken, taken.place + 1)
    needed = labels_needed(parse(broken.expr), taken.place, broken.place)
    return tuple(n for n in needed if any(row.get(n) for row in there) and not any(row.get(n) for row in left))


def _by_new_name(text: str, stage: ast.Stage, old: str, new: str) -> str:
    return group_by_label(unwrap_label(filtering_behind(text, stage, old, new), old, new), old, new)


def _with_label(stage: ast.Stage, old: str, new: str) -> ast.Stage:
    if not isinstance(stage, ast.LabelFilter):
        return stage

    def renamed(comparison: ast.Comparison) -> ast.Comparison:
        if comparison.name != old:
            return comparison
        if isinstance(comparison, ast.StringPredicate):
            return ast.StringPredicate(replace(comparison.matcher, name=new))
        return replace(comparison, name=new)

    return ast.LabelFilter(transform(stage.predicate, renamed))


def _keeping(taken: TakenAway, names: Sequence[str]) -> str | None:
    """The stage without the loss of the labels, "" for none; None where that is not its business. A template in the
    place of a name makes a copy."""
    stage = taken.stage
    match stage:
        case ast.LabelFormat(assignments) if taken.now:
            kept = tuple(
                ast.LabelAssignment(one.name, f"{{{{.{one.value}}}}}") if one.rename and one.value in names else one
                for one in assignments
            )
            return stage_text(replace(stage, assignments=kept))
        case ast.LabelFormat(assignments):
            # A template that comes out empty, which is not a label (Loki 3.5).
            kept = tuple(one for one in assignments if one.name not in names)
            return stage_text(replace(stage, assignments=kept)) if kept else ""
        case ast.KeepLabels(choices):
            return stage_text(replace(stage, choices=(*choices, *map(ast.LabelChoice, names))))
        case ast.DropLabels(choices):
            left = tuple(choice for choice in choices if choice.name not in names)
            return stage_text(replace(stage, choices=left)) if left else ""
        case _:
            return None


CAUSE = on_query("pipeline.label-removed", "panel", find)
