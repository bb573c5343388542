"""shipper.not-readable: the shipper finds the file and may not open it.

promtail 3.5 sets `promtail_file_bytes_total` for a file that a job's path matches, and logs "failed to start tailer"
when it cannot be opened; nothing is read. A directory that it may not enter looks like a path that matches nothing.
Proved by the words in its log, or by the file's mode, and by the pipeline run on the very lines: it would push them.
"""

import stat
from pathlib import Path

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import join_findings
from obs_check.evidence.stored_lines import ShippedPath, unarrived_paths
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """The paths whose file is found by a job and not opened."""
    return join_findings(_on(context, path) for path in unarrived_paths(context))


def _on(context: Context, path: ShippedPath) -> Finding | None:
    one, ran = path.one, path.ran
    state = one.evidence.after.file(one.file) if one.evidence else None
    if one.lost != one.found or one.evidence is None or not ran.shipped:
        return None
    if state is not None and (state.read_lines or state.read_bytes):
        return None
    words = one.evidence.after.unopened.get(one.file, "")
    mode = context.files.mode(Path(one.file))
    closed = mode is not None and not mode & stat.S_IROTH
    # An entry in the positions file that is not a number keeps a file shut too, with other words.
    if "permission denied" not in words and (words or not closed or state is None or state.state != "not tailed"):
        return None
    shown = stat.filemode(mode) if mode is not None else "unknown"
    said = f"its log says `{words}`" if words else "it is found and not being read"
    return CAUSE.finding(
        claim=f"the shipper may not read {one.file} (mode {shown}): {said}; "
        f"{count_noun(len(one.found), 'line')} of the run are "
        f"in it and 0 in Loki, and its pipeline would push {len(ran.shipped)} of the {len(path.lines)} lost lines",
        evidence=Observation(
            (
                *one.probes,
                Probe("file", f"mode of {one.file}", shown, path.now_ns),
                path.simulated,
            )
        ),
        fix=Fix(
            f"let the shipper's user read the file: `chmod o+r` (or its group) in {Path(one.file).parent}, and "
            "umask 022 for the process that writes there"
        ),
        panels=context.panels_of(one.path),
    )


CAUSE = on_run("shipper.not-readable", "shipper", find)
