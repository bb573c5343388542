"""The use cases that look at a pipeline: inject and follow (verify), read and explain (diagnose), both, and again."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from obs_check.app.diagnose.counterfactual import would_read
from obs_check.app.diagnose.explain import explain
from obs_check.app.diagnose.positive_control import controls, with_controls
from obs_check.app.diagnose.rehearsal.rehearse import Rehearsal
from obs_check.app.systems.injection import Sending
from obs_check.app.systems.systems import Systems
from obs_check.app.verify.outcome import Outcome
from obs_check.app.verify.panel_hop import panel_hop
from obs_check.app.verify.verdicts import judge
from obs_check.follow.hop import PathName
from obs_check.follow.run import Run
from obs_check.model.backoff import Backoff
from obs_check.model.verdict import Verdict
from obs_check.model.window import MS, NS, Window
from obs_check.panel.board import PanelView
from obs_check.panel.elements import Panel

Say = Callable[[str], None]
"""One line of progress for a person."""

TOLD_EVERY = 50
"""Panels between two lines of progress."""
READ_BACK_S = 1
"""Seconds added behind a followed run, so that the panels' window ends after its last line was stored."""

SCRAPE_PAUSES_S = (0.5, 5.0)
"""The first and the longest pause, in seconds, between two readings that wait for a counter to be scraped."""

SHORTEST_S = 20
"""Seconds that the panels' window has at least. Grafana cuts a range of 11 to 18 s into steps of 2 ms, because Loki
gives 11000 points, and still writes `$__interval` as 1ms: such a panel counts about half of the events."""


