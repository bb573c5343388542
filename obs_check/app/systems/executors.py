"""The executor that a configuration names, and a run of events sent through one."""

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from threading import Event as Flag
from threading import Thread

from obs_check.client.egress import EgressAnswer
from obs_check.client.executors.executor import Executor
from obs_check.client.executors.probe import REQUEST_S, Client, Hold, Probed, hold_for, program, run_probe
from obs_check.client.executors.process import START_KEY
from obs_check.client.executors.registry import EXECUTORS
from obs_check.config import Config
from obs_check.documents.nearest import did_you_mean
from obs_check.errors import ConfigError, UsageError
from obs_check.follow.journal import Journal
from obs_check.follow.run import Run, Through
from obs_check.follow.trace import TOLD_S
from obs_check.model.event import Event

LOCAL = "local"
NAMES = (LOCAL, "boundary", "kubectl", "coder", "command", "chat")


def open_executor(config: Config, via: str, env: Mapping[str, str], say: Callable[[str], None]) -> Executor:
    """The executor of a name; UsageError for an unknown one, ConfigError where the configuration does not describe
    it. What the environment says of another deployment is said and not used."""
    kind = EXECUTORS.get(via)
    if kind is None:
        raise UsageError(f"unknown executor: {via!r}", did_you_mean(via, (LOCAL, *EXECUTORS)))
    executor = kind.open(config, env, say)
    if executor is None:
        raise ConfigError(f"executors.{via} is not set", f"say under executors: {via}: where it leads to")
    return executor


def known_place(executor: Executor, probed: Probed, denied: Collection[str], hold: Hold) -> Through:
    """What is known of the place by now; `denied` is as in Probed.wrap."""
    reach, wrap = executor.reach, probed.wrap(denied)
    return Through(executor.name, executor.place, reach.proves, reach.proves_not, wrap, hold.why)


def send_through(
    executor: Executor,
    events: list[Event],
    client: Client,
    start_s: float,
    journal: Journal,
    say: Callable[[str], None],
) -> Run:
    """Send the events by one run of the probe, whose shell may take `start_s` seconds to be there. Raises what the
    executor raises; an event without an answer of the probe counts as not answered."""
    hold = hold_for(len(events), executor.reach.own_boundary)
    say(f"sending {len(events)} events through {executor.name} ({executor.place}); {hold.seconds} s more: {hold.why}")
    limit_s = start_s + hold.seconds + REQUEST_S * math.ceil(len(events) / 10) + REQUEST_S
    left = {event.n: event for event in events}
    start_ns = journal.note_sending(events[0].n, events[-1].n)
    with say_progress(lambda: len(events) - len(left), len(events), limit_s, say):
        for probed in run_probe(executor, program(events[0].run, events, client, hold), limit_s):
            if probed.latest is None:
                journal.note_executor(known_place(executor, probed, probed.denied(events), hold))
            elif event := left.pop(probed.latest[0], None):
                at_ns, answer = probed.answers[probed.latest]
                journal.note_answer(replace(event, sent_ns=at_ns), answer, probed.latest[1])
    for event in left.values():
        nothing = EgressAnswer(None, "no_answer", "the probe did not report this event")
        journal.note_answer(replace(event, sent_ns=start_ns), nothing)
    run = journal.run()
    if run.through is not None:
        wrap = run.through.wrap
        say(f"the place is {wrap.kind}: {'; '.join(wrap.evidence) or 'nothing tells'}")
    return run


@contextmanager
def say_progress(done: Callable[[], int], of: int, limit_s: float, say: Callable[[str], None]) -> Iterator[None]:
    """Say every TOLD_S how far a batch is, and how many seconds more it may take."""
    over, ends = Flag(), time.monotonic() + limit_s

    def tell() -> None:
        while not over.wait(TOLD_S):
            left = f"{max(0.0, ends - time.monotonic()):.0f} s more ({START_KEY})"
            say(f"{done()} of {of} events answered there, at most {left}")

    thread = Thread(target=tell, daemon=True, name="told")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
