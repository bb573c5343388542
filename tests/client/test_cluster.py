"""A forward of kubectl's, whatever that prints."""

import sys
import tracemalloc
from pathlib import Path

import pytest

from obs_check.client import cluster
from obs_check.client.cluster import Forward
from obs_check.errors import Unavailable

LISTENS = b"Forwarding from 127.0.0.1:4321 -> 3100\n"
MIB = 1024 * 1024


def program(folder: Path, *steps: str) -> tuple[str, str]:
    """A program of Python that writes to `out` and `err` and then waits to be ended."""
    file = folder / "kubectl.py"
    wait = "signal.sigwait([signal.SIGTERM])"
    head = "import signal, sys\nout, err = sys.stdout.buffer, sys.stderr.buffer\n"
    file.write_text(head + "\n".join([*steps, "out.flush()", "err.flush()", wait]))
    return sys.executable, str(file)


def test_the_port_is_found_behind_and_in_front_of_whatever_else_is_printed(tmp_path: Path) -> None:
    flood = f"out.write(b'x' * {8 * MIB}); err.write(b'y' * {8 * MIB})"
    tracemalloc.start()
    forward = Forward(program(tmp_path, flood, f"out.write(b'\\n' + {LISTENS!r})", flood), "prod: a/b", {})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (forward.port, forward.alive) == (4321, True)
    forward.close()
    assert not forward.alive
    assert peak < MIB


def test_what_does_not_begin_is_an_outage_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_FORWARD_S", 0.3)
    with pytest.raises(Unavailable, match=r"^prod: a/b: port-forward does not begin "):
        Forward(program(tmp_path, "out.write(b'Forwarding from 127.0.0.1:999999 -> 80')"), "prod: a/b", {})


def test_what_ends_says_why_in_one_line(tmp_path: Path) -> None:
    steps = (f"err.write(b'z' * {MIB} + b'\\nerror: no such service')", "err.flush()", "raise SystemExit(1)")
    with pytest.raises(Unavailable, match=r"^prod: a/b: kubectl port-forward ended with 1: error: no such service "):
        Forward(program(tmp_path, *steps), "prod: a/b", {})
