"""`kubernetes:` of obs-check.yaml: where the list of pods is, from which a discovery of the shipper is told.

kubernetes: {pods: pods.json}                        # kubectl get pods -A -o json > pods.json
kubernetes: {context: prod, kubeconfig: kubeconfig}  # kubectl is run
"""

from dataclasses import dataclass

from obs_check.config.section import Section
from obs_check.errors import ConfigError
from obs_check.model.paths import AbsolutePath


@dataclass(frozen=True, slots=True)
class KubernetesConfig:
    """A file of pods, or the context in which kubectl lists them, not both; with neither of them nobody is asked."""

    pods: AbsolutePath | None = None
    """What `kubectl get pods -A -o json` printed."""
    context: str | None = None
    """The context in which kubectl is run."""
    kubeconfig: AbsolutePath | None = None
    """The kubeconfig of that context; without it kubectl's own."""


def read_kubernetes(root: Section) -> KubernetesConfig:
    """The section; ConfigError with file and line for what does not fit together."""
    section = root.section("kubernetes", "pods", "context", "kubeconfig")
    found = KubernetesConfig(section.path("pods"), section.text("context"), section.path("kubeconfig"))
    if found.pods is not None and found.context is not None:
        raise ConfigError(f"{section.place()}: kubernetes has both pods and context", "leave one of them out")
    if found.kubeconfig is not None and found.context is None:
        raise ConfigError(f"{section.place()}: kubernetes has a kubeconfig and no context", "add context: NAME")
    return found
