"""Why one panel does not read what it should: one cause after the other, each behind the fix of the one before it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from obs_check.causes.registry import causes_asked, causes_on
from obs_check.evidence.asked_queries import asked_queries
from obs_check.evidence.context import BrokenPanel, BrokenTarget, Context
from obs_check.evidence.dashboard_edit import apply_edits
from obs_check.evidence.funnel import Rung, measure
from obs_check.model.finding import FileEdit, Finding, Fix

_DEEPEST = 3
"""Causes that are looked for one behind the other; a panel with more is better written anew."""


def of_panel(context: Context, broken: BrokenPanel) -> tuple[list[Finding], Sequence[Rung]]:
    """The causes that are proved on a panel, and the rungs of its last Loki query, as far as they were asked.

    When the fix of a cause edits the dashboard, the whole panel is read with it; where it is still wrong, the next
    cause is looked for in what would be seen then.
    """
    findings: list[Finding] = []
    rungs: Sequence[Rung] = ()
    right = False
    for _ in range(_DEEPEST):
        found, rungs = _first(context.for_panel(broken), broken)
        if found is None or any(_mistake(f) == _mistake(found) for f in findings):
            break
        findings.append(found)
        edits = [e for e in found.fix.edits if not isinstance(e, FileEdit)]
        if not edits:
            every = (
                cause.find(context.for_panel(broken), broken)
                for cause in causes_asked("standing")
                if cause.id != found.cause
            )
            standing = [one for one in every if one is not None]
            findings += standing
            right = any(one.cured for one in standing)
            break
        document = apply_edits(context.dashboard, edits)
        if not found.cured:
            broken = context.look_again(document, broken)
        right = found.cured or not broken.differs
        if right:
            break
        context = replace(context, dashboard=document)
    exactly = right and context.expects(broken.panel.id)
    return [replace(f, fix=_settled(f.fix, right, exactly)) for f in findings], rungs


def _mistake(found: Finding) -> tuple[str, str | None, str]:
    return found.cause, found.subject.target, found.group


def _settled(fix: Fix, right: bool, exactly: bool) -> Fix:
    """The fix as safe where the panel is right with it: it says the same as was asked for, or the run shows `exactly`
    that what it says was meant. One that leaves a condition out lets in what the run did not send, some other day."""
    safe = right if fix.meaning == "same" else exactly and fix.meaning == "other"
    return replace(fix, safety="safe") if safe and fix.safety == "review" and fix.edits else fix


def _first(context: Context, broken: BrokenPanel) -> tuple[Finding | None, Sequence[Rung]]:
    rungs: Sequence[Rung] = ()
    for cause in causes_on("panel"):
        found = cause.find(context, broken)
        if found is not None:
            return found, rungs
    for target in broken_targets(context, broken):
        rungs = target.rungs
        for cause in causes_on("query"):
            found = cause.find(context, target)
            if found is not None:
                return found, rungs
    for cause in causes_asked("last"):
        found = cause.find(context, broken)
        if found is not None:
            return found, rungs
    return None, rungs


def hidden_by_loki(context: Context, broken: BrokenPanel) -> Finding | None:
    """What Loki itself refuses the panel, or hides from it: asked too where the query is not to blame."""
    causes = (cause for cause in causes_on("panel") if cause.hop == "loki")
    return next(
        (found for cause in causes if (found := cause.find(context.for_panel(broken), broken)) is not None), None
    )


def broken_targets(context: Context, broken: BrokenPanel) -> Iterator[BrokenTarget]:
    """The log queries of the panel, each with its funnel; the next one is measured only when it is asked for."""
    for asked in asked_queries(broken):
        yield BrokenTarget(
            whole=broken,
            target=asked.target,
            sent=asked.sent,
            raw=asked.target.text,
            expr=asked.expr,
            query=asked.query,
            place=asked.place,
            funnel=measure(asked.query, broken.window, context.loki, context.engine()),
        )
