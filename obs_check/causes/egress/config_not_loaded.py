"""egress.config-not-loaded: boundary runs with its defaults (everything denied, no log_dir) beside its configuration.

Proved by the file's own rules: they allow what was denied.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import answered, at_egress, configuration, rule_probe, says, sent
from obs_check.model.finding import Finding, Fix, Observation, Subject


def find(context: Context) -> Finding | None:
    """All allow events denied by boundary, allowed by the rules of the file, and no file in its `log_dir`."""
    allow, path = sent(context, "allow"), context.files.boundary_config
    file = context.hop("A", "file")
    if path is None or not answered(allow, "deny") or (file is not None and file.seen):
        return None
    rule, probe = rule_probe(context, allow[0])
    if rule is None:
        return None
    lines, warned = says(context, "No allow rules specified")
    defaults = "; it says `No allow rules specified`" if lines else ""
    return CAUSE.finding(
        subject=Subject(context.dashboard_uid),
        claim=f"boundary denied {len(allow)} of {len(allow)} requests that `{rule.raw}` in {path.name} allows, and "
        f"wrote nothing to {configuration(context).get('log_dir')}: it did not read that file{defaults}",
        evidence=Observation((*at_egress(context), probe, *warned)),
        fix=Fix(f"set BOUNDARY_CONFIG={path} (no version reads BOUNDARY_CONFIG_FILE) or pass --config; restart"),
        panels=context.panels_of("A", "B"),
    )


CAUSE = on_run("egress.config-not-loaded", "egress", find)
