"""file.log-dir-unset: without `log_dir` boundary writes its lines to stderr and no file appears.

Proved by one run: the firewall decided, no file has a tag, and the configuration has no `log_dir`.
"""

from pathlib import Path

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.dashboard_edit import file_fix
from obs_check.evidence.run_evidence import configuration
from obs_check.model.finding import Finding, Observation, Subject
from obs_check.model.probe import Probe


def find(context: Context) -> Finding | None:
    """No tag in any file, requests decided, `log_dir` empty."""
    hop, path = context.hop("A", "file"), context.files.boundary_config
    if context.run is None or hop is None or hop.seen or path is None:
        return None
    if configuration(context).get("log_dir"):
        return None
    text = context.files.read_text(path)
    decided = sum(s.as_expected for s in context.run.sent)
    directory = str(Path(context.files.boundary_glob).parent)
    fixed = text.rstrip("\n") + f"\nlog_dir: {directory}\n"
    probe = Probe("file", f"log_dir in {path.name}", None, context.now_ns())
    return CAUSE.finding(
        subject=Subject(context.dashboard_uid),
        claim=f"the firewall decided {decided} requests and wrote none to {context.files.boundary_glob}: "
        f"{path.name} has no `log_dir`, so its lines go to stderr",
        evidence=Observation((*hop.probes, probe)),
        fix=file_fix("set `log_dir` and restart boundary", path, text, fixed),
        panels=context.panels_of("A"),
    )


CAUSE = on_run("file.log-dir-unset", "file", find)
