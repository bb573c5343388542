"""egress.not-wrapped: requests do not go through boundary, and the origin itself answers what has to be denied.

Seen by the same request through boundary's own port, which gets boundary's page while the events left no record; or,
where the probe sent them, by what it saw around itself.
"""

from obs_check.client.executors.registry import EXECUTORS
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import all_answered, at_egress, seen_anywhere, sent_events, through_boundary
from obs_check.follow.run import Through
from obs_check.model.finding import Evidence, Finding, Fix, Observation, Proof
from obs_check.model.probe import Probe
from obs_check.model.wording import count_noun

_ANYWHERE = (
    "run the tool calls' shell under boundary (`boundary -- <command>`, or the workspace template's shell wrapper); a "
    "wrapper in ~/.bashrc does not reach `sh -c`"
)


def find(context: Context) -> Finding | None:
    """Real answers, no record, and boundary's page through boundary's port, or a place without a wrapper."""
    denied = sent_events(context, "deny")
    if not all_answered(denied, "allow") or seen_anywhere(context):
        return None
    through = context.run.through if context.run else None
    if through is not None and through.wrap.kind == "not wrapped":
        how, probes, fix = _not_wrapped(context, through)
        evidence: Evidence = Observation((*at_egress(context), *probes))
    else:
        verdict, probes = through_boundary(context, denied[0])
        if verdict != "deny":
            return None
        how = "through boundary's own port the same request is denied: these tool calls do not run under boundary"
        evidence, fix = Proof(at_egress(context), probes), _ANYWHERE
    return CAUSE.finding(
        claim=f"{len(denied)} of {count_noun(len(denied), 'request')} that have to be denied got a real answer "
        f"({denied[0].answer.status}) and left no record; {how}",
        evidence=evidence,
        fix=Fix(fix),
        panels=context.panels_of("A", "B", "metrics"),
    )


def _not_wrapped(context: Context, through: Through) -> tuple[str, tuple[Probe, ...], str]:
    seen = "; ".join(through.wrap.evidence)
    probe = Probe(
        "egress", f"what stands around the probe at {through.place}", through.wrap.to_json(), context.now_ns()
    )
    how = f"the shell that --via {through.via} leads to is not wrapped: {seen}; it proves {through.proves}"
    kind = EXECUTORS.get(through.via)
    return how, (probe,), kind.reach.unwrapped if kind and kind.reach.unwrapped else _ANYWHERE


CAUSE = on_run("egress.not-wrapped", "egress", find)
