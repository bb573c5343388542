"""Follow a run along both paths: look at every hop again and again until it is complete or its time is up.

A hop's time starts when the hop before it stopped changing, so that a hop that gets nothing does not cost the whole
deadline of every hop behind it. It starts again when a system that did not answer does, which it is asked as long as
anything is waited for, and once more where the other path got an answer from it: what was sent meanwhile has still to
come.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from obs_check.follow.hop import HopSeen, Look
from obs_check.model.backoff import Backoff
from obs_check.model.window import NS

FIRST_PAUSE_S = 0.2
"""Seconds between the first looks at a hop, and after something has changed there or at the hop before it."""
FILES_S = 1.0
"""The longest pause between two looks at files."""
TOLD_S = 5.0
"""Seconds between two lines that say what is waited for."""
SERVERS_S = 3.0
"""The longest pause between two questions to a server."""
SOON_NS = 2 * NS
"""For so long (ns) after something came a hop with news is looked at again and again without longer pauses."""
NEWS_NS = NS // 20
"""The shortest pause (ns) between two looks that news bring about."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A hop, how to look at it, how long (s) it may take after the hop before it, and the longest pause (s) between
    two looks."""

    hop: HopSeen
    look: Look
    patience_s: float
    longest_pause_s: float = SERVERS_S
    news: Callable[[], bool] | None = None
    """Whether something came since this was asked last: then the hop is looked at, without waiting for its time."""


def follow(
    paths: Sequence[Sequence[Watched]],
    now_ns: Callable[[], int],
    pause: Callable[[float], None],
    progress: Callable[[HopSeen], None] = lambda _hop: None,
    waiting: Callable[[HopSeen, int], None] = lambda _hop, _left_s: None,
) -> None:
    """Look at the hops of all paths in turn until each is complete or out of time. `pause(s)` waits until the next look
    is due. `waiting` is told at once, and then every TOLD_S, what each path waits for, and at most how many seconds
    more where nothing comes."""
    started = told_ns = now_ns()
    looking = [[_Looking(watched, started) for watched in path] for path in paths]
    while True:
        for path in looking:
            before_done, before_at = True, started
            for one in path:
                waited = one.watched.hop.waiting
                if waited or one.watched.hop.unanswered:
                    one.look(before_done, before_at, now_ns)
                    if waited and not one.watched.hop.waiting:
                        progress(one.watched.hop)
                before_done, before_at = not one.watched.hop.waiting, one.changed_ns
        everyone = [one for path in looking for one in path]
        due = [one.due_ns for one in everyone if one.watched.hop.waiting]
        due = due or [one.due_at_once(now_ns()) for one in everyone if one.is_back(everyone)]
        if not due:
            return
        if now_ns() >= told_ns:
            told_ns = now_ns() + int(TOLD_S * NS)
            for path in looking:
                if first := next((one for one in path if one.watched.hop.waiting), None):
                    waiting(first.watched.hop, first.left_s(now_ns()))
        # At least a moment, so that a clock that stands still cannot make this a busy loop.
        pause(max(min(due) - now_ns(), NS // 100) / NS)


class _Looking:
    """A hop while it is looked at: when it last changed, and when to look again (ns)."""

    def __init__(self, watched: Watched, started_ns: int) -> None:
        self.watched = watched
        self.changed_ns = self.due_ns = started_ns
        self._before_ns = self._looked_ns = started_ns
        self._pauses = Backoff(FIRST_PAUSE_S, watched.longest_pause_s)
        watched.hop.waiting = True

    def left_s(self, now_ns: int) -> int:
        """Whole seconds until its time is up, where nothing changes any more."""
        ends_ns = max(self._before_ns, self.changed_ns) + int(self.watched.patience_s * NS)
        return max(0, -(-(ends_ns - now_ns) // NS))

    def is_back(self, everyone: Sequence["_Looking"]) -> bool:
        """Whether the hop's system did not answer here, and has since, on the other path."""
        alike = (one for one in everyone if one.watched.hop.hop == self.watched.hop.hop)
        return self.watched.hop.unanswered and any(
            not one.watched.hop.unknown and one._looked_ns > self._looked_ns for one in alike
        )

    def due_at_once(self, now_ns: int) -> int:
        """Make it due, and say when (ns)."""
        self.due_ns = now_ns
        return now_ns

    def look(self, before_done: bool, before_ns: int, now_ns: Callable[[], int]) -> None:
        """Look once where that is due, or where the hop before it has changed; note when its time is up."""
        hop, patience_ns = self.watched.hop, int(self.watched.patience_s * NS)
        now = now_ns()
        if before_ns > self._before_ns:
            self._before_ns = before_ns
            self._pauses.reset()
            self.due_ns = min(self.due_ns, now)
        if self.watched.news is not None and self.watched.news():
            self.due_ns = min(self.due_ns, max(now, self._looked_ns + NEWS_NS))
        ends_ns = max(before_ns, self.changed_ns) + patience_ns
        if now < self.due_ns and not (hop.waiting and before_done and now >= ends_ns):
            return
        count, unanswered = len(hop.seen), hop.unanswered
        self._looked_ns = now
        self.watched.look()
        hop.doubt.difference_update(hop.seen)
        now = now_ns()
        if len(hop.seen) != count or (unanswered and not hop.unanswered):
            self.changed_ns = now
            self._pauses.reset()
        ends_ns = max(before_ns, self.changed_ns) + patience_ns
        # Who is not let in will not be let in a moment later.
        whole = hop.complete and not hop.doubt
        hop.waiting = not (whole or hop.denied or (before_done and now >= ends_ns))
        # Loki 3.5's tail is up to 0.4 s behind its queries (measured), and what begins to come goes on to come.
        soon = self.watched.news is not None and now - self.changed_ns < SOON_NS
        self.due_ns = now + int((FIRST_PAUSE_S if soon else self._pauses.pause_s()) * NS)
        if before_done and hop.waiting:
            self.due_ns = min(self.due_ns, ends_ns)
