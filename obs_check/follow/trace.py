"""Follow a run along both paths: look at every hop again and again until it is complete or its time is up.

A hop's time starts when the hop before it stopped changing, so that a hop that gets nothing does not cost the whole
deadline of every hop behind it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from obs_check.follow.hop import HopSeen, Look
from obs_check.model.window import NS


@dataclass(frozen=True, slots=True)
class Watched:
    """A hop, how to look at it, and how long (s) it may take after the hop before it."""

    hop: HopSeen
    look: Look
    patience_s: float


def follow(
    paths: Sequence[Sequence[Watched]],
    now_ns: Callable[[], int],
    pause: Callable[[float], None],
    progress: Callable[[HopSeen], None] = lambda _hop: None,
) -> None:
    """Look at the hops of all paths in turn until each is complete or out of time. `pause(s)` waits between rounds."""
    started = now_ns()
    for watched in (w for path in paths for w in path):
        watched.hop.waiting = True
    last_change = {id(w): started for path in paths for w in path}
    settled: set[int] = set()
    while True:
        for path in paths:
            before_done, before_at = True, started
            for watched in path:
                key = id(watched)
                if key not in settled:
                    count = len(watched.hop.seen)
                    watched.look()
                    now = now_ns()
                    if len(watched.hop.seen) != count:
                        last_change[key] = now
                    waited = (now - max(before_at, last_change[key])) / NS
                    if watched.hop.complete or (before_done and waited >= watched.patience_s):
                        settled.add(key)
                        watched.hop.waiting = False
                        progress(watched.hop)
                before_done = key in settled
                before_at = last_change[key]
        if all(id(w) in settled for path in paths for w in path):
            return
        pause(0.2)
