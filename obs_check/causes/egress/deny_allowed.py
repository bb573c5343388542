"""egress.deny-allowed: one of boundary's rules matches what has to be denied.

Proved by evaluating the rules of the configuration on the very request, as written and without that rule. A key that is
not written matches everything (boundary v0.9.0).
"""

from obs_check.boundary.rules import evaluate
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.dashboard_edit import file_fix
from obs_check.evidence.run_evidence import answered, at_egress, rule_probe, rules, sent
from obs_check.model.finding import Finding, Observation, Subject
from obs_check.model.probe import Probe


def find(context: Context) -> Finding | None:
    """The deny events were allowed, and a rule of the file matches them."""
    events, path = sent(context, "deny"), context.files.boundary_config
    if path is None or not answered(events, "allow"):
        return None
    rule, probe = rule_probe(context, events[0])
    if rule is None:
        return None
    text = context.files.read_text(path)
    left = [r for r in rules(context) if r.raw != rule.raw]
    would = evaluate(left, events[0].event.method, events[0].event.url)
    if would is not None:
        return None
    tried = Probe("file", f"the rules without `{rule.raw}`", {"allowed_by": None}, context.now_ns())
    return CAUSE.finding(
        subject=Subject(context.dashboard_uid),
        claim=f"boundary allowed {len(events)} of {len(events)} requests that have to be denied: `{rule.raw}` in "
        f"{path.name} matches them; without it they would be denied",
        evidence=Observation((*at_egress(context), probe, tried)),
        fix=file_fix(f"remove or narrow `{rule.raw}` and restart boundary", path, text, _without(text, rule.raw)),
        panels=context.panels_of("A", "B"),
    )


def _without(text: str, rule: str) -> str:
    bare = [line for line in text.splitlines() if line.strip().removeprefix("- ").strip("\"'") != rule]
    return "\n".join(bare) + "\n"


CAUSE = on_run("egress.deny-allowed", "egress", find)
