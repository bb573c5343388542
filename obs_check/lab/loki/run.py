"""The lab Loki as a program of its own."""

from pathlib import Path

from obs_check.errors import UsageError
from obs_check.lab.loki.lab import LabLoki
from obs_check.lab.loki.limits import Limits


def parse_listen(listen: str) -> tuple[str, int]:
    """(host, port) of `HOST:PORT`, `:PORT` or `[::1]:PORT`; UsageError when it is neither."""
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"{listen!r} is no HOST:PORT", "for example 127.0.0.1:3100")
    return host.strip("[]") or "127.0.0.1", int(port)


def run_forever(listen: str, data: Path | None, limits: Limits | None = None) -> None:
    """Serve on `HOST:PORT` until interrupted (KeyboardInterrupt is let through after a clean stop)."""
    host, port = parse_listen(listen)
    with LabLoki(data, limits, host=host, port=port) as loki:
        loki.wait()
