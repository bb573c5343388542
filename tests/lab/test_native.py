"""Programs from PATH in the lab: found or told of in one line, ended with it however it ends."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from obs_check.cli.main import main
from obs_check.errors import UsageError
from obs_check.lab.faults.registry import find_fault
from obs_check.lab.native import PROGRAMS
from obs_check.lab.native.loki import limits_config
from obs_check.lab.native.parts import NATIVE, fit, parts_with
from obs_check.lab.own_folder import OwnFolder
from obs_check.lab.parts import PARTS
from obs_check.lab.settings import LOKI_UID, LabSettings, healthy
from obs_check.standin.loki.limits import Limits
from tests.signals import hear_signals

NAMES = [part.name for part in PARTS]
SERVES = """import http.server, os, sys, yaml
config = yaml.safe_load(open(sys.argv[1].partition("=")[2]))["server"]
open("pid", "w").write(str(os.getpid()))
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status})
        self.end_headers()
http.server.HTTPServer((config["http_listen_address"], config["http_listen_port"]), Ready).serve_forever()
"""
"""A program that reads Loki's configuration, listens where it says and answers everything with one status."""
DIES = """import sys
print("level=info msg=starting", file=sys.stderr)
print("failed parsing config: line 3: field nosuch not found", file=sys.stderr)
sys.exit(1)
"""


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts a program on a PATH that has no other."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def written(name: str, code: str) -> None:
        path = folder / name
        path.write_text(f"#!{sys.executable}\n{code}")
        path.chmod(0o755)

    return written


def test_each_program_stands_in_for_a_part(put: Callable[[str, str], None]) -> None:
    assert set(NATIVE) == set(PROGRAMS)
    for name in PROGRAMS:
        put(name, "")
        parts = parts_with([name])
        assert [part.name for part in parts] == NAMES
        changed = [new.name for new, old in zip(parts, PARTS, strict=True) if new.start != old.start]
        assert changed == [NATIVE[name].part]
        assert [part.needs for part in parts] == [part.needs for part in PARTS]


def test_two_programs_do_not_take_one_place(
    put: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("promtail", "alloy"):
        put(name, "")
    assert main(["lab", "up", "--native", "promtail", "--native", "alloy"]) == 2
    assert "promtail and alloy take the same place" in capsys.readouterr().err


@pytest.mark.usefixtures("put")
@pytest.mark.parametrize("command", [["lab", "up"], ["demo"]])
def test_a_program_that_is_not_there_is_told(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--native", "loki"]) == 2
    assert "loki is not on PATH" in capsys.readouterr().err


def test_a_program_that_dies_at_its_start_is_told_in_a_line(
    put: Callable[[str, str], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put("loki", DIES)
    assert main(["lab", "up", "--native", "loki", "--dir", str(tmp_path / "lab")]) == 3
    error, hint = capsys.readouterr().err.splitlines()
    assert error == (
        "obs-check: error: loki ended with exit code 1: level=info msg=starting | "
        "failed parsing config: line 3: field nosuch not found"
    )
    assert hint == f"hint: see {tmp_path}/lab/loki/loki.log"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("status", "said"), [(503, ""), (200, "lab is up")], ids=["while it starts", "when it is up"])
def test_nothing_is_left_behind(
    put: Callable[[str, str], None], tmp_path: Path, number: signal.Signals, status: int, said: str
) -> None:
    put("loki", SERVES.replace("{status}", str(status)))
    directory = tmp_path / "lab"
    command = [sys.executable, "-m", "obs_check", "lab", "up", "--dir", str(directory), "--native", "loki"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, preexec_fn=hear_signals) as running:
        pid = directory / "loki/pid"
        deadline = time.monotonic() + 30
        while not (pid.exists() and pid.read_text()) and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        native = int(pid.read_text())
        if said:
            assert running.stdout is not None
            assert said in running.stdout.readline()
        running.send_signal(number)
        _, errors = running.communicate(timeout=30)
    assert "Traceback" not in errors
    assert running.returncode == (0 if said else 128 + number)
    with pytest.raises(ProcessLookupError):
        os.kill(native, 0)


KILLED = """import os, signal, sys
from pathlib import Path
from obs_check.lab.native.program import NativeProgram
class Waits(NativeProgram):
    program = "waits"
    def arguments(self):
        return []
    def ready(self):
        return (self._directory / "pid").exists()
Waits(Path(sys.argv[1])).start()
os.kill(os.getpid(), signal.SIGKILL)
"""
WAITS = """import os, time
open("new", "w").write(str(os.getpid()))
os.rename("new", "pid")
time.sleep(60)
"""


def test_the_next_lab_ends_what_a_killed_one_left_running(
    put: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("waits", WAITS)
    own = tmp_path / "own"
    own.mkdir()
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], env={**os.environ, "TMPDIR": str(own)}, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    command_line = Path("/proc") / (tmp_path / "pid").read_text() / "cmdline"
    assert command_line.read_bytes()
    monkeypatch.setattr(tempfile, "tempdir", str(own))
    OwnFolder().remove()
    # A process that nobody waits for keeps its number, without a command line.
    assert not (command_line.exists() and command_line.read_bytes())
    assert list(own.iterdir()) == []


def _tenant_elsewhere(settings: LabSettings) -> None:
    find_fault("shipper-tenant").change(settings)


def test_a_loki_with_a_tenant_has_one_for_everybody() -> None:
    plain = healthy(Path("lab"))
    fit(plain, ["loki"])
    assert plain.loki.tenancy == "optional"
    assert limits_config(plain.loki)["max_line_size"] == "262144B"
    broken = healthy(Path("lab"))
    _tenant_elsewhere(broken)
    fit(broken, ["loki"])
    assert broken.loki.tenancy == "required"
    assert [client["tenant_id"] for client in broken.promtail["clients"]] == ["team-b"]
    (source,) = [one for one in broken.datasources if one["uid"] == LOKI_UID]
    assert source["secureJsonData"] == {"httpHeaderValue1": "fake"}
    document: dict[str, dict[str, str]] = {"loki": {}}
    for change in broken.reached:
        change(document)
    assert document == {"loki": {"tenant": "fake"}}
    assert broken.loki_direct


@pytest.mark.parametrize(
    ("native", "fault"),
    [
        ("loki", "short-retention"),
        ("promtail", "private-files"),
        ("promtail", "positions-ahead"),
        ("promtail", "tmp-not-mounted"),
        ("alloy", "private-files"),
        ("alloy", "pods-keep-label"),
        ("boundary", "json-lines"),
        ("boundary", "short-run"),
    ],
)
def test_what_a_program_cannot_be_told_is_refused(native: str, fault: str) -> None:
    settings = healthy(Path("lab"))
    find_fault(fault).change(settings)
    with pytest.raises(UsageError) as refused:
        fit(settings, [native])
    assert refused.value.hint == f"leave out --native {native}"


def test_a_boundary_from_path_writes_the_time_of_the_machine() -> None:
    settings = healthy(Path("lab"))
    settings.zone = timezone(timedelta(hours=2))
    with pytest.raises(UsageError):
        fit(settings, ["boundary"])


def test_limits_are_said_in_the_words_of_loki() -> None:
    found = limits_config(Limits(max_query_lookback=5_000_000_000, ingestion_rate=100, blocked_until="2099-01-01"))
    assert found["max_query_lookback"] == "5000ms"
    assert found["ingestion_rate_mb"] == 100 / (1 << 20)
    assert (found["block_ingestion_until"], found["block_ingestion_status_code"]) == ("2099-01-01", 260)
