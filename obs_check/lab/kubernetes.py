"""The lab as a node of a Kubernetes cluster: promtail finds pods at the API, and runs in one itself."""

import json
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from obs_check.lab.coderd import pod_log_path
from obs_check.lab.settings import LabSettings, boundary_logs
from obs_check.model.entry import Labels
from obs_check.model.times import rfc3339_nano
from obs_check.model.tree import Json
from obs_check.shipper.pods import META

KUBECONFIG, PODS_FILE = "kubeconfig", "pods.json"
CODERD = pod_log_path(Path("/")).parts[-3].rpartition("_")[2]
"""The uid of coderd's pod."""
PROMTAIL = "8e2f4a5c-3a0e-4b56-8f0d-2d5f0f9f6a02"
_OTHERS = (
    ("monitoring", "grafana-7c9d8b6f5-x2x7p", "5b0c0d4e-8a43-4f0a-9a52-0f1d3a0f7c01", "grafana", "ReplicaSet"),
    ("monitoring", "promtail-4kq9z", PROMTAIL, "promtail", "DaemonSet"),
)
_SOURCES = {"app": "pod_label_app", "namespace": "namespace", "pod": "pod_name", "container": "pod_container_name"}
"""The meta label that each label of the job comes from."""


def on_kubernetes(settings: LabSettings) -> None:
    """The pods' job finds its targets at the API: each static label is a rule now, and `__path__` is put together of
    uid and container, as promtail's chart does it. promtail's pod has the node's logs and boundary's directory by
    hostPath. Nothing is changed where that is so already."""
    job = settings.promtail["scrape_configs"][0]
    if "static_configs" not in job:
        return
    directory = Path(settings.promtail["positions"]["filename"]).parent
    (static,) = job.pop("static_configs")
    labels: Labels = static["labels"]
    job["kubernetes_sd_configs"] = [{"role": "pod", "kubeconfig_file": str(directory / KUBECONFIG)}]
    rules = [_rule(_SOURCES[name], name) if name in _SOURCES else _set(name, value) for name, value in labels.items()]
    job["relabel_configs"] = [*rules, *job.get("relabel_configs", [])]
    shared = [directory / "var/log", boundary_logs(directory)]
    settings.pods = [
        pod("coder", "coder-0", CODERD, "coder", "StatefulSet"),
        *(pod(*other, shared if other[2] == PROMTAIL else ()) for other in _OTHERS),
    ]
    settings.prepare.append(lambda lab: _write(settings, lab))
    settings.reached.append(lambda document: document.update({"kubernetes": {"pods": PODS_FILE}}))


def unmount(settings: LabSettings) -> None:
    """promtail's pod has the node's logs alone."""
    (promtail,) = (one for one in settings.pods if one["metadata"]["uid"] == PROMTAIL)
    spec = promtail["spec"]
    spec["volumes"] = spec["volumes"][:1]
    gone = spec["containers"][0]["volumeMounts"][1:]
    spec["containers"][0]["volumeMounts"] = spec["containers"][0]["volumeMounts"][:1]
    settings.unmounted += [mount["mountPath"] for mount in gone]


def rule_of(settings: LabSettings, target: str) -> dict[str, Any]:
    """The relabel rule of the pods' job that sets a label."""
    rules = settings.promtail["scrape_configs"][0]["relabel_configs"]
    found: dict[str, Json] = next(rule for rule in rules if rule.get("target_label") == target)
    return found


def pod(
    namespace: str, name: str, uid: str, container: str, controller: str, mounts: Sequence[Path] = ()
) -> dict[str, Any]:
    """A running pod of one container as the API has it, with directories of the node at their own paths."""
    owner = {
        "apiVersion": "apps/v1",
        "kind": controller,
        "name": name.partition("-")[0],
        "uid": "x",
        "controller": True,
    }
    main = {
        "name": container,
        "image": f"registry.example/{container}:1.0",
        "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
        "volumeMounts": [{"name": f"node-{number}", "mountPath": str(path)} for number, path in enumerate(mounts)],
    }
    volumes = [{"name": f"node-{number}", "hostPath": {"path": str(path)}} for number, path in enumerate(mounts)]
    state = {"name": container, "ready": True, "restartCount": 0, "image": main["image"], "imageID": ""}
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": uid,
            "labels": {"app": container},
            "ownerReferences": [owner],
        },
        "spec": {"nodeName": socket.gethostname(), "containers": [main], "volumes": volumes},
        "status": {
            "phase": "Running",
            "podIP": "10.0.0.5",
            "hostIP": "10.0.0.1",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{**state, "containerID": f"containerd://{uid}", "state": {"running": {}}}],
        },
    }


def _rule(meta: str, target: str) -> dict[str, object]:
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


def _write(settings: LabSettings, directory: Path) -> None:
    """What kubectl says of the pods, their logs, and the links to them that the kubelet makes beside."""
    listed = {"kind": "List", "apiVersion": "v1", "items": settings.pods}
    (directory / PODS_FILE).write_text(json.dumps(listed, indent=1), "utf-8")
    links = directory / "var/log/containers"
    links.mkdir(parents=True, exist_ok=True)
    for one in settings.pods:
        meta, container = one["metadata"], one["spec"]["containers"][0]["name"]
        log = directory / f"var/log/pods/{meta['namespace']}_{meta['name']}_{meta['uid']}/{container}/0.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        if meta["uid"] != CODERD and not log.exists():
            stamp = rfc3339_nano(time.time_ns())
            log.write_text(f"{stamp} stderr F level=info msg=started component={container}\n", "utf-8")
        link = links / f"{meta['name']}_{meta['namespace']}_{container}-{meta['uid'].replace('-', '')}.log"
        if not link.is_symlink():
            link.symlink_to(Path("..", *log.parts[-4:]))
