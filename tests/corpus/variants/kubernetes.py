"""promtail with a Kubernetes discovery, on a node that has more pods than coderd's."""

import time
from pathlib import Path
from typing import Any

from obs_check.boundary.coderd import rfc3339_nano
from obs_check.lab.coderd import pod_log_path
from obs_check.lab.settings import LabSettings
from obs_check.model.entry import Labels
from obs_check.shipper.pods import META

_OTHERS = (
    ("monitoring", "grafana-7c9d8b6f5-x2x7p", "5b0c0d4e-8a43-4f0a-9a52-0f1d3a0f7c01", "grafana", "ReplicaSet"),
    ("monitoring", "promtail-4kq9z", "8e2f4a5c-3a0e-4b56-8f0d-2d5f0f9f6a02", "promtail", "DaemonSet"),
)
_SOURCES = {
    "app": "pod_label_app",
    "namespace": "namespace",
    "pod": "pod_name",
    "container": "pod_container_name",
}
"""The meta label that each label of the job comes from."""


def discovered(settings: LabSettings) -> None:
    """The pods' job finds its targets at the API server: each static label is a rule now, and `__path__` is put
    together of uid and container, as promtail's chart does."""
    job = settings.promtail["scrape_configs"][0]
    (static,) = job.pop("static_configs")
    labels: Labels = static["labels"]
    job["kubernetes_sd_configs"] = [{"role": "pod"}]
    rules = [_rule(_SOURCES[name], name) if name in _SOURCES else _set(name, value) for name, value in labels.items()]
    job["relabel_configs"] = [*rules, *job.get("relabel_configs", [])]
    uid = pod_log_path(Path("/")).parts[-3].rpartition("_")[2]
    settings.pods = [
        _container("coder", "coder-0", uid, "coder", "StatefulSet"),
        *(_container(*other) for other in _OTHERS),
    ]
    settings.prepare.append(_others_logs)


def _rule(meta: str, target: str) -> dict[str, Any]:
    return {"source_labels": [f"{META}{meta}"], "target_label": target}


def _set(name: str, value: str) -> dict[str, Any]:
    if name != "__path__":
        return {"target_label": name, "replacement": value}
    return {
        "source_labels": [f"{META}pod_uid", f"{META}pod_container_name"],
        "separator": "/",
        "target_label": name,
        "replacement": value.replace("*/*/", "*$1/", 1),
    }


def _container(namespace: str, pod: str, uid: str, container: str, controller: str) -> Labels:
    owner = pod.rpartition("-")[0]
    return {
        "__address__": "10.0.0.5:8080",
        f"{META}namespace": namespace,
        f"{META}pod_name": pod,
        f"{META}pod_uid": uid,
        f"{META}pod_container_name": container,
        f"{META}pod_container_init": "false",
        f"{META}pod_controller_kind": controller,
        f"{META}pod_controller_name": owner,
        f"{META}pod_host_ip": "10.0.0.1",
        f"{META}pod_ip": "10.0.0.5",
        f"{META}pod_label_app": container,
        f"{META}pod_labelpresent_app": "true",
        f"{META}pod_node_name": "node1",
        f"{META}pod_phase": "Running",
        f"{META}pod_ready": "true",
    }


def _others_logs(directory: Path) -> None:
    for namespace, pod, uid, container, _ in _OTHERS:
        path = directory / f"var/log/pods/{namespace}_{pod}_{uid}/{container}/0.log"
        path.parent.mkdir(parents=True)
        stamp = rfc3339_nano(time.time_ns())
        path.write_text(f"{stamp} stderr F level=info msg=started component={container}\n")
