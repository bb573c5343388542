"""socket.audit-disabled: `disable_audit_logs: true` switches path B off for the whole life of a boundary process.

Seen in one run: the firewall decided, coderd has no decision, and the configuration says so.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.firewall_file import firewall_file
from obs_check.evidence.run_evidence import boundary_lines, lost_before_coderd
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """No tag at coderd or in Loki's path B, and `disable_audit_logs` is true, or boundary says that it was configured
    so."""
    lost, file = lost_before_coderd(context), firewall_file(context)
    if lost is None or lost[0].seen:
        return None
    hop, missing = lost
    if file is not None and file.config.disable_audit_logs:
        why = f"{file.path.name} has `disable_audit_logs: true`"
        probes: tuple[Probe, ...] = (Probe("file", f"disable_audit_logs in {file.path.name}", True, context.now_ns()),)
        fix = file.fix(
            "set `disable_audit_logs: false` and restart boundary",
            file.with_value("disable_audit_logs", False, disable_audit_logs=False),
        )
    else:
        lines, probes = boundary_lines(context, "Audit logs are disabled by configuration", "start")
        if not lines:
            return None
        why = "it logged `Audit logs are disabled by configuration`"
        fix = Fix("take `disable_audit_logs`, --disable-audit-logs or DISABLE_AUDIT_LOGS out and restart boundary")
    return CAUSE.finding(
        claim=f"the firewall decided {count_noun(len(missing), 'request')} and coderd logged none: {why}",
        evidence=Observation((*hop.probes, *probes)),
        fix=fix,
        panels=context.panels_of("B", "metrics"),
    )


CAUSE = on_run("socket.audit-disabled", "socket", find)