@dataclass(slots=True)
class Check:
    """One command at work: `outcome` holds what is known at any moment, also when the command is interrupted."""

    systems: Systems
    outcome: Outcome
    say: Say = lambda _text: None

    def inject(self, allow: int, deny: int, sending: Sending | None = None) -> Run:
        """Send tagged events through the firewall."""

        def so_far(run: Run) -> None:
            self.outcome.run = run

        run = self.systems.inject(allow, deny, sending or Sending(), self.say, so_far)
        decided = sum(s.as_expected for s in run.sent)
        self.say(f"run {run.id}: {allow} allow and {deny} deny events sent, {decided} decided as expected")
        return run

    def follow(self, run: Run) -> None:
        """Follow the run hop by hop along both paths; hops are in the outcome from the start."""
        self.outcome.run = run
        self.systems.follow(run, self.outcome.hops, self.say)

    def panels(self, run: Run | None, only: int | None = None, window: Window | None = None) -> None:
        """Read the dashboard's panels (in the run's window when there is one) and judge them."""
        now = self.systems.now_ns()
        if run is not None and window is None:
            window = _around(run, now)
        views = self.systems.board.read(now, window, only, progress=self._told_while_reading())
        self.outcome.panels = judge(views, self.systems.expectations, run)
        deadline = now + self.systems.hop_s * NS
        pauses = Backoff(*SCRAPE_PAUSES_S)
        while run is not None and self._waits_for_metrics() and self.systems.now_ns() < deadline:
            self.systems.pause(pauses.pause_s())
            views = self.systems.board.read(self.systems.now_ns(), _around(run, self.systems.now_ns()), only)
            self.outcome.panels = judge(views, self.systems.expectations, run)
        if run is not None:
            self._add_panel_hops(run, views)
        zero = [p for p in self.outcome.panels if p.verdict is Verdict.FAIL]
        unknown = sum(p.verdict is Verdict.UNKNOWN for p in self.outcome.panels)
        unread = f", {unknown} unknown" if unknown else ""
        self.say(f"{len(views)} panels read, {len(zero)} not as they should{unread}")

    def _told_while_reading(self) -> Callable[[Panel], None]:
        """Says how far the reading of a large dashboard is."""
        done, panels = count(1), len(self.systems.board.dashboard.panels)

        def told(_panel: Panel) -> None:
            if (number := next(done)) % TOLD_EVERY == 0:
                self.say(f"{number} panels read, of about {panels}")

        return told

    def before(self, only: int | None = None) -> list[PanelView]:
        """Read the panels in the dashboard's own range before anything is sent.

        It cannot be made up for later: Loki 3.5 sets the last point of a range query up to a step behind its end.
        """
        return self.systems.board.read(self.systems.now_ns(), None, only)

    def control(self, run: Run, before: list[PanelView], only: int | None = None) -> None:
        """Read the panels again, from the same start on, and decide what each reading before the run was worth."""
        starts = Counter(view.request.range.from_ms for view in before)
        if not starts:
            return
        start_ns = starts.most_common(1)[0][0] * MS
        deadline = self.systems.now_ns() + self.systems.hop_s * NS
        pauses = Backoff(*SCRAPE_PAUSES_S)
        while True:
            now = self.systems.now_ns()
            after = self.systems.board.read(now, Window(start_ns, (now // NS + READ_BACK_S) * NS), only)
            self.outcome.controls = controls(before, after, self.systems.expectations, run)
            late = [c for c in self.outcome.controls if self._path_of(c.panel.id) == "metrics" and c.differs]
            if not late or self.systems.now_ns() > deadline:
                break
            self.systems.pause(pauses.pause_s())
        self.outcome.panels = with_controls(self.outcome.panels, self.outcome.controls)
        still = sum(c.moved == "not" and bool(c.differs) for c in self.outcome.controls)
        self.say(f"{len(self.outcome.controls)} panels read before and after the run, {still} did not move")

    def _path_of(self, panel: int) -> str:
        expectation = self.systems.expectations.get(panel)
        return expectation.path if expectation else ""

    def _waits_for_metrics(self) -> bool:
        """Whether a counter has still to be scraped: that takes longer than a line takes to Loki."""
        return any(p.path == "metrics" and p.verdict is Verdict.FAIL for p in self.outcome.panels)

    def _add_panel_hops(self, run: Run, views: list[PanelView]) -> None:
        paths: tuple[PathName, ...] = ("A", "B")
        for path in paths:
            hop = panel_hop(path, run, views, self.systems.expectations, self.systems.now_ns())
            if hop is not None:
                # Nothing can be claimed behind a Loki that could not be asked.
                at_loki = next((h for h in self.outcome.hops if (h.path, h.hop) == (path, "loki")), None)
                if at_loki is not None and not hop.unknown:
                    hop.unknown, hop.denied = at_loki.unknown, at_loki.denied
                behind = [i for i, h in enumerate(self.outcome.hops, start=1) if h.path == path]
                self.outcome.hops.insert(behind[-1] if behind else len(self.outcome.hops), hop)

    def explain(self, run: Run | None) -> None:
        """Prove causes for what is broken, and for what loses or doubles records without a panel that shows it; say
        which zeros the control showed to be true."""
        context = self.systems.context(run, self.outcome.hops, self.outcome.controls)
        rehearsal = Rehearsal(self.systems, context, run) if run else None
        behind = rehearsal.behind if rehearsal else lambda _upstream, _row: []
        explained = explain(context, self.outcome.panels, self.say, behind)
        self.outcome.findings = explained.findings
        self.outcome.panels = explained.panels
        self.outcome.unexplained = explained.unexplained
        self.outcome.outages += explained.outages
        self.outcome.denied = self.outcome.denied or explained.denied

    def suggest(self) -> None:
        """Read the panels with the proposed queries in place of theirs; nothing is saved."""
        systems, outcome = self.systems, self.outcome
        outcome.suggested = would_read(
            systems.board, outcome.panels, outcome.findings, systems.expectations, outcome.run, systems.now_ns()
        )


def _around(run: Run, now_ns: int) -> Window:
    """The window that panels are read in after a run; its end may lie ahead of the clock."""
    start = run.window.start_ns
    return Window(start, max(run.window.end_ns, (now_ns // NS + READ_BACK_S) * NS, start + SHORTEST_S * NS))
