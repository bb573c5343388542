"""Pods as Kubernetes' API has them (`kubectl get pods -A -o json`).

What a discovery of role pod makes of each, and what its containers see of the node's directories. Prometheus'
discovery/kubernetes/pod.go, which promtail 3.5 and Alloy 1.11 share: one target a port of a container, one for a
container without ports, none while the pod has no address.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from obs_check.errors import InputError
from obs_check.model.entry import Labels
from obs_check.shipper.pods import META, KnownPods

_HINT = "give what `kubectl get pods -A -o json` prints"
_NO_NAME = re.compile(r"[^a-zA-Z0-9_]")


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod. `controller` is what made it (`DaemonSet promtail`, "" for none), `images` are those of its containers,
    `labels` its own discovery labels, `targets` those of each target, and `mounts` where its containers have a volume,
    by path: the directory of the node (`hostPath`) that it is, "" for another kind of volume. `host` is the name by
    which its containers know their host (`$HOSTNAME`), "" where its settings do not tell."""

    namespace: str
    name: str
    controller: str
    images: tuple[str, ...]
    labels: Labels
    targets: tuple[Labels, ...]
    mounts: Mapping[str, str]
    host: str

    def sees(self, path: str) -> bool:
        """Whether a path is in a directory of the node that one of its containers has at that very path."""
        above = [str(PurePosixPath(path)), *map(str, PurePosixPath(path).parents)]
        found = next((at for at in above if at in self.mounts), None)
        return found is not None and PurePosixPath(self.mounts[found] or "-") == PurePosixPath(found)

    @property
    def told(self) -> str:
        """What a message calls it."""
        return f"{self.controller or f'pod {self.name}'} of namespace {self.namespace}"


def read_pods(document: object, source: str) -> tuple[Pod, ...]:
    """The pods of a parsed document: a list, or one pod. InputError for anything else."""
    if not isinstance(document, Mapping):
        raise InputError(f"{source}: not a list of pods", _HINT)
    items = document.get("items") if str(document.get("kind")).endswith("List") else [document]
    try:
        return tuple(_pod(item) for item in items or () if item.get("kind", "Pod") == "Pod" and item["metadata"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{source}: not a list of pods: {type(error).__name__}: {error}", _HINT) from error


def discovered_targets(pods: Sequence[Pod]) -> tuple[Labels, ...]:
    """The labels of every target of a discovery of role pod, before relabeling."""
    return tuple(labels for pod in pods for labels in pod.targets)


def known_of(pods: Sequence[Pod], dialect: str) -> KnownPods:
    """What the pods of a cluster tell to a shipper of promtail's or Alloy's dialect."""
    hosts = [pod.host for pod in shippers(pods, dialect)] if dialect == "promtail" else []
    return KnownPods(
        listed=tuple(labels for pod in pods for labels in pod.targets or (pod.labels,)),
        hosts=tuple(hosts) if all(hosts) else (),
    )


def shippers(pods: Sequence[Pod], kind: str) -> list[Pod]:
    """The pods that run promtail or Alloy."""
    return [pod for pod in pods if any(is_image_of(kind, image) for image in pod.images)]


def is_image_of(kind: str, image: str) -> bool:
    """Whether an image is promtail's or Alloy's, by its name (`grafana/promtail:3.5.9`)."""
    return re.search(rf"(^|/){kind}([:@]|$)", image) is not None


def _pod(item: Mapping[str, Any]) -> Pod:
    meta, spec, status = item["metadata"], item.get("spec") or {}, item.get("status") or {}
    owner = next((one for one in meta.get("ownerReferences") or () if one.get("controller")), None)
    own = _own_labels(meta, spec, status, owner)
    main, first = spec.get("containers") or (), spec.get("initContainers") or ()
    containers = [*((one, False) for one in main), *((one, True) for one in first)]
    states = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
    ids = {str(state.get("name")): str(state.get("containerID") or "") for state in states}
    address = str(status.get("podIP") or "")
    targets = [
        {**own, **labels}
        for one, is_first in containers
        for labels in _of_container(one, is_first, ids.get(str(one["name"]), ""), address)
    ]
    hosts = {
        str(volume["name"]): str((volume.get("hostPath") or {}).get("path") or "")
        for volume in spec.get("volumes") or ()
    }
    mounts = {
        str(mount["mountPath"]).rstrip("/") or "/": _joined(hosts.get(str(mount["name"]), ""), mount.get("subPath"))
        for one, _ in containers
        for mount in one.get("volumeMounts") or ()
    }
    return Pod(
        str(meta.get("namespace") or ""),
        str(meta["name"]),
        f"{owner['kind']} {owner['name']}" if owner else "",
        tuple(str(one.get("image") or "") for one, _ in containers),
        _without_empty(own),
        tuple(_without_empty(labels) for labels in targets) if address else (),
        mounts,
        _host(meta, spec),
    )


def _host(meta: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    containers = spec.get("containers") or ()
    told = [env for one in containers for env in one.get("env") or ()]
    if (own := next((env for env in told if env["name"] == "HOSTNAME"), None)) is not None:
        field = ((own.get("valueFrom") or {}).get("fieldRef") or {}).get("fieldPath")
        return str(own.get("value") or (spec.get("nodeName") if field == "spec.nodeName" else "") or "")
    # A list without any environment may have been stripped of it.
    is_open = not told or any(one.get("envFrom") for one in containers)
    return "" if is_open or spec.get("hostNetwork") or spec.get("hostname") else str(meta["name"])


def _own_labels(
    meta: Mapping[str, Any], spec: Mapping[str, object], status: Mapping[str, Any], owner: Mapping[str, Any] | None
) -> Labels:
    ready = next((one.get("status") for one in status.get("conditions") or () if one.get("type") == "Ready"), "unknown")
    labels = {
        "namespace": meta.get("namespace"),
        "pod_name": meta["name"],
        "pod_uid": meta.get("uid"),
        "pod_ip": status.get("podIP"),
        "pod_host_ip": status.get("hostIP"),
        "pod_phase": status.get("phase"),
        "pod_ready": str(ready).lower(),
        "pod_node_name": spec.get("nodeName"),
        "pod_controller_kind": owner["kind"] if owner else "",
        "pod_controller_name": owner["name"] if owner else "",
    }
    for kind in ("label", "annotation"):
        for name, value in (meta.get(f"{kind}s") or {}).items():
            safe = _NO_NAME.sub("_", name)
            labels |= {f"pod_{kind}_{safe}": value, f"pod_{kind}present_{safe}": "true"}
    return {META + name: str(value or "") for name, value in labels.items()}


def _of_container(one: Mapping[str, Any], is_first: bool, container_id: str, address: str) -> Iterator[Labels]:
    own = {
        f"{META}pod_container_name": str(one["name"]),
        f"{META}pod_container_id": container_id,
        f"{META}pod_container_image": str(one.get("image") or ""),
        f"{META}pod_container_init": "true" if is_first else "false",
    }
    host = f"[{address}]" if ":" in address else address
    for port in one.get("ports") or ():
        number = str(port["containerPort"])
        yield {
            **own,
            "__address__": f"{host}:{number}",
            f"{META}pod_container_port_name": str(port.get("name") or ""),
            f"{META}pod_container_port_number": number,
            f"{META}pod_container_port_protocol": str(port.get("protocol") or "TCP"),
        }
    if not one.get("ports"):
        yield {**own, "__address__": address}


def _joined(host: str, below: object) -> str:
    return str(PurePosixPath(host, str(below))) if host and below else host


def _without_empty(labels: Labels) -> Labels:
    return {name: value for name, value in labels.items() if value}
