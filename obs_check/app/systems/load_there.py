"""A large run that an executor sends: batches of the probe, one after the other, at a rate that holds inside."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from obs_check.app.systems.executors import known_place, say_progress
from obs_check.app.systems.load_hops import Follower
from obs_check.client.executors.executor import Executor
from obs_check.client.executors.probe import REQUEST_S, Client, Hold, Pace, Probed, hold_for, program, run_probe
from obs_check.errors import UsageError
from obs_check.follow.journal import Journal
from obs_check.model.event import Event

BATCH = 5000
"""Events of one run of the probe: half a megabyte of program, and of output less than an executor takes."""


@dataclass(frozen=True, slots=True)
class ProbeBatch:
    """The events of one run of the probe, its program, how long it stays alive behind the last one, and how long all
    of that may take (s)."""

    events: Sequence[Event]
    program: str
    hold: Hold
    limit_s: float


def batches(
    executor: Executor, client: Client, events: Sequence[Event], pace: Pace, start_s: float
) -> Iterator[ProbeBatch]:
    """The batches of a run, where a shell may take `start_s` seconds to be there. Raises UsageError for an executor
    that cannot carry so much."""
    if not executor.reach.carries_batches:
        raise UsageError(
            f"--count cannot be sent through {executor.name}: a model would have to repeat the program",
            "send it through another executor, or as few events",
        )
    for start in range(0, len(events), BATCH):
        batch = events[start : start + BATCH]
        hold = hold_for(len(batch), executor.reach.own_boundary)
        sending_s = len(batch) / pace.per_s if pace.per_s else 0.0
        limit_s = start_s + hold.seconds + sending_s + REQUEST_S * math.ceil(len(batch) / 10 / pace.parallel)
        yield ProbeBatch(batch, program(batch[0].run, batch, client, hold, pace), hold, limit_s)


def send_there(
    executor: Executor,
    every: Iterable[ProbeBatch],
    total: int,
    journal: Journal,
    follower: Follower,
    say: Callable[[str], None],
) -> None:
    """Send the batches of `total` events through an executor, one after the other. Raises what the executor raises.

    Times of the place are moved to this machine's clock by the quickest arrival of an answer of the batch so
    far, so that none is said to be later than it came.
    """
    denied: set[str] = set()
    before = 0
    for batch in every:
        answered = _AnsweredBatch(batch.events, journal, follower)
        with say_progress(lambda done=answered, sent=before: sent + done.count, total, batch.limit_s, say):  # type: ignore[misc]
            for probed in run_probe(executor, batch.program, batch.limit_s):
                if probed.latest is None:
                    denied |= probed.denied(batch.events)
                    journal.note_executor(known_place(executor, probed, denied, batch.hold))
                else:
                    answered.take(probed, probed.latest)
        before += len(batch.events)


class _AnsweredBatch:
    """A batch while the answers come: each is noted in the journal and in the account."""

    def __init__(self, batch: Sequence[Event], journal: Journal, follower: Follower) -> None:
        self.count = 0
        self._left = {event.n: event for event in batch}
        self._journal = journal
        self._follower = follower
        self._later_ns: int | None = None
        at_ns = journal.note_sending(batch[0].n, batch[-1].n)
        for event in batch:
            follower.moments.sent_ns[event.n - 1] = at_ns

    def take(self, probed: Probed, which: tuple[int, str]) -> None:
        """Note the answer that came last."""
        event = self._left.pop(which[0], None)
        if event is None:
            return
        self.count += 1
        sent_ns, answer = probed.answers[which]
        later_ns = time.time_ns() - probed.ended_ns
        self._later_ns = later_ns if self._later_ns is None else min(self._later_ns, later_ns)
        stamped, ended_ns = replace(event, sent_ns=sent_ns + self._later_ns), probed.ended_ns + self._later_ns
        self._journal.note_answer(stamped, answer, which[1])
        moments = self._follower.moments
        moments.sent_ns[event.n - 1], moments.answered_ns[event.n - 1] = stamped.sent_ns, ended_ns
        if answer.verdict == event.decision:
            self._follower.egress(event.n, ended_ns)
