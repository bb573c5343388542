"""file.log-dir-unset: without `log_dir` boundary writes its lines to stderr and no file appears.

Seen in one run: the firewall decided, no file has a tag, and the configuration has no `log_dir`; without the
configuration, the lines are in stderr.
"""

from pathlib import Path

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.firewall_file import firewall_file
from obs_check.evidence.run_evidence import boundary_lines, decisions_by_tag, says_no_rules
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """No tag in any file, requests decided, `log_dir` empty or the lines found in stderr."""
    hop, file, known = context.hop("A", "file"), firewall_file(context), decisions_by_tag(context)
    if context.run is None or hop is None or hop.seen or hop.unknown or not known:
        return None
    lines, probes = boundary_lines(context, f"obs={context.run.id}-", "run")
    if file is None:
        # Without any rule it read no configuration at all: egress.config-not-loaded.
        if not lines or says_no_rules(context)[0]:
            return None
    elif file.config.log_dir is not None:
        return None
    directory = Path(context.named.boundary_glob).parent
    claim = f"the firewall decided {count_noun(len(known), 'request')} and wrote none to {context.named.boundary_glob}"
    fix = Fix(f"set `log_dir: {directory}` and restart boundary")
    if file is not None:
        claim += f": {file.path.name} has no `log_dir`, so its lines go to stderr"
        probes = (Probe("file", f"log_dir in {file.path.name}", None, context.now_ns()), *probes)
        fix = file.fix(fix.summary, file.with_value("log_dir", str(directory), log_dir=directory))
    return CAUSE.finding(
        claim=f"{claim}; {count_noun(len(lines), 'line')} of the run are in its stderr" if lines else claim,
        evidence=Observation((*hop.probes, *probes)),
        fix=fix,
        panels=context.panels_of("A"),
    )


CAUSE = on_run("file.log-dir-unset", "file", find)
