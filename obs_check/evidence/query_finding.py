"""A finding about a query, and the fix of its text."""

from obs_check.evidence.cause import Cause
from obs_check.evidence.context import BrokenPanel, BrokenTarget, Context
from obs_check.evidence.dashboard_edit import dashboard_fix, edited
from obs_check.evidence.funnel import rows
from obs_check.logql.syntax.parts import ranges
from obs_check.evidence.needed_labels import grouped_by
from obs_check.errors import QueryError
from obs_check.logql import parse
from obs_check.logql.syntax import ast
from obs_check.model.finding import Evidence, Finding, Fix, Subject, TargetEdit
from obs_check.panel.drawing import reduce_options
from obs_check.panel.elements import Panel
from obs_check.panel.reading import Reading


def query_fix(context: Context, broken: BrokenTarget, summary: str, raw: str | None) -> Fix:
    """The target's text changed to `raw`, or the words alone where the text has to be changed by hand."""
    if raw is None or raw == broken.raw:
        return Fix(summary, path=f"dashboard:{context.dashboard_uid}")
    edit = TargetEdit(broken.panel.id, broken.target.ref_id, broken.raw, raw)
    return dashboard_fix(summary, context.dashboard_uid, context.dashboard, [edit])


def with_text(context: Context, broken: BrokenTarget, raw: str) -> BrokenPanel:
    """The panel as it would be with the target's text changed to `raw`: one question to Grafana, nothing is saved."""
    edit = TargetEdit(broken.panel.id, broken.target.ref_id, broken.raw, raw)
    return context.grafana.look_again(edited(context.dashboard, [edit]), broken.whole)


def better(broken: BrokenTarget, changed: BrokenPanel) -> bool:
    """Whether a changed panel is as it should be, or its query answers something where it answered nothing: what is
    wrong then is behind the query."""
    return not changed.differs or (_answered(changed.reading) > 0 and not _answered(broken.reading))


def _answered(reading: Reading) -> int:
    """Rows that the panel's queries were answered with, before anything is made of them."""
    return reading.trail[0].rows if reading.trail else 0


def query_finding(
    cause: Cause,
    context: Context,
    broken: BrokenTarget,
    claim: str,
    evidence: Evidence,
    fix: Fix,
    group: str,
    fixed: ast.LogQuery | None = None,
    cured: bool = False,
) -> Finding:
    """An error in a panel's query. Findings of one cause and one `group` are the same mistake in several panels.

    `fixed` is the log query with the fix, where it was counted and found lines; `cured` says that the whole panel was
    read with the fix and is as it should be.
    """
    return cause.finding(
        subject=Subject(context.dashboard_uid, broken.panel.id, broken.target.ref_id),
        claim=claim,
        evidence=evidence,
        fix=fix,
        panels=(broken.panel.id,),
        cured=cured or (fixed is not None and _shows(broken, fixed)),
        group=group,
    )


def _shows(broken: BrokenTarget, fixed: ast.LogQuery) -> bool:
    """Whether nothing stands between the lines of the fixed query and the eye, so that a look saves a question."""
    expr = parse(broken.expr)
    if _compares(expr) or broken.panel.transformations or _obscured(broken.panel) or not broken.lines:
        return False
    if any(r.interval_ns < (0 if broken.instant else broken.step_ns) or r.unwrap for r in ranges(expr)):
        return False
    try:
        passing = rows(fixed.stages, broken.lines, broken.settings)
    except QueryError:
        return False
    return bool(passing) and all(any(row.get(name) for row in passing) for name in grouped_by(expr))


def _obscured(panel: Panel) -> bool:
    """Whether the panel shows some columns only."""
    rules = str([panel.field_config.get("overrides"), (panel.field_config.get("defaults") or {}).get("custom")])
    return bool(reduce_options(panel)[1]) or "custom.hid" in rules or "hideFrom" in rules


def _compares(expr: ast.Expr) -> bool:
    match expr:
        case ast.VectorAggregation():
            return _compares(expr.expr)
        case ast.BinaryOperation() | ast.LabelReplace():
            return True
        case _:
            return False
