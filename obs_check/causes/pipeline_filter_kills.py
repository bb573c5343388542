"""pipeline.line-filter-kills and pipeline.label-filter-kills: one filter drops every line that reaches it.

Proved by the two rungs around the filter: lines before it, none after it. For a label filter the values that the label
really has are shown; matching is anchored and case-sensitive (Loki 3.5).
"""

from collections import Counter
from dataclasses import dataclass, replace
from difflib import get_close_matches

from obs_check.causes.context import BrokenTarget, Context
from obs_check.logql import to_text
from obs_check.logql.syntax import ast
from obs_check.model.finding import Finding, Fix, Subject


def _killer(broken: BrokenTarget) -> ast.Stage | None:
    """The stage that takes the funnel from some lines to none."""
    if len(broken.rungs) < 2 or broken.rungs[-1].lines > 0:
        return None
    return broken.query.stages[broken.rungs[-1].stages - 1]


@dataclass(frozen=True, slots=True)
class LineFilterKills:
    """A line filter that no line passes."""

    id: str = "pipeline.line-filter-kills"

    def prove(self, context: Context, broken: BrokenTarget) -> Finding | None:
        """Name the filter and show a line that it drops."""
        stage = _killer(broken)
        if not isinstance(stage, ast.LineFilter):
            return None
        before, after = broken.rungs[-2:]
        samples, probe = context.loki.sample(before.text, broken.window, 1)
        example = samples[0][1][:160] if samples else ""
        return Finding(
            cause=self.id,
            severity="error",
            hop="panel",
            subject=Subject(context.dashboard_uid, broken.panel.id, broken.target.ref_id),
            claim=f"`{_text(stage)}` drops all {before.lines:g} lines that reach it, for example `{example}`",
            probes=(before.probe, after.probe, probe),
            fix=Fix(
                f"change or remove `{_text(stage)}` in the panel's query", path=f"dashboard:{context.dashboard_uid}"
            ),
            panels=(broken.panel.id,),
        )


@dataclass(frozen=True, slots=True)
class LabelFilterKills:
    """A label filter that no line passes."""

    id: str = "pipeline.label-filter-kills"

    def prove(self, context: Context, broken: BrokenTarget) -> Finding | None:
        """Name the filter and the values that its labels have on the lines that reach it."""
        stage = _killer(broken)
        if not isinstance(stage, ast.LabelFilter):
            return None
        before, after = broken.rungs[-2:]
        samples, probe = context.loki.sample(before.text, broken.window, 100)
        matchers = _matchers(stage.predicate)
        notes = []
        for matcher in matchers:
            values = Counter(labels.get(matcher.name, "") for labels, _ in samples)
            shown = ", ".join(f"`{v}` ({n})" for v, n in values.most_common(5) if v) or "absent from every line"
            near = get_close_matches(matcher.value, [v for v in values if v], 1, 0.6)
            notes.append(f"{matcher.name} is {shown}" + (f", nearest `{near[0]}`" if near else ""))
        seen = "; ".join(notes)
        return Finding(
            cause=self.id,
            severity="error",
            hop="panel",
            subject=Subject(context.dashboard_uid, broken.panel.id, broken.target.ref_id),
            claim=f"`{_text(stage)}` drops all {before.lines:g} lines that reach it: {seen}",
            probes=(before.probe, after.probe, probe),
            fix=Fix(f"change `{_text(stage)}` to a value that occurs", path=f"dashboard:{context.dashboard_uid}"),
            panels=(broken.panel.id,),
        )


def _matchers(predicate: ast.Predicate) -> list[ast.Matcher]:
    match predicate:
        case ast.AndPredicate() | ast.OrPredicate():
            return _matchers(predicate.left) + _matchers(predicate.right)
        case ast.StringPredicate():
            return [predicate.matcher]
        case _:
            return []


def _text(stage: ast.Stage) -> str:
    whole = to_text(replace(_ANY, stages=(stage,)))
    return whole[len(to_text(_ANY)) :].strip()


_ANY = ast.LogQuery(ast.Selector((ast.Matcher("a", "=", "b"),)))
