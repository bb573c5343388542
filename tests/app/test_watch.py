"""A watch over days, on a clock that is moved: what it begins when, what it counts, and that nothing of it grows."""

import gc
import random
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from obs_check.app.verify.outcome import Outcome
from obs_check.app.watch.account import HopCount, PanelCheck, RunAccount, account_of
from obs_check.app.watch.watch import LATE_S, Note, Schedule, Status, Watch, state_cleaner
from obs_check.client.egress import EgressAnswer
from obs_check.client.files.run_store import RunStore
from obs_check.errors import UsageError
from obs_check.follow.hop import HopSeen
from obs_check.follow.journal import FOLDER, open_journal
from obs_check.follow.run import Run, Sent, plan_events
from obs_check.model.verdict import Verdict
from obs_check.model.window import NS, Window, shown_time
from obs_check.report.watch_metrics import WatchMetrics, health, in_a_line

BEGAN_NS = 10**18
"""Long ago, so that no journal is removed for its age."""
EVERY_S, JITTER_S, KEEP = 600.0, 60.0, 5
DAYS_3 = 3 * 24 * 3600 // int(EVERY_S)
_OWN = ("*/app/watch/*", "*/report/watch_metrics.py", "*/client/files/*", "*/follow/*", "*/prometheus_client/*")
"""Where a watch allocates."""
EVENTS = plan_events("abcdef", 2, 1, "http://allowed.example/", "http://denied.invalid/")


@dataclass
class Clock:
    """Time that passes only when it is told to."""

    ns: int = BEGAN_NS

    def now_ns(self) -> int:
        return self.ns

    def pass_s(self, seconds: float) -> None:
        self.ns += round(seconds * NS)


@dataclass
class FakeVerify:
    """A run of 7 s, now and then of 1300 s, with a document and a journal as `verify` keeps them."""

    clock: Clock
    state: Path
    between: Callable[[int], None] = lambda _number: None
    begun_ns: list[int] = field(default_factory=list)
    busy: bool = False

    def __call__(self, note: Note) -> None:
        assert not self.busy
        self.busy = True
        start_ns, number = self.clock.ns, len(self.begun_ns)
        self.begun_ns.append(start_ns)
        run = f"r{number:05d}"
        journal = open_journal(self.state, run, self.clock.now_ns, pytest.fail)
        journal.note_plan(plan_events(run, 2, 1, "http://allowed.example/", "http://denied.invalid/"))
        journal.close()
        RunStore(self.state).keep("{}\n", "verify", run, start_ns)
        self.clock.pass_s(1300 if number % 50 == 49 else 7)
        self.between(number)
        note(account(number, run, start_ns, self.clock.ns))
        self.busy = False


def account(number: int, run: str, start_ns: int, end_ns: int) -> RunAccount:
    """One run in three fails, one in three says nothing; a panel has a new title each day."""
    verdict = (Verdict.OK, Verdict.FAIL, Verdict.UNKNOWN)[number % 3]
    lost = int(verdict is Verdict.FAIL)
    hops = (
        HopCount("A", "loki", "allow", 2, 2 - lost, lost, (0.2,) * (2 - lost)),
        HopCount("A", "loki", "deny", 1, 1, 0, (3.0,)),
    )
    panels = (PanelCheck(1, f"day {number // 144}", verdict),) if verdict is not Verdict.UNKNOWN else ()
    causes = (f"cause.{number % 2}",) if lost else ()
    return RunAccount(run, start_ns, end_ns, verdict, verdict.exit_code, hops, panels, causes)


def samples(text: bytes) -> dict[str, float]:
    """Every sample of an exposition by its name and labels."""
    families = text_string_to_metric_families(text.decode())
    return {
        one.name + "".join(f" {key}={value}" for key, value in sorted(one.labels.items())): one.value
        for family in families
        for one in family.samples
    }


