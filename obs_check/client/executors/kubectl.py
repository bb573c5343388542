"""`--via kubectl`: a shell in a container of a pod, by kubectl and the user's own authentication."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from obs_check.client.answer import NoJson, decode_json
from obs_check.client.executors.executor import ExecutorKind, Reach
from obs_check.client.executors.process import NO_SHELL, START_KEY, ProcessRun, Saying, read_output, run_process
from obs_check.config import Config
from obs_check.config.executors import KubectlConfig
from obs_check.errors import NotAllowed, Unavailable, UsageError

SAYINGS = (
    Saying(r'pods? "([^"]*)" not found', UsageError, r"pod not found: \1", "list them with kubectl get pods"),
    Saying(
        r"container (\S+) (?:is not valid for|not found in) pod \S+(?: out of: ([^\n]*))?",
        UsageError,
        r"the pod has no container \1: \2",
        "set executors.kubectl.container",
    ),
    Saying(
        r'context "?([^"\s]*)"? does not exist',
        UsageError,
        r"context not found: \1",
        "see kubectl config get-contexts",
    ),
    Saying(
        r"error: (stat \S+: no such file or directory|error loading config file[^\n]*)",
        UsageError,
        r"the kubeconfig cannot be read: \1",
        "set executors.kubectl.kubeconfig",
    ),
    Saying(
        r"(?:cannot locate context|not found for specified context:) ([^\n]+)",
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
        r"(?:Unauthorized|must be logged in|provide credentials|getting credentials: )",
        NotAllowed,
        "the cluster does not know these credentials",
        "log in again, for example with kubectl or your cloud's command",
    ),
    Saying(
        r"cannot exec into a container in a completed pod",
        Unavailable,
        "the pod has ended",
        "start the workspace again",
    ),
    Saying(
        r'container not found \("([^"]*)"\)|does not have a host assigned',
        Unavailable,
        r"the container \1 is not running",
        "see kubectl describe pod",
    ),
    Saying(r"error dialing backend", Unavailable, "the node of the pod does not answer", "see kubectl get nodes"),
    Saying(
        r"(?:Unable to connect to the server|connection to the server \S+ was refused|no route to host)",
        Unavailable,
        "the cluster does not answer",
        "is the context right, is the VPN up?",
    ),
    Saying(
        r"(?:unable to upgrade connection|stream error|error stream|unexpected EOF|connection reset|exit code 137)",
        Unavailable,
        "the connection broke",
        "run it again",
    ),
    Saying(r"command terminated with exit code 12[67]", *NO_SHELL),
)
"""kubectl 1.2x and 1.3x: client-go, cmd/exec and util/podcmd; what runtimes say of a program that they cannot start."""
_GET_S = 30.0
_DEFAULT = "kubectl.kubernetes.io/default-container"


REACH = Reach(
    "the firewall around processes that the container runtime starts, and the files beside them",
    "anything about tool calls: it has the container's environment, not the agent's, and no wrapper of it",
    unwrapped="what kubectl exec starts has no wrapper of the agent's; ask with --via coder or chat for tool calls",
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
        """See Executor.run. Of several containers none is guessed, as kubectl would: it has to be named, here or by
        the pod's own annotation."""
        named, container = self.config.pod, self.config.container
        if named is None or container is None:
            found = self._found(limit_s)
            named = named or str(found["metadata"]["name"])
            container = container or self._only_container(found)
        of = ("-c", container) if container else ()
        argv = (*self._kubectl(), "exec", "-i", named, *of, "--", "sh", "-s")
        return run_process(ProcessRun(argv, program, limit_s, self.place, SAYINGS, self._environment()))

    def _kubectl(self) -> tuple[str, ...]:
        return (*kubectl_command(self.config.context, self.config.kubeconfig), "-n", self.config.namespace)

    def _environment(self) -> dict[str, str]:
        return kubectl_environment(self.config.kubeconfig, self.env)

    def _found(self, limit_s: float) -> dict[str, Any]:
        """The pod of the name, or the one running pod that the labels select."""
        pod = self.config.pod
        asked = ("-l", str(self.config.selector)) if pod is None else (pod,)
        # `TYPE/NAME`, as kubectl exec takes it too, names its kind itself.
        argv = (*self._kubectl(), "get", *(() if pod and "/" in pod else ("pods",)), *asked, "-o", "json")
        late = f"does the cluster answer? raise {START_KEY}"
        text = read_output(ProcessRun(argv, "", limit_s, self.place, SAYINGS, self._environment(), late))
        try:
            answer = decode_json(text.encode())
            if pod is not None:
                return {"metadata": answer["metadata"], "spec": answer["spec"]}
            running = {
                str(one["metadata"]["name"]): one
                for one in answer["items"]
                if (one.get("status") or {}).get("phase") == "Running"
            }
        except (NoJson, KeyError, TypeError, AttributeError):
            raise Unavailable(f"{self.place}: kubectl's answer is not a pod", "run it by hand") from None
        if not running:
            raise UsageError(f"{self.place}: no running pod has these labels", "start the workspace, or name a pod")
        if len(running) > 1:
            raise UsageError(
                f"{self.place}: {len(running)} running pods have these labels: {', '.join(sorted(running)[:5])}",
                "set executors.kubectl.pod to one of them",
            )
        return dict(next(iter(running.values())))

    def _only_container(self, found: Mapping[str, Any]) -> str | None:
        """The container that the pod itself names, or its only one; None where it tells of none (a Deployment)."""
        try:
            if by_pod := (found["metadata"].get("annotations") or {}).get(_DEFAULT):
                return str(by_pod)
            names = [str(one["name"]) for one in found["spec"].get("containers") or ()]
        except (KeyError, TypeError, AttributeError):
            raise Unavailable(f"{self.place}: kubectl's answer is not a pod", "run it by hand") from None
        if len(names) > 1:
            raise UsageError(
                f"{self.place}: the pod has several containers: {', '.join(names)}", "set executors.kubectl.container"
            )
        return names[0] if names else None


def list_pods(context: str, kubeconfig: Path | None, env: Mapping[str, str]) -> str:
    """What `kubectl get pods -A -o json` prints; raises Unavailable, NotAllowed and UsageError."""
    argv = (*kubectl_command(context, kubeconfig), "get", "pods", "-A", "-o", "json")
    late = "is the cluster large? name a file with the list as kubernetes.pods"
    return read_output(ProcessRun(argv, "", _GET_S, context, SAYINGS, kubectl_environment(kubeconfig, env), late))


def kubectl_command(context: str, kubeconfig: Path | None) -> tuple[str, ...]:
    """How each command line of kubectl begins."""
    file = ("--kubeconfig", str(kubeconfig)) if kubeconfig else ()
    return ("kubectl", *file, "--context", context)


def kubectl_environment(kubeconfig: Path | None, env: Mapping[str, str]) -> dict[str, str]:
    """kubectl's environment: a kubeconfig that is configured is the only one."""
    return {name: value for name, value in env.items() if name != "KUBECONFIG" or not kubeconfig}


def _open(config: Config, env: Mapping[str, str], _say: Callable[[str], None]) -> Kubectl | None:
    given = config.executors.kubectl
    return Kubectl(given, env) if given else None


KIND = ExecutorKind("kubectl", REACH, _open)
