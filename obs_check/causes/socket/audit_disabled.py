"""socket.audit-disabled: `disable_audit_logs: true` switches path B off for the whole life of a boundary process.

Proved by one run: the file has the decisions, coderd has none, and the configuration says so.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.dashboard_edit import file_fix
from obs_check.evidence.run_evidence import configuration
from obs_check.model.finding import Finding, Observation, Subject
from obs_check.model.probe import Probe


def find(context: Context) -> Finding | None:
    """No tag at coderd or in Loki's path B, and `disable_audit_logs` is true."""
    hop = context.hop("B", "coderd") or context.hop("B", "loki")
    path = context.files.boundary_config
    if context.run is None or hop is None or hop.seen or hop.unknown or path is None:
        return None
    if not configuration(context).get("disable_audit_logs"):
        return None
    text = context.files.read_text(path)
    fixed = "\n".join(x for x in text.splitlines() if not x.startswith("disable_audit_logs:")) + "\n"
    decided = sum(s.as_expected for s in context.run.sent)
    probe = Probe("file", f"disable_audit_logs in {path.name}", True, context.now_ns())
    return CAUSE.finding(
        subject=Subject(context.dashboard_uid),
        claim=f"the firewall decided {decided} requests and coderd logged none: "
        f"{path.name} has `disable_audit_logs: true`",
        evidence=Observation((*hop.probes, probe)),
        fix=file_fix("remove `disable_audit_logs` and restart boundary", path, text, fixed),
        panels=context.panels_of("B", "metrics"),
    )


CAUSE = on_run("socket.audit-disabled", "socket", find)
