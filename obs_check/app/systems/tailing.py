"""Hears of a run's lines as they come to Loki, by `/tail`, so that whoever follows the run asks at once."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from obs_check.client.loki.client import LokiClient, loki_address
from obs_check.client.loki.tail import LokiTail
from obs_check.config import Config
from obs_check.errors import ObsCheckError
from obs_check.follow.hop import HopSeen, PathName
from obs_check.follow.hops import LIKELY, OF_PATH, Clock
from obs_check.follow.run import Run
from obs_check.follow.trace import Watched
from obs_check.model.entry import Entry
from obs_check.model.event import find_tags
from obs_check.model.window import NS, Window

_TAILS = 2
"""Connections; Loki allows ten to a tenant at once (`max_concurrent_tail_requests`)."""
_LIMIT = 1000


class News:
    """Counts what comes of a run, notes when, and wakes whoever waits for it."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._at: dict[PathName, dict[str, int]] = {"A": {}, "B": {}}
        self._came = threading.Event()
        self._count = 0

    def note_lines(self, lines: Iterable[str], at_ns: int) -> None:
        """Note that lines came (ns since the epoch)."""
        for line in lines:
            path: PathName = "B" if OF_PATH["B"] in line else "A"
            for tag in find_tags(line, self._run):
                self._at[path].setdefault(tag, at_ns)
        self._count += 1
        self._came.set()

    def wait(self, seconds: float) -> None:
        """Wait until something comes, at most that long."""
        self._came.wait(seconds)
        self._came.clear()

    def date(self, hop: HopSeen) -> None:
        """Set the time of what a question found to when it had come. What no question found is not there."""
        came = self._at[hop.path]
        hop.seen |= {tag: came[tag] for tag, at in hop.seen.items() if came.get(tag, at) < at}

    def listener(self) -> Callable[[], bool]:
        """Answers whether something came since it was asked last."""
        known = 0

        def heard() -> bool:
            nonlocal known
            before, known = known, self._count
            return known != before

        return heard


@contextmanager
def tailing(config: Config, loki: LokiClient, run: Run, clock: Clock, detail: Callable[[str], None]) -> Iterator[News]:
    """News of the run for as long as the block takes.

    A tail that is refused or breaks is told with -v and costs nothing but promptness: Loki is asked all the same. So it
    is where Grafana, or a gateway in front of it, passes no websocket on.
    """
    news = News(run.id)

    def heard(lines: list[Entry]) -> None:
        news.note_lines((entry.line for entry in lines), clock())

    with listening(config, loki, run.needle, run.window.start_ns, detail, heard):
        yield news


@contextmanager
def listening(
    config: Config,
    loki: LokiClient,
    needle: str,
    start_ns: int,
    detail: Callable[[str], None],
    heard: Callable[[list[Entry]], None],
    tails: int = _TAILS,
) -> Iterator[None]:
    """Hand on what comes to Loki of lines that hold a text, by as many tails as there are likely labels, at most
    `tails`; the same line may come by each. As `tailing` where there is none."""
    over, now_ns = threading.Event(), time.time_ns()
    names: list[str] = []
    with suppress(ObsCheckError):
        names = loki.labels(Window(now_ns - 3600 * NS, now_ns + NS)).value
    chosen = [name for name in LIKELY if name in names] or names or list(LIKELY)

    def listen(name: str) -> None:
        def paused(seconds: float) -> None:
            if over.wait(seconds):
                raise _Over

        query = f'{{{name}=~".+"}} |= `{needle}`'
        try:
            tail = open_tail(config, detail, paused)
            for streams in tail.lines(query, start_ns, _LIMIT):
                if over.is_set():
                    return
                heard([entry for stream in streams for entry in stream.entries])
        except _Over:
            return
        except ObsCheckError as error:
            detail(f"loki: no tail: {error.message}; it is asked again and again")

    for name in chosen[:tails]:
        threading.Thread(target=listen, args=(name,), daemon=True, name=f"tail-{name}").start()
    try:
        yield
    finally:
        over.set()


def open_tail(config: Config, say: Callable[[str], None], pause: Callable[[float], None]) -> LokiTail:
    """The tail of the configuration's Loki, directly or through Grafana, whose datasource proxy passes a websocket on:
    as Explore's live view does, since Grafana 6.3 (8.3 again, after some that broke it)."""
    url, access = loki_address(config)
    return LokiTail(url, config.hosts, say, access, pause, lambda: pause(0))


def hop_with_news(watched: Watched, news: News) -> Watched:
    """The hop `loki` with its news: it is looked at when something comes, and what is found came when it came."""

    def look() -> None:
        watched.look()
        news.date(watched.hop)

    return replace(watched, look=look, news=news.listener())


class _Over(Exception):
    """The run is followed to its end."""
