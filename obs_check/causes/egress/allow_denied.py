"""egress.allow-denied: none of boundary's rules matches what has to be allowed.

Proved by evaluating the rules of the configuration on the very request, as written and with one more. A host in a rule
is exact and case-sensitive, a method too; the query takes no part (boundary v0.9.0).
"""

from difflib import get_close_matches
from urllib.parse import urlsplit

from obs_check.boundary.rules import evaluate, parse_rules
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.dashboard_edit import file_fix
from obs_check.evidence.run_evidence import answered, at_egress, rule_probe, rules, sent
from obs_check.model.finding import Finding, Observation, Subject
from obs_check.model.probe import Probe


def find(context: Context) -> Finding | None:
    """The allow events were denied, and no rule of the file matches them."""
    events, path = sent(context, "allow"), context.files.boundary_config
    if path is None or not answered(events, "deny"):
        return None
    rule, probe = rule_probe(context, events[0])
    if rule is not None:
        return None
    url, method = urlsplit(events[0].event.url), events[0].event.method
    wanted = f"method={method} domain={url.hostname} path={url.path or '/'}"
    text = context.files.read_text(path)
    fixed = _with_rule(text, wanted)
    would = evaluate(parse_rules([*(r.raw for r in rules(context)), wanted]), method, events[0].event.url)
    tried = Probe("file", f"the rules with `{wanted}`", {"allowed_by": would.raw if would else None}, context.now_ns())
    near = get_close_matches(wanted, [r.raw for r in rules(context)], 1, 0.3)
    nearest = f"; the nearest is `{near[0]}`" if near else ""
    return CAUSE.finding(
        subject=Subject(context.dashboard_uid),
        claim=f"boundary denied {len(events)} of {len(events)} requests that have to be allowed: none of the "
        f"{len(rules(context))} rules in {path.name} matches {method} {url.scheme}://{url.netloc}{url.path}"
        f"{nearest}; with `{wanted}` it would be allowed",
        evidence=Observation((*at_egress(context), probe, tried)),
        fix=file_fix(f"allow `{wanted}` and restart boundary", path, text, fixed),
        panels=context.panels_of("A", "B"),
    )


def _with_rule(text: str, rule: str) -> str:
    lines = text.splitlines()
    at = next((i for i, line in enumerate(lines) if line.startswith("allowlist:")), None)
    if at is None or lines[at].rstrip() != "allowlist:":
        return f"{text.rstrip()}\nallowlist:\n- {rule}\n"
    entry = next((line for line in lines[at + 1 :] if line.lstrip().startswith("- ")), "- ")
    indent = entry[: len(entry) - len(entry.lstrip())]
    return "\n".join([*lines[: at + 1], f"{indent}- {rule}", *lines[at + 1 :]]) + "\n"


CAUSE = on_run("egress.allow-denied", "egress", find)
