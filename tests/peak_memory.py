"""How much memory a command of its own process had at most."""

import subprocess
import sys
from typing import NamedTuple

PROGRAM = """
import sys
from pathlib import Path
from obs_check.cli.main import main
code = main(sys.argv[1:])
sys.stdout.flush()
rows = Path("/proc/self/status").read_text().splitlines()
print(next(row for row in rows if row.startswith("VmHWM")), file=sys.stderr)
sys.exit(code)
"""


class Ran(NamedTuple):
    """A command that has ended: its exit code, what it wrote, and its most memory in MiB."""

    code: int
    out: str
    err: str
    mib: float


def run_measured(*args: object, timeout_s: float = 60) -> Ran:
    """Run obs-check with these arguments. Linux only: elsewhere there is no /proc."""
    command = [sys.executable, "-c", PROGRAM, *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout_s)
    err, _, most = done.stderr.rpartition("VmHWM:")
    return Ran(done.returncode, done.stdout, err, int(most.split()[0]) / 1024)
