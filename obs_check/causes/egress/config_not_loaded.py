"""egress.config-not-loaded: boundary runs with other rules than its configuration has, most often with none.

Proved by deciding what was denied by the file's own rules: they allow it. Without the file boundary's own line says
that it has no rule at all.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.firewall_file import firewall_file
from obs_check.evidence.run_evidence import at_egress, says_no_rules, sent_events
from obs_check.model.finding import Evidence, Finding, Fix, Observation, Proof
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """Allow events were denied by boundary, and the rules of the file allow them."""
    allow, path = sent_events(context, "allow"), context.named.boundary_config
    denied = [one for one in allow if one.answer.verdict == "deny"]
    if not denied:
        return None
    claim = f"boundary denied {len(denied)} of {count_noun(len(allow), 'request')} that "
    lines, warned = says_no_rules(context)
    file, at_file = firewall_file(context), context.hop("A", "file")
    if file is None:
        if not lines:
            return None
        claim += "have to be allowed: it logged `No allow rules specified`, so it read no configuration with rules"
        evidence: Evidence = Observation((*at_egress(context), *warned))
    else:
        rule = file.allowing_rule(denied[0])
        if rule is None:
            return None
        claim += f"`{rule.raw}` in {file.path.name} allows"
        if at_file is not None and at_file.seen:
            claim += ": it runs with other rules than that file has now"
        else:
            claim += f", and wrote nothing to {file.config.log_dir}: it did not read that file"
        claim += "; it logged `No allow rules specified`" if lines else ""
        by_file = file.ask_rules(denied, context.now_ns(), "were it read")
        evidence = Proof((*at_egress(context), *warned), (by_file,))
    where = f"BOUNDARY_CONFIG={path}" if path else "BOUNDARY_CONFIG to the file"
    return CAUSE.finding(
        claim=claim,
        evidence=evidence,
        fix=Fix(f"restart boundary, with {where} set (no version reads BOUNDARY_CONFIG_FILE) or --config"),
        panels=context.panels_of("A", "B"),
    )


CAUSE = on_run("egress.config-not-loaded", "egress", find)
