"""A change of the dashboard that was tried: the panel read again with it, nothing saved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from obs_check.evidence.asked_queries import asked_queries
from obs_check.evidence.cause import Cause
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.dashboard_edit import apply_edits, edits_fix
from obs_check.evidence.funnel import count_rung
from obs_check.model.finding import DashboardEdit, Evidence, Finding, Fix, Meaning, Observation, Proof
from obs_check.model.probe import Probe
from obs_check.model.secret import shorten
from obs_check.model.window import Window
from obs_check.model.wording import count_noun
from obs_check.panel.reading import Reading


@dataclass(frozen=True, slots=True)
class Tried:
    """The whole panel as it would be. `right`: it shows what it has to. `further`: its queries return rows where they
    returned none, or an error is gone, so that what is wrong then is behind the change. `lines` are those that pass its
    log query where the panel gets no further: none did before. `meaning` is what the edits make of the author's."""

    edits: tuple[DashboardEdit, ...]
    reading: Reading
    probes: tuple[Probe, ...]
    right: bool
    further: bool = False
    lines: float = 0
    meaning: Meaning = "other"

    @property
    def helps(self) -> bool:
        """Whether what comes after the queries may be what is wrong now: what is changed in them may be judged by it,
        what is changed behind them may not."""
        return self.right or self.further


def try_edits(
    context: Context,
    broken: BrokenPanel,
    edits: Sequence[DashboardEdit],
    meaning: Meaning = "other",
    *,
    window: Window | None = None,
) -> Tried:
    """Read the whole panel with the edits, in its own range unless a window is given. Raises what Grafana's client
    raises."""
    changed = context.look_again(apply_edits(context.dashboard, edits), broken, window)
    return _of(broken, changed, edits, meaning)


def _of(broken: BrokenPanel, changed: BrokenPanel, edits: Sequence[DashboardEdit], meaning: Meaning) -> Tried:
    further = _returns(changed.reading) and not _returns(broken.reading)
    return Tried(tuple(edits), changed.reading, changed.probes, not changed.differs, further, meaning=meaning)


def try_queries(
    context: Context, broken: BrokenPanel, edits: Sequence[DashboardEdit], meaning: Meaning = "other"
) -> Tried:
    """As `try_edits` with another text of queries, or of what is put into them. Where the panel gets no further, it
    helps too when lines pass a log query and none did before: two counts, which a later look at the query needs
    anyway."""
    changed = context.look_again(apply_edits(context.dashboard, edits), broken)
    change = _of(broken, changed, edits, meaning)
    if change.helps:
        return change
    for before, after in zip(asked_queries(broken), asked_queries(changed), strict=False):
        if before.query == after.query:
            continue
        rungs = [
            count_rung(asked.query, len(asked.query.stages), broken.window, context.loki) for asked in (before, after)
        ]
        if rungs[1].lines and not rungs[0].lines:
            probes = (*change.probes, *(rung.probe for rung in rungs))
            return replace(change, probes=probes, further=True, lines=rungs[1].lines)
        break
    return change


def with_it(broken: BrokenPanel, change: Tried, how: str) -> str:
    """What the panel reads as written and with the change, which `how` names, and where nothing else tells, how many
    lines pass its log query."""
    told = f"as written {reading_text(broken.reading)}, {how} {reading_text(change.reading)}"
    return (
        f"{told}, but {count_noun(change.lines, 'line')} pass its log query in place of none" if change.lines else told
    )


def tried_finding(
    context: Context,
    broken: BrokenPanel,
    cause: Cause,
    claim: str,
    change: Tried,
    summary: str,
    more: Sequence[Probe] = (),
) -> Finding:
    """The finding that a tried change proves; its claim ends with what the panel reads with the change."""
    fix = Fix(summary)
    if change.edits:
        fix = edits_fix(summary, context.dashboard_uid, change.edits, change.meaning)
    seen = (*broken.probes, *more)
    evidence: Evidence = Observation((*seen, *change.probes), change.right)
    if change.edits and seen:
        evidence = Proof(seen, change.probes, cured=change.right)
    return cause.finding(
        claim=claim,
        evidence=evidence,
        fix=fix,
    )


def reading_text(reading: Reading) -> str:
    """What a panel reads, short enough for a claim."""
    return shorten(" ".join(reading.text.split()) or "(blank)", 80, "...")


def _returns(reading: Reading) -> bool:
    return bool(reading.trail) and reading.trail[0].rows > 0