def test_three_days_leave_no_more_than_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What matters is which files are there, not that they survive the machine.
    monkeypatch.setattr("os.fsync", lambda _descriptor: None)
    clock, metrics, memory = Clock(), WatchMetrics(), list[int]()

    def measure(number: int) -> None:
        if number in (144, DAYS_3 - 1):
            gc.collect()
            # Threads of other tests in this process allocate, too.
            own = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, name) for name in _OWN])
            memory.append(sum(trace.size for trace in own.traces))

    verify = FakeVerify(clock, tmp_path, measure)
    watch = Watch(
        verify,
        Schedule(EVERY_S, JITTER_S, 1800),
        clock.now_ns,
        clock.pass_s,
        random.Random(1).random,
        metrics.add,
        state_cleaner(tmp_path, KEEP, pytest.fail),
    )
    tracemalloc.start()
    try:
        assert watch.run(DAYS_3) == Verdict.FAIL.exit_code
    finally:
        tracemalloc.stop()
    assert memory[1] - memory[0] < 64 * 1024
    assert sorted(path.name for path in tmp_path.iterdir()) == [FOLDER, "runs"]
    newest = [f"r{number:05d}" for number in range(DAYS_3 - KEEP, DAYS_3)]
    assert sorted(path.stem for path in (tmp_path / FOLDER).iterdir()) == newest
    assert sorted(one.id for one in RunStore(tmp_path).files()) == newest

    late_s = [(at - BEGAN_NS) / NS % EVERY_S for at in verify.begun_ns]
    assert verify.begun_ns[0] == BEGAN_NS
    assert max(late_s) < JITTER_S < max(late_s) + 5
    slots = [int((at - BEGAN_NS) / NS // EVERY_S) for at in verify.begun_ns]
    gaps = {number: after - before for number, (before, after) in enumerate(pairwise(slots))}
    # A run of 1300 s takes the time of two that would have begun meanwhile; none is made up for.
    assert {gap for number, gap in gaps.items() if number % 50 != 49} == {1}
    assert {gap for number, gap in gaps.items() if number % 50 == 49} == {3}

    found = samples(metrics.text())
    third = DAYS_3 // 3
    assert {verdict: found[f"obs_check_runs_total verdict={verdict}"] for verdict in Verdict} == dict.fromkeys(
        Verdict, third
    )
    assert found["obs_check_events_sent_total decision=allow hop=loki path=A"] == 2 * DAYS_3
    assert found["obs_check_events_seen_total decision=allow hop=loki path=A"] == 2 * DAYS_3 - third
    assert found["obs_check_events_missing_total decision=allow hop=loki path=A"] == third
    assert found["obs_check_event_latency_seconds_bucket decision=allow hop=loki le=0.25 path=A"] == 2 * DAYS_3 - third
    assert found["obs_check_event_latency_seconds_bucket decision=deny hop=loki le=2.5 path=A"] == 0
    assert found["obs_check_event_latency_seconds_count decision=deny hop=loki path=A"] == DAYS_3
    assert [name for name in found if "_panel_checked_" in name] == [
        "obs_check_panel_checked_timestamp_seconds panel=1 title=day 2"
    ]


def test_the_last_verdict_of_a_panel_stays_and_grows_old() -> None:
    metrics = WatchMetrics()
    for number in range(3):
        metrics.add(account(number, "abcdef", number * NS, (number + 1) * NS))
    found = samples(metrics.text())
    assert [found[f"obs_check_last_run_verdict verdict={verdict}"] for verdict in Verdict] == [0, 0, 1]
    assert [found[f"obs_check_panel_verdict panel=1 title=day 0 verdict={verdict}"] for verdict in Verdict] == [0, 1, 0]
    assert found["obs_check_panel_checked_timestamp_seconds panel=1 title=day 0"] == 2
    assert [found[f"obs_check_last_run_timestamp_seconds verdict={verdict}"] for verdict in Verdict] == [1, 2, 3]
    assert [name for name in found if "_cause" in name] == ["obs_check_last_failure_cause cause=cause.1"]


def test_a_hop_that_was_not_asked_lacks_nothing() -> None:
    run = Run("abcdef", tuple(Sent(e, EgressAnswer(200, e.decision)) for e in EVENTS), Window(0, 1))
    tags = tuple(run.tags())
    file = HopSeen("A", "file", tags, {tags[0]: 2 * NS})
    loki = HopSeen("A", "loki", tags, unknown="loki does not answer")
    waiting = HopSeen("B", "coderd", tags, waiting=True)
    outcome = Outcome("verify", run, [file, loki, waiting])
    outcome.outages.append("http://user:password@loki.example does not answer")
    found = account_of(outcome, 0, NS)
    counted = {(one.hop, one.decision): (one.sent, one.seen, one.missing) for one in found.hops}
    assert counted == {
        ("file", "allow"): (2, 1, 1),
        ("file", "deny"): (1, 0, 1),
        ("loki", "allow"): (2, 0, 0),
        ("loki", "deny"): (1, 0, 0),
        ("coderd", "allow"): (2, 0, 0),
        ("coderd", "deny"): (1, 0, 0),
    }
    assert next(one.latencies_s for one in found.hops if one.seen) == (2.0,)
    assert (found.verdict, found.causes) == (Verdict.FAIL, ("unexplained",))
    assert found.why == ("http://(hidden)@loki.example does not answer", "loki does not answer")
    assert in_a_line(found) == "1970-01-01T00:00:00.000Z run abcdef fail in 1.0 s: unexplained"


def test_a_watch_is_alive_until_what_it_does_is_overdue() -> None:
    last = account(1, "abcdef", 0, NS)
    status = Status(True, 10 * NS, 2, last, NS)
    late_ns = (10 + round(LATE_S)) * NS
    told = health(status, late_ns, late_ns + 3600 * NS)
    assert (told["alive"], told["busy"], told["runs"]) == (True, True, 2)
    assert (told["last"]["causes"], told["last"]["age_s"]) == (["cause.1"], LATE_S + 9)
    assert told["until"] == "1970-01-01T01:00:10.000Z"
    assert not health(status, late_ns + 1, 0)["alive"]


def test_a_clock_that_is_set_while_a_watch_waits_leaves_it_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, ages = Clock(), list[float]()

    def paused(seconds: float) -> None:
        monkeypatch.setattr("time.time_ns", lambda: BEGAN_NS + 3600 * NS)
        clock.pass_s(seconds)
        found = health(watch.status, clock.now_ns(), time.time_ns())
        assert (found["alive"], found["until"]) == (True, shown_time(time.time_ns()))
        ages.append(found["last"]["age_s"])

    def verify(note: Note) -> None:
        note(account(len(ages), "abcdef", BEGAN_NS, BEGAN_NS + NS))

    watch = Watch(verify, Schedule(EVERY_S, 0, 60), clock.now_ns, paused, lambda: 0)
    watch.run(2)
    assert ages == [EVERY_S]


def test_what_a_clock_that_is_set_back_leaves_is_a_pause_of_one_round() -> None:
    schedule = Schedule(EVERY_S, JITTER_S, 60)
    assert [schedule.pause_s(since, 0.5) for since in (0, 7, 300, 1000, -86_407)] == [630, 623, 330, 230, 37]


def test_two_watches_of_one_configuration_are_not_at_work_at_once(tmp_path: Path) -> None:
    store, other = RunStore(tmp_path), RunStore(tmp_path)
    with store.locked("watch", "a.yaml"):
        with other.locked("watch", "b.yaml"):
            pass
        with (
            pytest.raises(UsageError, match=r"another obs-check watch is at work with a\.yaml"),
            other.locked("watch", "a.yaml"),
        ):
            pass
    with other.locked("watch", "a.yaml"):
        pass


def test_a_journal_that_is_written_stays(tmp_path: Path) -> None:
    clock = Clock()
    journals = {run: open_journal(tmp_path, run, clock.now_ns, pytest.fail) for run in ("aaaa", "bbbb")}
    for run, journal in journals.items():
        journal.note_plan(plan_events(run, 1, 0, "http://allowed.example/", "http://denied.invalid/"))
    journals["bbbb"].close()
    state_cleaner(tmp_path, 0, pytest.fail)()
    assert [path.stem for path in (tmp_path / FOLDER).iterdir()] == ["aaaa"]
    journals["aaaa"].close()
