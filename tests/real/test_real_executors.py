"""The probe under a real boundary v0.9.0, in each of its jails, by the executors `boundary` and `command`."""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.client.executors.boundary import BoundaryExecutor
from obs_check.client.executors.command import CommandExecutor
from obs_check.client.executors.executor import Executor
from obs_check.client.executors.probe import Hold, Probed, program, run_probe
from obs_check.config.executors import BoundaryRun
from obs_check.errors import Unavailable, UsageError
from obs_check.follow.run import plan_events
from obs_check.lab.origin import Origin
from obs_check.model.paths import AbsolutePath
from tests.real.process import free_ports

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("boundary") is None, reason="boundary is not on PATH: put a v0.9.0 there"),
]
NAMESPACE = """#!/bin/sh
exec unshare -n -m sh -c '
ip link set lo up && ip addr add 10.77.0.1/32 dev lo || exit 9
{python} -m http.server 8099 --bind 10.77.0.1 --directory {empty} >/dev/null 2>&1 &
until {python} -c "import socket; socket.create_connection((\\"10.77.0.1\\", 8099))" 2>/dev/null; do :; done
boundary "$@"; code=$?; kill $!; exit $code' sh "$@"
"""
"""boundary's nsjail changes the firewall's rules of the network that it is in: here it gets one of its own."""


def write_config(folder: Path, **more: Any) -> AbsolutePath:
    path = folder / "boundary.yaml"
    document = {
        "allowlist": ["domain=127.0.0.1", "domain=10.77.0.1"],
        "log_level": "info",
        "log_dir": str(folder / "logs"),
        "proxy_port": free_ports(1)[0],
        "disable_audit_logs": True,
        **more,
    }
    path.write_text(yaml.safe_dump(document))
    return AbsolutePath(path)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """boundary makes its CA below this."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    yield


def probed(executor: Executor, allow_url: str, client: Any = "any") -> Probed:
    events = plan_events("abc123", 2, 2, allow_url, "http://{tag}.obs-check.invalid/x")
    known = Probed()
    try:
        for now in run_probe(executor, program("abc123", events, client, Hold(0, "")), 60):
            known = now
    except Unavailable as error:
        if "Landlock" in error.message or "its jail" in error.message:
            pytest.skip(f"the jail does not run here: {error.message}")
        raise
    assert {n: answer.verdict for (n, _), (_, answer) in known.answers.items()} == {
        1: "allow",
        2: "deny",
        3: "allow",
        4: "deny",
    }
    return known


def decisions(folder: Path) -> list[str]:
    lines = "".join(path.read_text() for path in sorted((folder / "logs").glob("*.log"))).splitlines()
    return [line.split("obs=")[1].split('"')[0] for line in lines if "msg=ALLOW" in line or "msg=DENY" in line]


WANTED = ["abc123-1-allow", "abc123-2-deny", "abc123-3-allow", "abc123-4-deny"]


@pytest.mark.parametrize("client", ["curl", "python"])
@pytest.mark.parametrize("via", ["boundary", "command"])
def test_landjail(via: str, client: str, tmp_path: Path) -> None:
    config = write_config(tmp_path)
    executor: Executor = (
        BoundaryExecutor(BoundaryRun("boundary", config, "landjail"))
        if via == "boundary"
        else CommandExecutor(f"boundary --config {shlex.quote(str(config))} --jail-type landjail -- {{cmd}}")
    )
    if client == "curl" and shutil.which("curl") is None:
        pytest.skip("there is no curl on PATH")
    with Origin() as origin:
        known = probed(executor, f"{origin.url.rstrip('/')}/ok", client)
    assert known.wrap([]).kind == "landjail"
    assert decisions(tmp_path) == WANTED


def test_nsjail(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True).returncode:
        pytest.skip("no network namespace may be made here, which nsjail needs")
    (tmp_path / "empty").mkdir()
    own = tmp_path / "boundary-in-a-namespace"
    own.write_text(NAMESPACE.format(python=shlex.quote(sys.executable), empty=shlex.quote(str(tmp_path / "empty"))))
    own.chmod(0o755)
    config = write_config(tmp_path)
    known = probed(BoundaryExecutor(BoundaryRun(str(own), config, "nsjail")), "http://10.77.0.1:8099/")
    assert known.wrap([]).kind == "nsjail"
    assert decisions(tmp_path) == WANTED


@pytest.mark.parametrize(
    ("more", "kind", "words"),
    [
        ({"allowlist": ["domian=127.0.0.1"]}, UsageError, "boundary does not start: .*domian"),
        ({"proxy_prot": 8}, UsageError, 'boundary does not start: unknown option "proxy_prot"'),
    ],
)
def test_what_it_does_not_start_with_is_said(
    more: dict[str, Any], kind: type[Exception], words: str, tmp_path: Path
) -> None:
    executor = BoundaryExecutor(BoundaryRun("boundary", write_config(tmp_path, **more), "landjail"))
    with pytest.raises(kind, match=words):
        probed(executor, "http://127.0.0.1:9/")


def test_a_port_that_another_has_is_said(tmp_path: Path) -> None:
    with Origin() as other:
        port = int(other.url.rstrip("/").rsplit(":", 1)[1])
        executor = BoundaryExecutor(BoundaryRun("boundary", write_config(tmp_path, proxy_port=port), "landjail"))
        with pytest.raises((Unavailable, UsageError)) as raised:
            probed(executor, "http://127.0.0.1:9/")
    assert "another process has boundary's port" in raised.value.message
