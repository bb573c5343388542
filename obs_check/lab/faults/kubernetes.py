"""Faults of a node's promtail that finds pods at Kubernetes' API: each makes a node of the lab first."""

from obs_check.lab.faults.fault import Change, Fault
from obs_check.lab.kubernetes import on_kubernetes, rule_of, unmount
from obs_check.lab.settings import LabSettings
from obs_check.shipper.pods import META


def _on(change: Change) -> Change:
    def both(settings: LabSettings) -> None:
        on_kubernetes(settings)
        change(settings)

    return both


def _keep(source: str, regex: str) -> Change:
    """A keep rule in front of the others."""

    def change(settings: LabSettings) -> None:
        rule = {"action": "keep", "source_labels": [f"{META}{source}"], "regex": regex}
        settings.promtail["scrape_configs"][0]["relabel_configs"].insert(0, rule)

    return _on(change)


def _path_of_uid(settings: LabSettings) -> None:
    rule = rule_of(settings, "__path__")
    rule["replacement"] = rule["replacement"].replace("*$1", "$1")


def _path_without_container(settings: LabSettings) -> None:
    """The rule's regular expression wants no slash, which stands in front of the container."""
    rule_of(settings, "__path__")["regex"] = "([^/]+)"


KUBERNETES_FAULTS: tuple[Fault, ...] = (
    Fault(
        "pods-keep-namespace", "shipper.path-not-collected", "promtail keeps the pods of another namespace",
        _keep("namespace", "monitoring|kube-system"),
    ),
    Fault(
        "pods-keep-label", "shipper.path-not-collected", "promtail keeps pods of a label that coderd's has not",
        _keep("pod_label_app", "coderd"),
    ),
    Fault(
        "pods-path-uid", "shipper.path-not-collected", "promtail's path of a pod is the uid without what is before it",
        _on(_path_of_uid),
    ),
    Fault(
        "pods-path-regex", "shipper.path-not-collected", "promtail's rule for a pod's path fits no container",
        _on(_path_without_container),
    ),
    Fault("tmp-not-mounted", "shipper.not-mounted", "promtail's pod does not have boundary's directory", _on(unmount)),
)  # fmt: skip
