"""file.empty-child-file-only: only the file of boundary's child process is left, the one with the decisions is gone.

boundary v0.9.0 opens two files an invocation: its own, and that of its child, which is empty at `warn` and holds at
`info` only how the child started. Seen in the files of the invocation that was started last, while boundary decides;
where its process can be seen, in the deleted file that it still writes to.
"""

from pathlib import Path

from obs_check.boundary.log import DECIDED_AT
from obs_check.boundary.log_lines import is_childs, last_invocation
from obs_check.errors import ObsCheckError
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.firewall_file import firewall_file
from obs_check.evidence.run_evidence import all_answered, sent_events
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.model.wording import count_noun

_MOST = 65_536
"""Bytes of a child's file: a few lines, one of them with the command."""


def find(context: Context) -> Finding | None:
    """Deny events decided, none in a file, and only the child's file of the last invocation is there: the configuration
    has a `log_dir`, or the file beside it is deleted and still open."""
    hop, file = context.hop("A", "file"), firewall_file(context)
    if hop is None or hop.seen or hop.unknown or not all_answered(sent_events(context, "deny"), "deny"):
        return None
    if file is not None and (not file.config.log_dir or file.config.log_level > DECIDED_AT["deny"]):
        return None
    glob = context.named.boundary_glob
    deleted = [Path(name) for name in context.files.deleted_but_open(glob)]
    last = last_invocation([*context.files.matching(glob), *deleted])
    left = [path for path in last if path not in deleted]
    if len(left) != 1 or not _is_child(context, left[0]) or (file is None and len(last) == 1):
        return None
    still = [str(path) for path in last if path in deleted]
    probe = Probe("file", f"the last start's files of {glob}", {"there": str(left[0]), "open": still}, context.now_ns())
    return CAUSE.finding(
        claim=f"boundary denied {count_noun(len(sent_events(context, 'deny')), 'request')}, and the only file "
        "of its last start, "
        f"{left[0].name}, is that of a child process, without a decision: the file that it writes to was removed while "
        f"it runs{f'; a deleted one is still open: {still[0]}' if still else ''}",
        evidence=Observation((*hop.probes, probe)),
        fix=Fix("restart boundary, and keep its log_dir out of what cleans /tmp (tmpreaper, systemd-tmpfiles)"),
        panels=context.panels_of("A"),
    )


def _is_child(context: Context, path: Path) -> bool:
    """Whether a file of boundary's directory is its child's: empty, or begun as a child begins. Not so one that
    vanishes meanwhile: what removes files may be at work."""
    try:
        size = path.stat().st_size
        return not size or (size <= _MOST and is_childs(context.files.read_text(path).partition("\n")[0]))
    except (ObsCheckError, OSError, UnicodeError):
        return False


CAUSE = on_run("file.empty-child-file-only", "file", find)
