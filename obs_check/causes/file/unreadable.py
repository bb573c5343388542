"""file.unreadable: boundary's files are there and may not be read.

Proved by reading them: the operating system's own answer, with owner and mode.
"""

import os
import stat
from pathlib import Path

from obs_check.client.files.search import written_since
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe


def find(context: Context) -> Finding | None:
    """The file hop could not be looked at, and a file of its glob refuses to be opened."""
    hop = context.hop("A", "file")
    if context.run is None or hop is None or not hop.unknown:
        return None
    # What an earlier process left is none of the run's.
    found = [path for path in context.files.matching(context.named.boundary_glob) if not os.access(path, os.R_OK)]
    refused = [path for path in found if written_since(path, context.run.window.start_ns)]
    if not refused:
        return None
    modes = {str(path): _mode(path) for path in refused}
    probe = Probe("file", f"owner and mode of {context.named.boundary_glob}", modes, context.now_ns())
    return CAUSE.finding(
        claim=f"{len(refused)} of boundary's files may not be read by uid {os.geteuid()}: {refused[0]} is "
        f"{modes[str(refused[0])]}",
        evidence=Observation((*hop.probes, probe)),
        fix=Fix(
            f"let the reader in: `chmod a+r {context.named.boundary_glob}` now, and run boundary with umask 022, "
            "which its files are created with"
        ),
        panels=context.panels_of("A"),
    )


def _mode(path: Path) -> str:
    try:
        found = path.stat()
    except OSError as error:
        return error.strerror or str(error)
    return f"{stat.filemode(found.st_mode)} of uid {found.st_uid}"


CAUSE = on_run("file.unreadable", "file", find)
