"""A forward of kubectl's, whatever that prints."""

import os
import sys
import tracemalloc
from pathlib import Path

import pytest

from obs_check.client import cluster
from obs_check.client.cluster import Cluster, Forward
from obs_check.config import ClusterConfig
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


@pytest.mark.parametrize("port", [0, 65536, 99999])
def test_a_port_that_is_none_is_never_asked(port: int, tmp_path: Path) -> None:
    says = f"out.write(b'Forwarding from 127.0.0.1:{port} -> 80\\n')"
    with pytest.raises(Unavailable, match=rf"kubectl port-forward listens on port {port} "):
        Forward(program(tmp_path, says), "prod: a/b", {})


ANSWERS = {
    "a page": "echo '<html>'",
    "nothing": "true",
    "half": """printf '{"items": [{"metadata"'""",
    "killed": "kill -9 $$",
    "too deep": "printf '{\"items\": '; printf '%0100000d}' 0 | tr 0 [",
    "no number": """echo '{"items": [NaN, 1e400]}'""",
    "a lone surrogate": """echo '{"items": ["\\\\ud800"]}'""",
    "no object": "echo '[1]'",
    "no list": """echo '{"items": "none"}'""",
    "no text": "printf '\\377\\376'",
    "zeros": "head -c 100000 /dev/zero",
    "without an end": "yes",
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_what_is_no_answer_of_kubectl_is_an_outage(
    answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obs_check.client.executors.process.OUTPUT_BYTES", MIB)
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f"#!/bin/sh\n{answer}\n")
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Unavailable, match=r"^prod: ") as caught:
        Cluster(ClusterConfig("prod", None), dict(os.environ)).items("pods", None)
    assert len(str(caught.value)) < 400
