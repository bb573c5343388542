"""egress.not-wrapped and egress.proxy-ignored: requests go around boundary.

Proved by the same request through boundary's own port, which gets boundary's page, while the events got something else
and left no record anywhere.
"""

from dataclasses import dataclass

from obs_check.causes.context import Context
from obs_check.causes.run_evidence import answered, at_egress, seen_anywhere, sent, through_boundary
from obs_check.model.finding import Finding, Fix, Subject


@dataclass(frozen=True, slots=True)
class NotWrapped:
    """The origin itself answers what had to be denied."""

    id: str = "egress.not-wrapped"

    def prove(self, context: Context) -> Finding | None:
        """Real answers, no record, and boundary's page through boundary's port."""
        denied = sent(context, "deny")
        if not answered(denied, "allow") or seen_anywhere(context):
            return None
        verdict, probes = through_boundary(context, denied[0])
        if verdict != "deny":
            return None
        return Finding(
            cause=self.id,
            severity="error",
            hop="egress",
            subject=Subject(context.dashboard_uid),
            claim=f"{len(denied)} of {len(denied)} requests that have to be denied got a real answer "
            f"({denied[0].answer.status}) and left no record; through boundary's own port the same request is denied: "
            "these tool calls do not run under boundary",
            probes=(*at_egress(context), *probes),
            fix=Fix(
                "run the tool calls' shell under boundary (`boundary -- <command>`, or the workspace template's shell "
                "wrapper); a wrapper in ~/.bashrc does not reach `sh -c`"
            ),
            panels=context.panels_of("A", "B", "metrics"),
        )


@dataclass(frozen=True, slots=True)
class ProxyIgnored:
    """The client connects by itself, and the jail does not let it."""

    id: str = "egress.proxy-ignored"

    def prove(self, context: Context) -> Finding | None:
        """No answer without a proxy, no record, and boundary's page through boundary's port."""
        every = [*sent(context, "allow"), *sent(context, "deny")]
        if context.egress is None or context.egress.proxy or not answered(every, "no_answer"):
            return None
        if seen_anywhere(context) or any(context.env.get(name) for name in ("HTTP_PROXY", "http_proxy")):
            return None
        verdict, probes = through_boundary(context, every[-1])
        if verdict not in ("allow", "deny"):
            return None
        return Finding(
            cause=self.id,
            severity="error",
            hop="egress",
            subject=Subject(context.dashboard_uid),
            claim=f"{len(every)} of {len(every)} requests got no answer ({every[0].answer.error}): the client has no "
            f"HTTP_PROXY and connects by itself, which the jail forbids without a record; through boundary's port the "
            f"same request is decided: {verdict}",
            probes=(*at_egress(context), *probes),
            fix=Fix("let the client use HTTP_PROXY and HTTPS_PROXY, or run boundary with `jail_type: nsjail`"),
            panels=context.panels_of("A", "B", "metrics"),
        )
