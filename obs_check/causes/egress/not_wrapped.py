"""egress.not-wrapped: requests do not go through boundary, and the origin itself answers what has to be denied.

Proved by the same request through boundary's own port, which gets boundary's page, while the events left no record.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import answered, at_egress, seen_anywhere, sent, through_boundary
from obs_check.model.finding import Finding, Fix, Observation, Subject


def find(context: Context) -> Finding | None:
    """Real answers, no record, and boundary's page through boundary's port."""
    denied = sent(context, "deny")
    if not answered(denied, "allow") or seen_anywhere(context):
        return None
    verdict, probes = through_boundary(context, denied[0])
    if verdict != "deny":
        return None
    return CAUSE.finding(
        subject=Subject(context.dashboard_uid),
        claim=f"{len(denied)} of {len(denied)} requests that have to be denied got a real answer "
        f"({denied[0].answer.status}) and left no record; through boundary's own port the same request is denied: "
        "these tool calls do not run under boundary",
        evidence=Observation((*at_egress(context), *probes)),
        fix=Fix(
            "run the tool calls' shell under boundary (`boundary -- <command>`, or the workspace template's shell "
            "wrapper); a wrapper in ~/.bashrc does not reach `sh -c`"
        ),
        panels=context.panels_of("A", "B", "metrics"),
    )


CAUSE = on_run("egress.not-wrapped", "egress", find)
