"""meta-label-unknown: a relabel rule reads a label of Kubernetes' or Docker's discovery that neither of them sets."""

import re
from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule
from obs_check.shipper.label_flow import may_have_any_labels
from obs_check.shipper.model import ScrapeJob

_KUBERNETES = (
    "namespace",
    *(f"pod_{name}" for name in (
        "name", "ip", "container_init", "container_name", "container_id", "container_image", "container_port_name",
        "container_port_number", "container_port_protocol", "ready", "phase", "node_name", "host_ip", "uid",
        "controller_kind", "controller_name",
    )),
)  # fmt: skip
_DOCKER = (
    "container_id", "container_name", "container_network_mode", "container_log_stream", "network_id", "network_name",
    "network_ingress", "network_internal", "network_scope", "network_ip", "port_private", "port_public",
    "port_public_ip",
)  # fmt: skip
"""Prometheus 3 (discovery/moby/docker.go); the stream of a line is promtail's and Alloy's own."""
_LISTS = {
    "__meta_kubernetes_": ("Kubernetes'", _KUBERNETES, re.compile(
        r"(?:node|service|endpoints?|endpointslice|ingress|namespace)_.+"
        r"|pod_(?:label|labelpresent|annotation|annotationpresent)_.+|pod_(?:deployment|cronjob|job)_name"
    )),
    "__meta_docker_": ("Docker's", _DOCKER, re.compile(r"(?:container|network)_label_.+")),
}  # fmt: skip
"""By what the labels of a discovery begin with: whose it is, the labels, and those of which names are open: of other
kinds of objects, of an object's own labels, of Prometheus 3.11."""
_OF_COMPOSE = re.compile(r"(?:container_)?(?:label_)?(?:com_docker_)?(compose_(?:service|project))")


def _find(material: Material) -> Iterator[Found]:
    for shipper in material.shippers:
        for job in shipper.config.jobs:
            for name, whose, near in _unknown(job):
                claim = f"job {job.name}: {whose} discovery sets no label {name}, so that it is always empty"
                remedy = f"did you mean `{near}`?" if near else "read one that it sets"
                yield shipper.spot(job, name), claim, remedy


def _unknown(job: ScrapeJob) -> Iterator[tuple[str, str, str]]:
    """The labels that rules read and no discovery sets, whose that would be, and the one that may be meant."""
    if may_have_any_labels(job):
        return
    own = {name for target in job.targets for name in target} | {rule.target for rule in job.relabel}
    for name in dict.fromkeys(name for rule in job.relabel for name in rule.sources):
        for start, (whose, known, open_names) in _LISTS.items():
            rest = name.removeprefix(start)
            if rest == name or rest in known or open_names.fullmatch(rest) or name in own:
                continue
            of_compose = _OF_COMPOSE.fullmatch(rest) if whose == "Docker's" else None
            near = f"container_label_com_docker_{of_compose[1]}" if of_compose else _meant(rest, known)
            yield name, whose, f"{start}{near}" if near else ""


def _meant(name: str, known: tuple[str, ...]) -> str:
    """The known name that has all words of another one, or is its end; "" for none: `container_name` is no way to
    write `container_image`."""
    words = set(name.split("_"))
    fuller = [one for one in known if words <= set(one.split("_")) or name.endswith(f"_{one}")]
    return min(fuller, key=lambda one: not one.endswith("_name"), default="")


RULE = LintRule(
    "meta-label-unknown", "warning", "labels of Kubernetes' and Docker's discovery that there are none of", _find
)
