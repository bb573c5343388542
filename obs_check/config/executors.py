"""`executors:` of obs-check.yaml: how the probe gets to where tool calls run. Nothing of it comes from the environment.

executors:
  kubectl:  {context, kubeconfig, namespace, pod, selector, container}   # pod or selector
  coder:    {url, token, workspace}
  command:  {run: "ssh dev {cmd}"}
  boundary: {program, config, jail_type}
  chat:     {url, token, organization, workspace, model}
"""

from dataclasses import dataclass

from obs_check.config.section import Secret, Section
from obs_check.errors import ConfigError
from obs_check.model.paths import AbsolutePath
from obs_check.model.secret import hide_in_command


@dataclass(frozen=True, slots=True)
class KubectlConfig:
    """A container of a pod, by `kubectl exec`."""

    context: str
    """The context of the kubeconfig."""
    namespace: str
    """The pod's namespace."""
    pod: str | None = None
    """The pod's name; one of `pod` and `selector` has to be there."""
    selector: str | None = None
    """Labels that one running pod has."""
    container: str | None = None
    """Its container; without it the only one, or the one that `kubectl.kubernetes.io/default-container` names."""
    kubeconfig: AbsolutePath | None = None
    """The kubeconfig; without it kubectl's own."""


@dataclass(frozen=True, slots=True)
class CoderConfig:
    """A workspace, by `coder ssh`."""

    url: str
    """The deployment's address."""
    workspace: str
    """`NAME` or `OWNER/NAME`."""
    token: Secret | None = None
    """A user's token; without it whom `coder login` let in."""


@dataclass(frozen=True, slots=True)
class BoundaryRun:
    """A boundary to start around the probe."""

    program: str = "boundary"
    """The program's name on PATH, or its path."""
    config: AbsolutePath | None = None
    """Its configuration."""
    jail_type: str | None = None
    """`landjail` or `nsjail`; without it what its configuration says."""


@dataclass(frozen=True, slots=True)
class ChatConfig:
    """A Coder Agents chat that is told to run the probe."""

    url: str
    """The deployment's address."""
    token: Secret
    """A user's token, not an agent's."""
    organization: str
    """The organization's id."""
    workspace: str
    """The workspace's id."""
    model: str | None = None
    """The model's id; without it the deployment's default."""


@dataclass(frozen=True, slots=True)
class ExecutorsConfig:
    """The places that `--via` and `inject.via` can name."""

    kubectl: KubectlConfig | None = None
    """A container, by `kubectl exec`."""
    coder: CoderConfig | None = None
    """A workspace, by `coder ssh`."""
    command: str | None = None
    """Whatever runs a command line elsewhere.

    `run`: The command line; `{cmd}` in it stands for the probe."""
    boundary: BoundaryRun | None = None
    """A boundary that is started around the probe."""
    chat: ChatConfig | None = None
    """An agent that is told to run the probe."""


def read_executors(root: Section) -> ExecutorsConfig:
    """The section; ConfigError with file and line for what is missing or does not fit together."""
    section = root.section("executors", "kubectl", "coder", "command", "boundary", "chat")
    return ExecutorsConfig(_kubectl(section), _coder(section), _command(section), _boundary(section), _chat(section))


def _kubectl(parent: Section) -> KubectlConfig | None:
    section = parent.section("kubectl", "context", "namespace", "pod", "selector", "container", "kubeconfig")
    if not section.given:
        return None
    pod, selector = section.name("pod"), section.name("selector")
    if (pod is None) == (selector is None):
        raise ConfigError(
            f"{section.place()}: kubectl needs one of pod and selector", "write selector: app=workspace,user=me"
        )
    context, namespace = section.needed_name("context"), section.needed_name("namespace")
    return KubectlConfig(context, namespace, pod, selector, section.name("container"), section.path("kubeconfig"))


def _coder(parent: Section) -> CoderConfig | None:
    section = parent.section("coder", "url", "token", "workspace")
    if not section.given:
        return None
    section.needed("url")
    return CoderConfig(section.url("url") or "", section.needed_name("workspace"), section.secret("token"))


def _command(parent: Section) -> str | None:
    section = parent.section("command", "run")
    if not section.given:
        return None
    template = section.needed_name("run")
    hide_in_command(template)
    if "{cmd}" not in template:
        raise ConfigError(f"{section.place()}: command.run has no {{cmd}}", "for example run: ssh dev {cmd}")
    return template


def _boundary(parent: Section) -> BoundaryRun | None:
    section = parent.section("boundary", "program", "config", "jail_type")
    if not section.given:
        return None
    jail = section.text("jail_type")
    if jail not in (None, "landjail", "nsjail"):
        raise ConfigError(f"{section.place()}: jail_type is neither landjail nor nsjail", "write one of the two")
    return BoundaryRun(section.name("program") or "boundary", section.path("config"), jail)


def _chat(parent: Section) -> ChatConfig | None:
    section = parent.section("chat", "url", "token", "organization", "workspace", "model")
    if not section.given:
        return None
    section.needed("url")
    token = section.secret("token")
    if token is None:
        raise ConfigError(
            f"{section.place()}: chat has no token", "token: {env: CODER_TOKEN}; a user's, not an agent's"
        )
    return ChatConfig(
        section.url("url") or "",
        token,
        section.needed("organization"),
        section.needed("workspace"),
        section.text("model"),
    )
