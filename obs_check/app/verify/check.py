"""The use cases that look at a pipeline: inject and follow (verify), read and explain (diagnose), both, and again."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Literal

from obs_check.app.diagnose.counterfactual import would_read
from obs_check.app.diagnose.explain import explain
from obs_check.app.diagnose.positive_control import controls, with_controls
from obs_check.app.diagnose.rehearsal.rehearse import Rehearsal
from obs_check.app.systems.asking import context_of
from obs_check.app.systems.following import follow_run
from obs_check.app.systems.health import ask_health
from obs_check.app.systems.injection import Sending
from obs_check.app.systems.systems import Systems
from obs_check.app.verify.inputs import clocks, inputs_of, versions, wrong_clock
from obs_check.app.verify.look import look_at_panels
from obs_check.app.verify.outcome import Outcome
from obs_check.app.verify.panel_hop import panel_hop
from obs_check.app.verify.verdicts import PanelVerdict, Yardstick, copy_of
from obs_check.errors import Unavailable
from obs_check.evidence.control import Control
from obs_check.follow.hop import PathName
from obs_check.follow.run import Run
from obs_check.follow.trace import TOLD_S
from obs_check.model.backoff import Backoff
from obs_check.model.clock_offset import SameClock
from obs_check.model.verdict import Verdict
from obs_check.model.window import NS, Window
from obs_check.model.wording import count_noun
from obs_check.panel.board import PanelView
from obs_check.panel.elements import Panel

Say = Callable[[str], None]
"""One line of progress for a person."""

TOLD_EVERY = 50
"""Panels between two lines of progress."""

SCRAPE_PAUSES_S = (0.5, 5.0)
"""The first and the longest pause, in seconds, between two readings that wait for a counter to be scraped."""


@dataclass(slots=True)
class Check:
    """One command at work: `outcome` holds what is known at any moment, also when the command is interrupted.

    `only` are the ids of the panels that are looked at, None for all; `tells_zeros` makes it say of each panel what its
    reading before the run was worth, also where it is as it should be.
    """

    systems: Systems
    outcome: Outcome
    say: Say = lambda _text: None
    only: Collection[int] | None = None
    tells_zeros: bool = False
    _held: Yardstick = field(init=False)
    _controls: list[Control] = field(default_factory=list)
    _loki: str = ""
    _clock: SameClock = field(init=False)

    def __post_init__(self) -> None:
        self._clock = SameClock(self.systems.now_ns, self.systems.steady_ns)
        # Whoever asks for the time of this check's systems helps to notice a clock that is set.
        self.systems.now_ns = self._clock.read
        self._held = Yardstick(self.systems.expectations)
        if self._held.expectations and self.systems.config.expect is None:
            panels = count_noun(len(self._held.expectations), "panel")
            self.say(f"no `expect` is set: {panels} must read what obs-check ships for its own dashboard")
        self.outcome.inputs = inputs_of(self.systems)
        self.outcome.now_ns = self.systems.now_ns
        now = self.systems.now_ns()
        self.outcome.span = Window(now, now)
        self._surroundings()

    def _surroundings(self) -> None:
        """Note what is known by now of versions and clocks."""
        systems, outcome = self.systems, self.outcome
        # Who does not answer a panel is not asked for its version.
        if not self._loki and outcome.panels and not any(row.view.outage for row in outcome.panels):
            self._loki = systems.loki_version()
        outcome.versions = versions(systems, outcome.hops, self._loki)
        outcome.clocks = clocks(systems)
        now = systems.now_ns()
        outcome.span = Window(outcome.span.start_ns if outcome.span is not None else now, now)

    def _agreed_clock(self) -> None:
        """Raise Unavailable where every system that tells the time (RFC 9110: `Date`) has another than this machine:
        panels would be asked for hours that are not those of their lines."""
        if apart := wrong_clock(clocks(self.systems)):
            raise Unavailable(apart, "set the clock, for example by NTP: what panels show is asked for by it")

    def read_before(self) -> list[PanelView]:
        """Read the panels in their own ranges before anything is sent. Unavailable where this machine's clock is wrong.

        It cannot be made up for later: Loki 3.5 sets the last point of a range query up to a step behind its end.
        """
        self._agreed_clock()
        return self.systems.board.read(self.systems.now_ns(), None, self.only)

    def inject(self, allow: int, deny: int, sending: Sending | None = None) -> Run:
        """Send tagged events through the firewall."""

        def keep(run: Run) -> None:
            self.outcome.run = run

        run = self.systems.inject(allow, deny, sending or Sending(), self.say, keep)
        decided = sum(s.as_expected for s in run.sent)
        # Two clients send the events of both.
        allowed = sum(s.event.decision == "allow" for s in run.sent)
        sent = f"{allowed} allow and {len(run.sent) - allowed} deny events"
        self.say(f"run {run.id}: {sent} sent, {decided} decided as expected")
        return run

    def follow(self, run: Run) -> None:
        """Follow the run hop by hop along both paths; hops are in the outcome from the start."""
        self.outcome.run = run
        follow_run(self.systems, run, self.outcome.hops, self.say)
        self._clock.hold()
        self._surroundings()

    def run(self, allow: int, deny: int, sending: Sending | None = None) -> Run:
        """The whole of it: read the panels, send events, follow them, and read the panels again."""
        sending = sending or Sending()
        self.ask_health(sending, "before")
        before = self.read_before()
        run = self.inject(allow, deny, sending)
        self.follow(run)
        self.panels(run, before)
        self.ask_health(sending, "after")
        return run

    def ask_health(self, sending: Sending, when: Literal["before", "after"]) -> None:
        """Ask the workspace whether it works, before or after the run; ahead of the panels, since what a check sends is
        counted too."""
        systems, health = self.systems, self.outcome.health
        rows = ask_health(systems.config, replace(sending, env=systems.env), self.say, health)
        if when == "before":
            health.before = rows
        else:
            health.after = rows

    def panels(self, run: Run | None, before: Sequence[PanelView] = ()) -> None:
        """Read the panels in their own ranges and judge them, by the run where there is one; `before` is what they read
        ahead of it."""
        self._agreed_clock()
        systems = self.systems
        self.outcome.before = before
        self._held = Yardstick(systems.expectations, run, {copy_of(view): view for view in before})
        self.outcome.panels = self._look(systems.now_ns(), self.only)
        # While the run's lines were followed the counter may have been scraped, too.
        since_ns = max(0, systems.now_ns() - self._counted_from(run)) if run else 0
        deadline = systems.steady_ns() + round(systems.config.timeouts.metrics_s * NS) - since_ns
        pauses, told_ns = Backoff(*SCRAPE_PAUSES_S), systems.steady_ns()
        while run is not None and (late := self._waiting_for_metrics()) and systems.steady_ns() < deadline:
            if systems.steady_ns() >= told_ns:
                told_ns = systems.steady_ns() + int(TOLD_S * NS)
                numbers, left_s = ", ".join(map(str, sorted(late))), -(-(deadline - systems.steady_ns()) // NS)
                panels = f"panel{'s' if len(late) > 1 else ''} {numbers}"
                self.say(f"waiting for the counters of {panels}: at most {left_s} s more (timeouts.metrics_s)")
            systems.pause(pauses.pause_s())
            again = {copy_of(row.view): row for row in self._look(systems.now_ns(), late)}
            self.outcome.panels = [again.get(copy_of(row.view), row) for row in self.outcome.panels]
        self._clock.hold()
        rows = self.outcome.panels
        if run is not None:
            self._add_panel_hops(run, rows)
            self._controls = controls(rows, self._held)
            self.outcome.panels = rows = with_controls(rows, self._controls)
        self._surroundings()
        wrong = sum(p.verdict is Verdict.FAIL for p in rows)
        unknown = sum(p.verdict is Verdict.UNKNOWN for p in rows)
        self.say(
            f"{count_noun(len(rows), 'panel')} read, {wrong} not as they "
            f"should{f', {unknown} unknown' if unknown else ''}"
        )
        if self.tells_zeros:
            self.outcome.controls = self._controls
            still = sum(c.moved == "not" for c in self._controls)
            self.say(f"{count_noun(len(self._controls), 'panel')} read before and after the run, {still} did not move")

    def _look(self, now_ns: int, only: Collection[int] | None, again: bool = False) -> list[PanelVerdict]:
        progress = self._told_while_reading()
        return look_at_panels(self.systems.board, self._held, now_ns, only, progress, in_other_words=again)

    def _told_while_reading(self) -> Callable[[Panel], None]:
        """Says how far the reading of a large dashboard is."""
        done, panels = count(1), len(self.systems.board.dashboard.panels)

        def told(_panel: Panel) -> None:
            if (number := next(done)) % TOLD_EVERY == 0:
                self.say(f"{count_noun(number, 'panel')} read, of about {panels}")

        return told

    def _counted_from(self, run: Run) -> int:
        """When the counters of a run have risen at the earliest, ns: with its last event, or when the last of it came
        to coderd, since the agent counts what it has brought there."""
        coderd = (hop for hop in self.outcome.hops if (hop.path, hop.hop) == ("B", "coderd"))
        return max(run.window.end_ns, *(at for hop in coderd for at in hop.seen.values()), 0)

    def _waiting_for_metrics(self) -> set[int]:
        """Panels of a counter that has still to be scraped: that takes longer than a line takes to Loki."""
        return {p.view.panel.id for p in self.outcome.panels if p.path == "metrics" and p.verdict is Verdict.FAIL}

    def _add_panel_hops(self, run: Run, rows: Sequence[PanelVerdict]) -> None:
        paths: tuple[PathName, ...] = ("A", "B")
        for path in paths:
            hop = panel_hop(path, run, rows, self.systems.expectations, self.systems.now_ns())
            if hop is not None:
                # Nothing can be claimed behind a Loki that could not be asked.
                at_loki = next((h for h in self.outcome.hops if (h.path, h.hop) == (path, "loki")), None)
                if at_loki is not None and not hop.unknown:
                    hop.unknown, hop.denied = at_loki.unknown, at_loki.denied
                behind = [i for i, h in enumerate(self.outcome.hops, start=1) if h.path == path]
                self.outcome.hops.insert(behind[-1] if behind else len(self.outcome.hops), hop)

    def explain(self) -> None:
        """Prove causes for what is broken, and for what loses or doubles records without a panel that shows it; say
        which zeros were true, where that is wanted."""
        run = self._held.run
        context = context_of(self.systems, self._held, self.outcome.hops, self._controls)
        rehearsal = Rehearsal(self.systems, context, run) if run else None
        behind = rehearsal.findings_behind if rehearsal else lambda _upstream, _row: []
        explained = explain(
            context, self._held, self.outcome.panels, self.say, behind, self.tells_zeros, self._read_again
        )
        self._clock.hold()
        self.outcome.findings = explained.findings
        if run is not None and _fewer_fail(explained.panels, self.outcome.panels):
            self.outcome.hops = [hop for hop in self.outcome.hops if hop.hop != "panel"]
            self._add_panel_hops(run, explained.panels)
        self.outcome.panels = explained.panels
        self.outcome.unexplained = explained.unexplained
        self.outcome.outages += explained.outages
        self.outcome.denied = self.outcome.denied or explained.denied
        self._surroundings()

    def _read_again(self, row: PanelVerdict) -> PanelVerdict:
        """A panel as it reads now, whatever was answered before."""
        rows = self._look(self.systems.now_ns(), {row.view.panel.id}, again=True)
        return next((one for one in rows if copy_of(one.view) == copy_of(row.view)), row)

    def suggest(self) -> None:
        """Read the panels with the proposed queries in place of theirs; nothing is saved."""
        systems, outcome = self.systems, self.outcome
        outcome.suggested = would_read(systems.board, self._held, outcome.panels, outcome.findings, systems.now_ns())


def _fewer_fail(rows: Sequence[PanelVerdict], before: Sequence[PanelVerdict]) -> bool:
    return any(old.verdict is Verdict.FAIL is not new.verdict for old, new in zip(before, rows, strict=True))
