"""meta-label-unknown: a relabel rule reads a label of Kubernetes' discovery that there is none of, so that it is always
empty."""

import re
from collections.abc import Iterator

from obs_check.documents.nearest import nearest
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule
from obs_check.shipper.pods import META

_OF_PODS = (
    "name", "ip", "container_init", "container_name", "container_id", "container_image", "container_port_name",
    "container_port_number", "container_port_protocol", "ready", "phase", "node_name", "host_ip", "uid",
    "controller_kind", "controller_name",
)  # fmt: skip
_OPEN = re.compile(
    r"namespace|(?:node|service|endpoints?|endpointslice|ingress|namespace)_.+"
    r"|pod_(?:label|labelpresent|annotation|annotationpresent)_.+"
)
"""Kinds of objects whose labels are not listed here, and what has the names of a pod's own labels (Prometheus 3)."""


def _find(material: Material) -> Iterator[Found]:
    known = [f"{META}namespace", *(f"{META}pod_{name}" for name in _OF_PODS)]
    for shipper in material.shippers:
        for job in shipper.config.jobs:
            for name in dict.fromkeys(name for rule in job.relabel for name in rule.sources):
                if not name.startswith(META) or name in known or _OPEN.fullmatch(name.removeprefix(META)):
                    continue
                claim = f"job {job.name}: Kubernetes' discovery sets no label {name}, so that it is always empty"
                near = f"{name}_name" if f"{name}_name" in known else nearest(name, known)
                yield shipper.spot(job, name), claim, f"did you mean `{near}`?"


RULE = LintRule("meta-label-unknown", "warning", "labels of Kubernetes' discovery that there are none of", _find)
