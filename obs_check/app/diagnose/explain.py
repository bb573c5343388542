"""Explain broken panels: causes on the way to Loki first, then the funnel of each panel's own query."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from obs_check.app.diagnose.explain_panel import broken_targets, hidden_by_loki, of_panel
from obs_check.app.diagnose.unexplained import idle_in_words, lost_in_words, rungs_in_words
from obs_check.app.diagnose.unnamed import of_unnamed
from obs_check.app.verify.verdicts import PanelVerdict, Yardstick, broken_panel
from obs_check.causes.registry import causes_asked, causes_on
from obs_check.errors import NotAllowed, Refused, Unavailable
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.funnel import Rung
from obs_check.evidence.group import group_findings
from obs_check.evidence.not_reloaded import not_reloaded
from obs_check.evidence.run_evidence import arrived_events
from obs_check.evidence.run_probe import with_run
from obs_check.model.finding import Finding
from obs_check.model.verdict import Verdict
from obs_check.panel.expect import difference, reads_nothing

Behind = Callable[[Finding, PanelVerdict], list[Finding]]
"""What else would keep a panel from reading right, were it not for a cause on the way to Loki."""
Again = Callable[[PanelVerdict], PanelVerdict]
"""A panel as it reads by now."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Findings, most upstream first, the panels with the cause that explains each, and what stays unexplained.
    `denied` says that one of the outages is for want of rights."""

    findings: list[Finding]
    panels: list[PanelVerdict]
    unexplained: list[str]
    outages: list[str]
    denied: bool = False


def _empties(upstream: Finding, row: PanelVerdict) -> bool:
    """Whether a cause on the way of the lines is enough for an empty panel. A counter is there from the agent's start,
    at 0, whatever becomes of the lines; only without an agent there is none."""
    return row.path != "metrics" or upstream.without_counters


def explain(
    context: Context,
    held: Yardstick,
    panels: Sequence[PanelVerdict],
    progress: Callable[[str], None] = lambda _text: None,
    behind: Behind = lambda _upstream, _row: [],
    tells_zeros: bool = False,
    again: Again = lambda row: row,
) -> Explained:
    """Prove a cause for every failing panel; no answer while probing, or a lack of rights, makes the panel unknown. One
    without a cause is what it reads when it is read again."""
    wrong = frozenset(r.view.panel.id for r in panels if r.verdict is Verdict.FAIL)
    context = replace(context, panels=replace(context.panels, failing=wrong))
    work = _Explaining(context, held, progress, behind, again)
    work.on_the_way()
    failing = {id(row): work.failing(row) for row in panels if row.verdict is Verdict.FAIL}
    # What is known of those that have to read something tells what an idle one has in common with them.
    idle = {id(row): work.idle(row) for row in panels if row.idle}
    unanswered = {id(row): work.unanswered(row) for row in panels if row.told.outage}
    rows = [{**failing, **idle, **unanswered}.get(id(row), row) for row in panels]
    rows = [work.unnamed(row) if row.verdict is Verdict.OK and not row.idle else row for row in rows]
    work.unexplained += [lost_in_words(context, path, ids) for path, ids in work.lost.items()]
    if work.unexplained and (stale := not_reloaded(context)):
        work.unexplained.append(stale)
    work.unexplained += idle_in_words(held, work.empty, [r for r in rows if r.idle and r.verdict is Verdict.UNKNOWN])
    findings = [*work.findings, *work.later]
    if tells_zeros:
        findings += [said for truth in causes_asked("truth") if (said := truth.find(context)) is not None]
    outages = work.outages + [f"panels {', '.join(map(str, ids))}: {said}" for said, ids in work.unasked.items()]
    joined = group_findings(findings, context.dashboard_uid, context.dashboard)
    return Explained(with_run(joined, context.run, context.hops), rows, work.unexplained, outages, work.denied)


@dataclass(slots=True)
class _Explaining:
    """Found so far. `later` are causes behind others, `unasked` panels by the outage that left them unknown, `lost`
    those of a path whose lines do not get to Loki, `empty` the part of a panel's query that no line passes."""

    context: Context
    held: Yardstick
    progress: Callable[[str], None]
    behind: Behind
    again: Again
    findings: list[Finding] = field(default_factory=list)
    later: list[Finding] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    outages: list[str] = field(default_factory=list)
    unasked: dict[str, list[int]] = field(default_factory=dict)
    lost: dict[str, list[int]] = field(default_factory=dict)
    empty: dict[int, str] = field(default_factory=dict)
    denied: bool = False

    def on_the_way(self) -> None:
        """Causes on the way to Loki."""
        for cause in causes_on("run"):
            try:
                finding = cause.find(self.context)
            except (Unavailable, NotAllowed) as error:
                # The cause was asked for, and is not one that was found.
                self.outages.append(f"{error.message}; whether it is {cause.id} is unknown")
                self.denied = self.denied or isinstance(error, NotAllowed)
                continue
            if finding is not None:
                self.findings.append(finding)
                self.progress(f"{cause.id}: {finding.claim}")

    def failing(self, row: PanelVerdict) -> PanelVerdict:
        """The row of a failing panel with its cause."""
        # The last hop that fails is what empties a panel; one before it may only thin it out.
        upstream = next(
            (f for f in reversed(self.findings) if row.view.panel.id in f.panels and f.subject.panel is None), None
        )
        if upstream is not None and row.told.reading.rows == 0 and _empties(upstream, row):
            self.later += self.behind(upstream, row)
            return replace(row, cause=upstream.cause)
        shows = self._shows_what_arrived(row)
        if shows and upstream is not None:
            self.later += self.behind(upstream, row)
            return replace(row, cause=upstream.cause)
        at_loki = self.context.hop(row.path, "loki")
        if at_loki is not None and at_loki.unanswered and reads_nothing(row.told.reading):
            # Whether its lines are there nobody knows, and those of the other path are not its own.
            return self._unasked(row, Unavailable(at_loki.unknown, ""))
        broken = broken_panel(row, self.held)
        rungs: Sequence[Rung] = ()
        try:
            if shows:
                hidden = hidden_by_loki(self.context, broken)
                found = [hidden] if hidden else []
            else:
                found, rungs = of_panel(self.context, broken)
        except (Unavailable, NotAllowed) as error:
            if _refuses(error):
                # It answers, and not this: what the panel shows stays what is known of it.
                return self._unexplained(row, f"its lines cannot be counted: {error.message}")
            return self._unasked(row, error)
        if found and (now := self.again(row)).verdict is not Verdict.FAIL:
            # Its lines came late, or a cache had the answer: what was changed meanwhile proves nothing.
            self.progress(f"panel {row.view.panel.id}: {row.differs}; read again: {now.verdict}")
            return now
        if found:
            self._found(row, found)
            return replace(row, cause=found[0].cause)
        if upstream is not None:
            self.later += self.behind(upstream, row)
            return replace(row, cause=upstream.cause)
        return self._unexplained(row, rungs_in_words(rungs), lost=shows)

    def idle(self, row: PanelVerdict) -> PanelVerdict:
        """The row of a panel that reads nothing where nothing says that it has to read something: broken where a cause
        is proved on it, otherwise it stays as it is."""
        broken = broken_panel(row, self.held)
        try:
            found, rungs = of_panel(self.context, broken)
            for rung in rungs:
                if not rung.lines:
                    self.empty[row.view.panel.id] = rung.text
            found = [one for one in found if self._holds(one, broken)]
        except (Unavailable, NotAllowed) as error:
            return row if _refuses(error) else self._unasked(row, error)
        # What the first event may end is not a mistake as long as there was none.
        found = [one for one in found if not one.until_event]
        if found:
            self._found(row, found)
            if any(one.severity == "error" for one in found):
                return replace(row, cause=found[0].cause, verdict=Verdict.FAIL, idle=False)
            return replace(row, cause=found[0].cause)
        return row

    def unnamed(self, row: PanelVerdict) -> PanelVerdict:
        """The row of a panel that reads what it may, with why what it shows has no name, if that is so."""
        try:
            found = of_unnamed(self.context, broken_panel(row, self.held))
        except (Unavailable, NotAllowed):
            return row
        if found is None:
            return row
        self._found(row, [found])
        return replace(row, cause=found.cause)

    def unanswered(self, row: PanelVerdict) -> PanelVerdict:
        """The row of a panel that was not answered: broken where something answers that is not what has to."""
        broken = broken_panel(row, self.held)
        try:
            found = [one for cause in causes_asked("unanswered") if (one := cause.find(self.context, broken))]
        except (Unavailable, NotAllowed) as error:
            return replace(row, differs=error.message)
        if not found:
            return row
        self._found(row, found)
        return replace(row, cause=found[0].cause, verdict=Verdict.FAIL)

    def _holds(self, found: Finding, broken: BrokenPanel) -> bool:
        """Whether a cause is one of an idle panel. With a run only where the run's lines come as far as its parsers, or
        where a panel that has to show them has the very same mistake: another one may well be about something else."""
        if self.held.run is None or any(mistake(found) == mistake(other) for other in self.findings):
            return True
        return any(target.lines for target in broken_targets(self.context.for_panel(broken), broken))

    def _shows_what_arrived(self, row: PanelVerdict) -> bool:
        """Whether a panel shows all that there is of the run in Loki, although that is not all of it, or not as
        expected: then its query is not to blame."""
        expectation, events = self.held.expectations.get(row.view.panel.id), arrived_events(self.context, row.path)
        if expectation is None or events is None:
            return False
        if row.own is not None:
            return not difference(row.own.reading, expectation, events, of_run=True)
        return not difference(row.view.reading, expectation, events, self.held.earlier(row.view))

    def _found(self, row: PanelVerdict, found: list[Finding]) -> None:
        self.findings += found
        self.progress(f"panel {row.view.panel.id}: {', '.join(f.cause for f in found)}")

    def _unasked(self, row: PanelVerdict, error: Unavailable | NotAllowed) -> PanelVerdict:
        self.denied = self.denied or isinstance(error, NotAllowed)
        self.unasked.setdefault(error.message, []).append(row.view.panel.id)
        return replace(row, verdict=Verdict.UNKNOWN, differs=error.message, idle=False)

    def _unexplained(self, row: PanelVerdict, more: str, lost: bool = False) -> PanelVerdict:
        """The row of a panel that no cause was proved for, and what is known of it. It may have been read in the middle
        of a change, as a counter between a scrape that failed and the next: by now it may read as it should."""
        panel, now = row.view.panel, self.again(row)
        if now.verdict is Verdict.FAIL and lost:
            self.lost.setdefault(row.path, []).append(panel.id)
        elif now.verdict is Verdict.FAIL:
            self.unexplained.append(f"panel {panel.id} ({panel.title}): {now.differs}; {more}")
        else:
            self.progress(f"panel {panel.id}: {row.differs}; read again: {now.verdict}")
        return now


def _refuses(error: Exception) -> bool:
    return isinstance(error, Refused) and 400 <= error.status < 500


def mistake(found: Finding) -> tuple[str, str]:
    """What is the same of two findings about the same mistake."""
    return found.cause, found.group or found.fix.summary
