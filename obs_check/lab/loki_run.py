"""The lab Loki as a program of its own."""

import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from obs_check.errors import UsageError
from obs_check.lab.loki import LabLoki
from obs_check.standin.loki.limits import Limits


def parse_listen(listen: str) -> tuple[str, int]:
    """(host, port) of `HOST:PORT`, `:PORT` or `[::1]:PORT`; UsageError when it is neither."""
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"{listen!r} is no HOST:PORT", "for example 127.0.0.1:3100")
    return host.strip("[]") or "127.0.0.1", int(port)


def run_forever(
    listen: str, data: Path | None, limits: Limits | None = None, say: Callable[[str], None] = lambda _text: None
) -> None:
    """Serve on `HOST:PORT` until interrupted (KeyboardInterrupt is let through after a clean stop) or terminated; `say`
    gets the URL once it is served.

    To be called on the main thread: SIGTERM, too, must let the lines that wait reach the disk.
    """
    host, port = parse_listen(listen)
    signal.signal(signal.SIGTERM, _terminated)
    with LabLoki(data, limits, host=host, port=port) as loki:
        say(f"lab Loki is up at {loki.url}; stop it with Ctrl-C")
        loki.wait()


def _terminated(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
