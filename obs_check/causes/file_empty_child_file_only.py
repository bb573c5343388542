"""file.empty-child-file-only: only the empty file of boundary's child process is left, the one with the lines is gone.

boundary v0.9.0 opens two files an invocation and writes to one. Proved by the sizes of the files, while boundary
decides; where its process can be seen, by the deleted file that it still writes to.
"""

from dataclasses import dataclass

from obs_check.causes.context import Context
from obs_check.causes.run_evidence import answered, configuration, sent
from obs_check.model.finding import Finding, Fix, Subject
from obs_check.model.probe import Probe


@dataclass(frozen=True, slots=True)
class EmptyChildOnly:
    """Files exist, all of them empty."""

    id: str = "file.empty-child-file-only"

    def prove(self, context: Context) -> Finding | None:
        """Deny events decided, none in a file, `log_dir` set, and every file of the directory has 0 bytes."""
        hop = context.hop("A", "file")
        if hop is None or hop.seen or hop.unknown or not answered(sent(context, "deny"), "deny"):
            return None
        sizes = {str(path): path.stat().st_size for path in context.files.matching(context.files.boundary_glob)}
        if not sizes or any(sizes.values()) or not configuration(context).get("log_dir"):
            return None
        deleted = context.files.deleted_but_open(context.files.boundary_glob)
        still = f"; a deleted one is still open: {deleted[0]}" if deleted else ""
        answer = {"bytes": sizes, "deleted but open": deleted}
        probe = Probe("file", f"sizes of {context.files.boundary_glob}", answer, context.now_ns())
        return Finding(
            cause=self.id,
            severity="error",
            hop="file",
            subject=Subject(context.dashboard_uid),
            claim=f"boundary denied {len(sent(context, 'deny'))} requests, and all {len(sizes)} files are empty: the "
            f"file that it writes to was removed while it runs{still}",
            probes=(*hop.probes, probe),
            fix=Fix("restart boundary, and keep its log_dir out of what cleans /tmp (tmpreaper, systemd-tmpfiles)"),
            panels=context.panels_of("A"),
        )
