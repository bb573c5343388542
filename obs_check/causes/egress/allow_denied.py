"""egress.allow-denied: none of boundary's rules matches what has to be allowed.

Proved by deciding the run's requests by the rules of the configuration, as written and with one more. A host in a rule
is exact and case-sensitive, a method too; the query takes no part (boundary v0.9.0). Without the configuration the
answers are what is seen: boundary's own page.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from obs_check.documents.nearest import nearest
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.firewall_file import FirewallFile, firewall_file
from obs_check.evidence.run_evidence import at_egress, says_no_rules, sent_events
from obs_check.follow.run import Sent
from obs_check.model.finding import Evidence, Finding, Fix, Observation, Proof
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """Allow events were denied, and no rule of the file matches them."""
    events = sent_events(context, "allow")
    denied = [one for one in events if one.answer.verdict == "deny"]
    file = firewall_file(context)
    if not denied or (file is not None and any(map(file.allowing_rule, denied))):
        return None
    if file is None and says_no_rules(context)[0]:
        # It read no configuration at all: egress.config-not-loaded.
        return None
    url, method = urlsplit(denied[0].event.url), denied[0].event.method
    # urlsplit().hostname would lower the case, and case counts.
    host = url.netloc.rpartition("@")[2].partition(":")[0]
    wanted = f"method={method} domain={host} path={url.path or '/'}"
    claim = f"boundary denied {len(denied)} of {count_noun(len(events), 'request')} that have to be allowed: "
    asked = f"{method} {url.scheme}://{url.netloc}{url.path}"
    evidence: Evidence = Observation(at_egress(context))
    if file is None:
        claim += f"its own page answers {asked}"
        path = context.named.boundary_config
        which = f"{path.name} is none that it starts with" if path else "obs-check.yaml names none"
        fix = Fix(f"allow `{wanted}` in the configuration that boundary reads ({which}), and restart it")
    else:
        near = nearest(wanted, [rule.raw for rule in file.config.rules])
        claim += f"no rule of {file.path.name} ({count_noun(len(file.config.rules), 'rule')}) matches {asked}"
        claim += f"; the nearest is `{near}`" if near else ""
        evidence, fix, tried = _with_rule(context, file, wanted, denied)
        claim += tried
    return CAUSE.finding(
        claim=claim,
        evidence=evidence,
        fix=fix,
        panels=context.panels_of("A", "B"),
    )


def _with_rule(context: Context, file: FirewallFile, wanted: str, denied: Sequence[Sent]) -> tuple[Evidence, Fix, str]:
    """The file with one more rule, on the run's requests: the denied ones are allowed, all others decided as before."""
    every, now = [*sent_events(context, "allow"), *sent_events(context, "deny")], context.now_ns()
    as_written = (*at_egress(context), file.ask_rules(every, now))
    summary = f"allow `{wanted}` and restart boundary"
    after = file.with_rule(wanted)
    kept = [one for one in every if one not in denied]
    if (
        after is None
        or not all(map(after.allowing_rule, denied))
        or any(bool(file.allowing_rule(one)) != bool(after.allowing_rule(one)) for one in kept)
    ):
        return Observation(as_written), file.fix(summary, None), ""
    changed = after.ask_rules(every, now, f"with `{wanted}`")
    return Proof(as_written, (changed,)), file.fix(summary, after), f"; with `{wanted}` it would be allowed"


CAUSE = on_run("egress.allow-denied", "egress", find)
