"""The lab Loki as a program of its own."""

import signal
from collections.abc import Callable, Collection
from pathlib import Path
from types import FrameType

from obs_check.lab.loki import LabLoki, Listening
from obs_check.serving import parse_listen
from obs_check.standin.loki.limits import Limits


def run_forever(
    listen: str,
    data: Path | None,
    limits: Limits | None = None,
    say: Callable[[str], None] = lambda _text: None,
    hosts: Collection[str] | None = (),
) -> None:
    """Serve on `HOST:PORT` until interrupted (KeyboardInterrupt is let through after a clean stop), terminated or hung
    up; `say` gets the URL once it is served, and whatever keeps lines from being kept; `hosts` are LabLoki's.

    To be called on the main thread, where signals are heard.
    """
    host, port = parse_listen(listen)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _ended)
    at = Listening(host, port, hosts)
    with LabLoki(data, limits, listening=at, say=lambda text: say(f"lab Loki: {text}")) as loki:
        say(f"lab Loki is up at {loki.url}; stop it with Ctrl-C")
        loki.wait()


def _ended(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
