"""A large run: events at a steady rate by several threads, each accounted for at every hop while they are sent."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Event as Flag
from threading import Lock
from typing import Any

from obs_check.app.systems.injection import Way, journal_events, would_send
from obs_check.app.systems.load_hops import Follower, Means
from obs_check.app.systems.load_there import BATCH, ProbeBatch, batches, send_there
from obs_check.app.systems.shipping import open_shipping
from obs_check.app.verify.load_panels import LoadPanels
from obs_check.client.egress_load import LoadSender
from obs_check.client.executors.executor import Executor
from obs_check.client.executors.probe import Pace
from obs_check.client.executors.process import START_KEY
from obs_check.config import BoundarySettings
from obs_check.errors import NotAllowed, ObsCheckError, UsageError
from obs_check.follow.journal import Journal
from obs_check.follow.run import Run
from obs_check.follow.tally import Moments, Tally
from obs_check.model.event import Decision, Event
from obs_check.model.verdict import Verdict, worst
from obs_check.model.window import NS
from obs_check.model.wording import count_noun

LARGE = 2000
"""Events of a run above which it is accounted for in this way alone."""


_NO_CAUSES = (
    "a large run looks for no causes: `obs-check verify` without --count sends a small one, and says why what is wrong "
    "with that too is wrong"
)


@dataclass(frozen=True, slots=True)
class Load:
    """`count` events, half of them to be denied, `per_s` of them a second (0: as fast as it goes) by `parallel`
    threads."""

    count: int
    per_s: float = 0.0
    parallel: int = 16

    @property
    def allow(self) -> int:
        """Events that have to be allowed."""
        return (self.count + 1) // 2

    @property
    def deny(self) -> int:
        """Events that have to be denied."""
        return self.count // 2


@dataclass(slots=True)
class LoadAccount:
    """What is known of a large run; grows while it is sent."""

    command: str
    load: Load
    run: Run | None = None
    tallies: list[Tally] = field(default_factory=list)
    moments: Moments = field(default_factory=lambda: Moments.of("", ()))
    outages: list[str] = field(default_factory=list)
    denied: bool = False
    ended: str = ""
    panels: LoadPanels = field(default_factory=LoadPanels)

    @property
    def begun(self) -> bool:
        """Whether events were sent."""
        return self.run is not None

    @property
    def verdict(self) -> Verdict:
        """The worst of hops and panels; unknown where the command did not come to its end."""
        return self._verdict_with(self.rows())

    def _verdict_with(self, rows: Sequence[Mapping[str, Any]]) -> Verdict:
        if self.ended or self.outages or not self.tallies:
            return Verdict.UNKNOWN
        return worst([*(Verdict(row["verdict"]) for row in rows), *(row.verdict for row in self.panels.rows)])

    @property
    def exit_code(self) -> int:
        """That of the verdict; unknown for want of rights has its own."""
        verdict = self.verdict
        denied = self.denied and verdict is Verdict.UNKNOWN
        return NotAllowed.exit_code if denied else verdict.exit_code

    def stop(self, why: str) -> None:
        """As Outcome's."""
        self.ended = self.ended or why

    def failed(self, error: ObsCheckError) -> None:
        """As Outcome's."""
        self.outages.append(error.message)
        self.denied = self.denied or isinstance(error, NotAllowed)

    def rows(self) -> list[dict[str, Any]]:
        """A row a hop, each compared with the hop before it on its path."""
        before: dict[str, Tally] = {}
        rows = []
        for tally in self.tallies:
            rows.append(tally.row(self.moments.sent_ns, before.get(tally.path)))
            if not tally.unknown:
                before[tally.path] = tally
        return rows

    @property
    def stored(self) -> list[Tally]:
        """What is known of Loki, a path each."""
        return [tally for tally in self.tallies if tally.hop == "loki"]

    def to_json(self) -> dict[str, Any]:
        """The document; the events themselves stand in the run's journal."""
        rows = self.rows()
        verdict = self._verdict_with(rows)
        sent = sum(1 for at in self.moments.sent_ns if at)
        begun = min((at for at in self.moments.sent_ns if at), default=0)
        took_s = (max(self.moments.answered_ns, default=0) - begun) / NS
        rate = round(sent / took_s, 1) if took_s > 0 else None
        return {
            "schema": "obs-check/1",
            "command": self.command,
            "verdict": str(verdict),
            "run": self.run.id if self.run else None,
            "window": self.run.window.to_json() if self.run else None,
            "load": {
                "count": self.load.count,
                "asked_per_s": self.load.per_s,
                "sent": sent,
                "sent_per_s": rate,
                **self.panels.to_json(),
            },
            "through": self.run.through.to_json() if self.run and self.run.through else None,
            "events": [],
            "hops": rows,
            "unexplained": [_NO_CAUSES] if verdict is Verdict.FAIL else [],
            "outages": self.outages,
            "ended": self.ended,
        }


