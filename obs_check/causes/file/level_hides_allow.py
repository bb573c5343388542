"""file.level-hides-allow: boundary writes ALLOW at INFO and DENY at WARN; `log_level: warn`, the default, keeps DENY.

Proved by one run: denied requests are in the file, allowed ones, which were answered, are not, and the configuration
has a level above info. The audit socket does not know levels, so path B has both.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.dashboard_edit import file_fix
from obs_check.evidence.run_evidence import configuration
from obs_check.model.finding import Finding, Observation, Subject
from obs_check.model.probe import Probe


def find(context: Context) -> Finding | None:
    """Allow tags absent from the file where deny tags are present, with the level from the configuration."""
    hop = context.hop("A", "file")
    if context.run is None or hop is None or context.files.boundary_config is None:
        return None
    allowed = {s.event.tag for s in context.run.sent if s.event.decision == "allow" and s.as_expected}
    denied = {s.event.tag for s in context.run.sent if s.event.decision == "deny" and s.as_expected}
    if not allowed or allowed & hop.seen.keys() or not denied & hop.seen.keys():
        return None
    path = context.files.boundary_config
    level = str(configuration(context).get("log_level", "warn")).lower()
    if level in ("info", "debug"):
        return None
    text = context.files.read_text(path)
    seen = len(denied & hop.seen.keys())
    probe = Probe("file", f"log_level in {path.name}", level, context.now_ns())
    return CAUSE.finding(
        subject=Subject(context.dashboard_uid),
        claim=f"0 of {len(allowed)} allowed and {seen} of {len(denied)} denied requests are in the file: "
        f"`log_level: {level}` hides ALLOW, which boundary writes at INFO",
        evidence=Observation((*hop.probes, probe)),
        fix=file_fix("set `log_level: info` and restart boundary", path, text, _with_level(text)),
        panels=context.panels_of("A"),
    )


def _with_level(text: str) -> str:
    lines = text.splitlines()
    for i, line in enumerate(lines):
        if line.startswith("log_level:"):
            lines[i] = "log_level: info"
            return "\n".join(lines) + "\n"
    return "\n".join([*lines, "log_level: info"]) + "\n"


CAUSE = on_run("file.level-hides-allow", "file", find)
