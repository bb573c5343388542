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


@dataclass(frozen=True, slots=True)
class KubectlConfig:
    """A container of a pod; the pod by name or by labels (`selector`)."""

    context: str
    namespace: str
    pod: str | None = None
    selector: str | None = None
    container: str | None = None
    kubeconfig: AbsolutePath | None = None


@dataclass(frozen=True, slots=True)
class CoderConfig:
    """A workspace (`NAME` or `OWNER/NAME`) of a deployment."""

    url: str
    workspace: str
    token: Secret | None = None


@dataclass(frozen=True, slots=True)
class BoundaryRun:
    """A boundary to start around the probe."""

    program: str = "boundary"
    config: AbsolutePath | None = None
    jail_type: str | None = None


@dataclass(frozen=True, slots=True)
class ChatConfig:
    """A Coder Agents chat: deployment, a user's token, ids of organization and workspace, and of a model if not the
    default."""

    url: str
    token: Secret
    organization: str
    workspace: str
    model: str | None = None


@dataclass(frozen=True, slots=True)
class ExecutorsConfig:
    """What is configured of each executor; `command` is the template with `{cmd}`."""

    kubectl: KubectlConfig | None = None
    coder: CoderConfig | None = None
    command: str | None = None
    boundary: BoundaryRun | None = None
    chat: ChatConfig | None = None


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
            f"{section.place()}: kubectl needs one of pod and selector", "selector: app=workspace,user=me"
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
