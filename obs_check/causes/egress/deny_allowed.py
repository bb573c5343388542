"""egress.deny-allowed: one of boundary's rules matches what has to be denied.

Proved by deciding the run's requests by the rules of the configuration, as written and without that rule. A key that is
not written matches everything (boundary v0.9.0). Without the configuration boundary's own lines are what is seen: each
names the rule that allowed the request.
"""

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from obs_check.boundary.log_lines import decided_in
from obs_check.boundary.rules import Rule
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.firewall_file import FirewallFile, firewall_file, others_change
from obs_check.evidence.run_evidence import at_egress, boundary_lines, decisions_by_tag, sent_events
from obs_check.follow.run import Sent
from obs_check.model.finding import Evidence, Finding, Fix, Observation, Proof
from obs_check.model.probe import Probe
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """Deny events were allowed, and a rule matches them: one of the file, else the one that boundary names."""
    events, known = sent_events(context, "deny"), decisions_by_tag(context)
    through = [one for one in events if known.get(one.event.tag) == "allow"]
    if not through:
        return None
    file = firewall_file(context)
    claim = f"{len(through)} of {count_noun(len(events), 'request')} that have to be denied got through: "
    if file is None:
        lines, probes = boundary_lines(context, f"obs={context.followed_run.id}-", "run")
        said = [found for line in lines if (found := decided_in(line))]
        named = dict.fromkeys(one.rule for one in said if one.decision == "allow" and one.url.endswith("-deny"))
        if not named:
            return None
        claim += f"boundary allowed them by {_listed(named)}"
        evidence: Evidence = Observation((*at_egress(context), *probes))
        fix = Fix(f"remove or narrow {_listed(named)} in boundary's allowlist and restart boundary")
    else:
        if not any(map(file.allowing_rule, through)):
            return None
        evidence, fix, words = _without(context, file, through)
        claim += words
    return CAUSE.finding(
        claim=claim,
        evidence=evidence,
        fix=fix,
        panels=context.panels_of("A", "B"),
    )


def _without(context: Context, file: FirewallFile, through: Sequence[Sent]) -> tuple[Evidence, Fix, str]:
    """The file without the rules that match, on the run's requests and on those of others in its time: what got through
    is denied, all else decided as before."""
    every, now = [*sent_events(context, "allow"), *sent_events(context, "deny")], context.now_ns()
    after: FirewallFile | None = file
    removed: list[Rule] = []
    while after is not None and (rule := next(filter(None, map(after.allowing_rule, through)), None)):
        removed.append(rule)
        after = after.without_rule(rule)
    rules = _listed(rule.raw for rule in removed)
    claim = f"{rules} in {file.path.name} match{'es' if len(removed) == 1 else ''} them"
    as_written, summary = (
        (*at_egress(context), file.ask_rules(every, now)),
        f"remove or narrow {rules}, restart boundary",
    )
    if after is None:
        return Observation(as_written), file.fix(summary, None), claim
    kept = [one for one in every if one not in through]
    needed = [one.event.url for one in kept if bool(file.allowing_rule(one)) != bool(after.allowing_rule(one))]
    hosts = {urlsplit(one.event.url).hostname for one in through}
    asked, probes = _asked_by_others(context)
    needed += [url for url in others_change(file, after, asked) if urlsplit(url).hostname not in hosts]
    changed = after.ask_rules(every, now, f"without {rules}")
    evidence = Proof((*as_written, *probes), (changed,))
    if needed:
        return evidence, Fix(f"narrow {rules}, which {needed[0]} needs as well, and restart boundary"), claim
    return evidence, file.fix(summary, after), f"{claim}; without {_it(removed)} they would be denied"


def _asked_by_others(context: Context) -> tuple[list[tuple[str, str]], tuple[Probe, ...]]:
    """Method and URL of every request that boundary logged since the run began."""
    lines, probes = boundary_lines(context, "msg=", "run")
    return [(found.method, found.url) for line in lines if (found := decided_in(line))], probes


def _listed(rules: Iterable[str]) -> str:
    return " and ".join(f"`{rule}`" for rule in rules)


def _it(rules: Sequence[Rule]) -> str:
    return "it" if len(rules) == 1 else "them"


CAUSE = on_run("egress.deny-allowed", "egress", find)
