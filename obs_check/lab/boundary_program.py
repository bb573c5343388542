"""The lab's boundary as a program around a command: `boundary --config FILE [--jail-type TYPE] -- COMMAND...`.

As boundary v0.9.0: it listens, runs the command with its proxy and its CA in the environment, and ends with it and with
0, whatever the command returned. It has no jail, so a command that leaves the proxy out is not stopped; and it takes a
free port, since the configured one is that of the lab's long-lived boundary.
"""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta, timezone
from pathlib import Path

from obs_check.errors import ObsCheckError
from obs_check.lab.audit import SocketAuditor
from obs_check.lab.egress import Invocation, LabEgress

_PROXY = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_CA = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO")
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Around:
    """What the program has to know of the lab: the agent's socket, where hosts lead to, the CA that clients are told to
    trust ("" tells them of none), the zone of its times (s ahead of UTC), the mode of its files, and whether it sends a
    session's id."""

    socket: str
    hosts: dict[str, tuple[str, int]]
    ca: str
    zone_s: int
    umask: int
    session: bool


def install(path: Path, around: Around) -> None:
    """Write the program, so that a process of it is called as the file is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(_ROOT)!r})\n"
        "from obs_check.lab.boundary_program import Around, main\n"
        f"sys.exit(main(Around(**{asdict(around)!r}), sys.argv[1:]))\n",
        "utf-8",
    )
    path.chmod(0o755)


def main(around: Around, args: Sequence[str]) -> int:
    """Run a command under a boundary; returns 0 once that has ended, 1 where boundary does not start."""
    own, _, command = "\0".join(args).partition("\0--\0")
    flags = own.split("\0")
    config = Path(flags[flags.index("--config") + 1]) if "--config" in flags else None
    session = str(uuid.uuid4()) if around.session else ""
    os.umask(around.umask)
    invocation = Invocation(
        resolve=around.hosts,
        zone=timezone(timedelta(seconds=around.zone_s)),
        pids=(os.getpid(), os.getpid() + 1),
        session_id=session,
    )
    egress = LabEgress(config, SocketAuditor(Path(around.socket), session_id=session), invocation)
    try:
        egress.start()
    except ObsCheckError as error:
        print(f"Error: {error.message}", file=sys.stderr)
        return 1
    try:
        env = {name: value for name, value in os.environ.items() if name.upper() != "NO_PROXY"}
        env |= dict.fromkeys(_PROXY, egress.url) | {"CHILD": "true"}
        env |= dict.fromkeys(_CA, around.ca) if around.ca else {}
        child = subprocess.Popen(command.split("\0"), env=env)
        signal.signal(signal.SIGTERM, lambda _number, _frame: child.terminate())
        child.wait()
    finally:
        egress.stop()
    return 0