def run_load(account: LoadAccount, way: Way, means: Means) -> None:
    """Send the events and account for them at every hop; without a Loki they are only sent. Raises UsageError where
    they cannot be sent so."""
    config, say = means.config, means.say
    load, proxy = account.load, config.boundary.proxy_url
    if way.executor is None and proxy is None:
        raise UsageError("--count sends from here through boundary.proxy", "give the proxy's URL, or --via")
    events = way.plan(account.load.allow, account.load.deny)
    decisions: list[Decision] = [event.decision for event in events]
    account.moments = Moments.of(events[0].run, decisions)
    shipping = open_shipping(config) if means.loki is not None else None
    if shipping is not None:
        shipping.remember()
    follower = Follower(account.moments, means, shipping=shipping)
    account.tallies = follower.tallies

    def keep(run: Run) -> None:
        account.run = run

    with follower.listening():
        with journal_events(means.env, events, time.time_ns, say, keep) as journal, follower.watching():
            say(f"run {events[0].run}: sending {count_noun(len(events), 'event')}")
            journal.note_plan(events)
            if way.executor is not None:
                every = _batches(way.executor, way, load, events)
                send_there(way.executor, every, len(events), journal, follower, say)
            elif proxy is not None:
                _send(account, events, journal, LoadSender(proxy, config.boundary.ca), follower, say)
        if means.loki is not None:
            follower.finish()


def _batches(executor: Executor, way: Way, load: Load, events: Sequence[Event]) -> Iterator[ProbeBatch]:
    return batches(executor, way.client, events, Pace(load.per_s, load.parallel), way.start_s)


def would_send_load(boundary: BoundarySettings, way: Way, load: Load) -> str:
    """What would be sent, where, how fast, in which batches, and the program of the first; nothing is sent. Raises as
    `batches`."""
    events, executor = way.plan(load.allow, load.deny), way.executor
    rate = f"{load.per_s:g} a second" if load.per_s else "as fast as it goes"
    if executor is None:
        return f"{rate}, {load.parallel} at once (--rate, --parallel)\n{would_send(boundary, way, events)}"
    every = list(_batches(executor, way, load, events))
    first = every[0]
    return "\n".join(
        [
            f"{rate}, by python3 or node {load.parallel} at once (--rate, --parallel)",
            f"{count_noun(len(every), 'batch')} of at most {count_noun(BATCH, 'event')}, one after the other",
            f"the first stays alive {first.hold.seconds} s more: {first.hold.why}",
            f"it may take {first.limit_s:g} s ({START_KEY}), all of them what --deadline gives",
            would_send(boundary, way, events, first.program),
        ]
    )


def trace_load(account: LoadAccount, run: Run, means: Means) -> None:
    """Account for the events of an earlier run. When they came to a hop nobody has seen, so that none is late; one of
    which nobody knows whether it was sent is not missing."""
    account.run = run
    events = max(one.event.n for one in run.sent)
    decisions: list[Decision] = ["allow"] * events
    account.moments = moments = Moments.of(run.id, decisions)
    for one in run.sent:
        decisions[one.event.n - 1] = one.event.decision
        if one.answer.verdict != "not_known":
            moments.sent_ns[one.event.n - 1] = one.event.sent_ns
            moments.answered_ns[one.event.n - 1] = one.answered_ns
    follower = Follower(moments, means, traced=run.window.start_ns, shipping=open_shipping(means.config))
    account.tallies = follower.tallies
    for one in run.sent:
        if one.as_expected:
            follower.egress(one.event.n, one.answered_ns or one.event.sent_ns)
    follower.finish()


def _send(
    account: LoadAccount,
    events: Sequence[Event],
    journal: Journal,
    sender: LoadSender,
    follower: Follower,
    say: Callable[[str], None],
) -> None:
    load, moments, started, lock = account.load, account.moments, time.monotonic(), Lock()
    todo: Iterator[tuple[int, Event]] = enumerate(events)
    stopped = Flag()
    told = [started]

    def work() -> None:
        while not stopped.is_set():
            with lock:
                at, event = next(todo, (0, None))
            if event is None:
                return
            wait = started + at / load.per_s - time.monotonic() if load.per_s else 0
            if wait > 0 and stopped.wait(wait):
                return
            stamped = replace(event, sent_ns=journal.note_sending(event.n, event.n))
            moments.sent_ns[event.n - 1] = stamped.sent_ns
            answer = sender.send(stamped)
            moments.answered_ns[event.n - 1] = time.time_ns()
            journal.note_answer(stamped, answer)
            if answer.verdict == event.decision:
                follower.egress(event.n, moments.answered_ns[event.n - 1])
            if time.monotonic() - told[0] > 5:
                told[0] = time.monotonic()
                say(f"{event.n} of {count_noun(len(events), 'event')} sent")

    with ThreadPoolExecutor(load.parallel, "send") as pool:
        try:
            for done in [pool.submit(work) for _ in range(load.parallel)]:
                done.result()
        finally:
            stopped.set()
