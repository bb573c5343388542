"""`--via kubectl`: a shell in a container of a pod, by kubectl and the user's own authentication."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from obs_check.client.executors.executor import Reach
from obs_check.client.executors.process import Saying, run_process
from obs_check.config.executors import KubectlConfig
from obs_check.errors import NotAllowed, Unavailable, UsageError

SAYINGS = (
    Saying(r'pods? "([^"]*)" not found', UsageError, r"there is no pod \1", "list them with kubectl get pods"),
    Saying(
        r"(?:container name must be specified|a container name must be chosen).*choose one of: \[?([^\]\n]*)",
        UsageError,
        r"the pod has several containers: \1",
        "set executors.kubectl.container",
    ),
    Saying(
        r"container (\S+) is not valid for pod", UsageError, r"the pod has no container \1", "see kubectl describe pod"
    ),
    Saying(
        r'context "?([^"\s]*)"? does not exist',
        UsageError,
        r"there is no context \1",
        "see kubectl config get-contexts",
    ),
    Saying(
        r"(?:Forbidden\)|is forbidden): ?(.*)",
        NotAllowed,
        r"forbidden: \1",
        "the role needs get on pods and create on pods/exec",
    ),
    Saying(
        r"(?:Unauthorized|must be logged in|provide credentials)",
        NotAllowed,
        "the cluster does not know these credentials",
        "log in again, for example with kubectl or your cloud's command",
    ),
    Saying(
        r"(?:Unable to connect to the server|connection refused|was refused|i/o timeout|no route to host)",
        Unavailable,
        "the cluster does not answer",
        "is the context right, is the VPN up?",
    ),
    Saying(
        r"(?:error dialing backend|unable to upgrade connection|stream error|unexpected EOF|connection reset)",
        Unavailable,
        "the connection broke",
        "run it again",
    ),
)


REACH = Reach(
    "the firewall around processes that the container runtime starts, and the files beside them",
    "anything about tool calls: it has the container's environment, not the agent's, and no wrapper of it",
)


@dataclass(frozen=True, slots=True)
class Kubectl:
    """`config` names the context and, by name or by labels, the pod; nothing is taken from the environment."""

    config: KubectlConfig
    env: Mapping[str, str]
    name: str = "kubectl"
    reach: Reach = REACH

    @property
    def place(self) -> str:
        """Context, namespace and pod."""
        return f"{self.config.context}: {self.config.namespace}/{self.config.pod or self.config.selector}"

    def run(self, program: str, limit_s: float) -> Iterator[str]:
        """See Executor.run."""
        pod = self.config.pod or self._selected()
        container = ("-c", self.config.container) if self.config.container else ()
        argv = (*self._kubectl(), "exec", "-i", pod, *container, "--", "sh", "-s")
        return run_process(argv, program, limit_s, self.place, SAYINGS, self._environment())

    def _kubectl(self) -> tuple[str, ...]:
        file = ("--kubeconfig", str(self.config.kubeconfig)) if self.config.kubeconfig else ()
        return ("kubectl", *file, "--context", self.config.context, "-n", self.config.namespace)

    def _environment(self) -> dict[str, str]:
        """kubectl's environment: a kubeconfig that is configured is the only one."""
        left_out = {"KUBECONFIG"} if self.config.kubeconfig else set()
        return {name: value for name, value in self.env.items() if name not in left_out}

    def _selected(self) -> str:
        """The one running pod that the labels select."""
        argv = (*self._kubectl(), "get", "pods", "-l", str(self.config.selector), "-o", "json")
        text = "\n".join(run_process(argv, "", 30, self.place, SAYINGS, self._environment()))
        try:
            items = json.loads(text)["items"]
            names = [
                str(one["metadata"]["name"]) for one in items if (one.get("status") or {}).get("phase") == "Running"
            ]
        except (ValueError, KeyError, TypeError):
            raise Unavailable(f"{self.place}: kubectl's answer is no list of pods", "run it by hand") from None
        if not names:
            raise UsageError(f"{self.place}: no running pod has these labels", "start the workspace, or name a pod")
        if len(names) > 1:
            raise UsageError(
                f"{self.place}: {len(names)} running pods have these labels: {', '.join(sorted(names)[:5])}",
                "set executors.kubectl.pod to one of them",
            )
        return names[0]
