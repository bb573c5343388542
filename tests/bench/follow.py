"""`python -m tests.bench.follow [LINES]`: how long after a real Loki can return a line it is reported, beside a poll of
50 ms in the same run. Needs `loki` on PATH."""

import argparse
import random
import shutil
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

from obs_check.app.systems.tailing import hop_with_news, tailing
from obs_check.client.egress import EgressAnswer
from obs_check.client.loki.client import LokiClient
from obs_check.config import parse_config
from obs_check.follow.hops import loki_hop
from obs_check.follow.run import Run, Sent, new_run_id, plan_events, whole_seconds
from obs_check.follow.trace import Watched, follow
from obs_check.model.event import Event, find_tags
from obs_check.model.window import NS, Window
from tests.real.loki_process import RealLoki

POLL_S = 0.05
PAUSE_S = 0.4


def main() -> None:
    """Push lines of a run at random times, poll for them, follow them, and print both."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.follow", description=__doc__)
    parser.add_argument("lines", nargs="?", type=int, default=60)
    count = parser.parse_args().lines
    if shutil.which("loki") is None:
        print("loki is not on PATH: nothing is timed")
        return
    with tempfile.TemporaryDirectory(prefix="obs-check-follow-") as name, RealLoki(Path(name)) as loki:
        events = plan_events(new_run_id(), count, 0, "http://allowed.example/ok", "http://denied.invalid/")
        loki.push({"job": "boundary"}, [[str(time.time_ns()), "a line of another run"]])
        polled = Poll(loki, events[0].run)
        pushing = threading.Thread(target=push, args=(loki, events))
        pushing.start()
        polled.start()
        seen = followed(loki, events)
        pushing.join()
        polled.stop()
    delays = sorted((seen[tag] - at) / 1e6 for tag, at in polled.found.items() if tag in seen)
    p50, p95, most = (delays[min(len(delays) - 1, int(share * len(delays)))] for share in (0.5, 0.95, 1))
    print(f"{len(seen)} of {count} lines followed, {len(polled.found)} polled")
    print(f"reported p50 {p50:.0f} p95 {p95:.0f} max {most:.0f} ms after a poll of {POLL_S * 1000:.0f} ms has them")


def push(loki: RealLoki, events: list[Event]) -> None:
    """One line after the other, at times that no poll keeps step with."""
    chance = random.Random(1)
    for event in events:
        time.sleep(chance.uniform(0, 2 * PAUSE_S))
        loki.push({"job": "boundary"}, [[str(time.time_ns()), f'level=INFO msg=ALLOW url="{event.url}"']])


def followed(loki: RealLoki, events: list[Event]) -> dict[str, int]:
    """When each tag was first reported (ns), by the following of a run."""
    config = parse_config(f"loki: {{url: '{loki.url}'}}", Path("obs-check.yaml"), {})
    start = time.time_ns()
    sent = tuple(Sent(event, EgressAnswer(200, "allow")) for event in events)
    run = Run(events[0].run, sent, whole_seconds(start, start))
    with closing(LokiClient.direct(loki.url, time.time_ns, config.hosts)) as client:

        def names(window: Window) -> list[str]:
            return client.labels(window).value

        hop, look = loki_hop("A", run, names, client.entries, time.time_ns)
        with tailing(config, client, run, time.time_ns, print) as news:
            assert news is not None
            follow([[hop_with_news(Watched(hop, look, 10), news)]], time.time_ns, news.wait)
        print(f"{client.sent} questions")
    return dict(hop.seen)


class Poll(threading.Thread):
    """Asks every 50 ms for the lines of a run; `found` says when each tag was first answered (ns)."""

    def __init__(self, loki: RealLoki, run: str) -> None:
        super().__init__()
        self.found: dict[str, int] = {}
        self._loki = loki
        self._run_id = run
        self._over = threading.Event()

    def stop(self) -> None:
        """End it, with a last question."""
        self._over.set()
        self.join()

    def run(self) -> None:
        """Ask until it is ended."""
        start = time.time_ns() - NS
        query = f'{{job="boundary"}} |= `obs={self._run_id}-`'
        with closing(LokiClient.direct(self._loki.url, time.time_ns, {self._loki.url.split("//")[1]})) as client:
            while not self._over.wait(POLL_S):
                entries = client.entries(query, Window(start, time.time_ns() + NS), 5000).value
                now = time.time_ns()
                for tag in (tag for entry in entries for tag in find_tags(entry.line, self._run_id)):
                    self.found.setdefault(tag, now)


if __name__ == "__main__":
    main()
