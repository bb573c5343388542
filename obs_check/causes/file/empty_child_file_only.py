"""file.empty-child-file-only: only the file of boundary's child process is left, the one with the decisions is gone.

boundary v0.9.0 opens two files an invocation: its own, and that of its child, which is empty at `warn` and holds at
`info` only how the child started. Proved by the files, while boundary decides; where its process can be seen, by the
deleted file that it still writes to.
"""

from contextlib import suppress
from pathlib import Path

from obs_check.errors import ObsCheckError
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import answered, configuration, sent
from obs_check.model.finding import Finding, Fix, Observation, Subject
from obs_check.model.probe import Probe

_STARTS = (
    'msg="Executing target command"',
    'msg="boundary CHILD process is started"',
    'msg="Adding TCP connect port"',
)
"""What a child of boundary v0.9.0 logs first, by jail and level."""
_MOST = 65_536
"""Bytes of a child's file: a few lines, one of them with the command."""


def find(context: Context) -> Finding | None:
    """Deny events decided, none in a file, `log_dir` set, and every file of the directory is a child's."""
    hop = context.hop("A", "file")
    if hop is None or hop.seen or hop.unknown or not answered(sent(context, "deny"), "deny"):
        return None
    sizes = {}
    for path in context.files.matching(context.files.boundary_glob):
        # What removes files may be at work, and a link may lead to one that is gone.
        with suppress(OSError):
            sizes[str(path)] = path.stat().st_size
    if not sizes or not configuration(context).get("log_dir"):
        return None
    if not all(_is_child(context, Path(name), size) for name, size in sizes.items()):
        return None
    deleted = context.files.deleted_but_open(context.files.boundary_glob)
    still = f"; a deleted one is still open: {deleted[0]}" if deleted else ""
    answer = {"bytes": sizes, "deleted but open": deleted}
    probe = Probe("file", f"sizes of {context.files.boundary_glob}", answer, context.now_ns())
    return CAUSE.finding(
        subject=Subject(context.dashboard_uid),
        claim=f"boundary denied {len(sent(context, 'deny'))} requests, and every file there ({len(sizes)}) is "
        f"that of a child process, without a decision: the file that it writes to was removed while it runs{still}",
        evidence=Observation((*hop.probes, probe)),
        fix=Fix("restart boundary, and keep its log_dir out of what cleans /tmp (tmpreaper, systemd-tmpfiles)"),
        panels=context.panels_of("A"),
    )


def _is_child(context: Context, path: Path, size: int) -> bool:
    """Whether a file of boundary's directory is its child's: empty, or begun as a child begins."""
    if not size:
        return True
    if size > _MOST:
        return False
    try:
        first = context.files.read_text(path).partition("\n")[0]
    except (ObsCheckError, OSError, UnicodeError):
        return False
    return any(start in first for start in _STARTS)


CAUSE = on_run("file.empty-child-file-only", "file", find)
