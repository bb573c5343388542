"""What the path of a pod's log says about the pod: discovery labels as Kubernetes' would be, without a cluster.

The kubelet writes `/var/log/pods/NAMESPACE_POD_UID/CONTAINER/N.log`; no namespace or pod name holds an underscore.
"""

import re
from dataclasses import dataclass

from obs_check.model.entry import Labels

META = "__meta_kubernetes_"
ADDRESS = "__address__"
"""The label of a target that its discovery sets beside those of META."""
POD_LOGS = "/var/log/pods/*/*/*.log"
"""Where the kubelet has the logs of a node's containers."""
_PATH = re.compile(
    r"(?P<directory>.*/pods/(?P<namespace>[^/_]+)_(?P<pod>[^/_]+)_(?P<uid>[^/_]+)/(?P<container>[^/]+))/[^/]+"
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_STATIC_POD = ("config_hash", "config_mirror", "config_seen", "config_source")
"""Annotations that the kubelet gives to static pods and to no other."""


_CONTAINER = f"{META}pod_container_name"


@dataclass(frozen=True, slots=True)
class KnownPods:
    """What is known of pods, as discovery labels. `found` are the targets of a running shipper; `listed` those that a
    discovery of all pods makes of what Kubernetes' API lists, and of a pod of which it makes none the pod's own.
    `hosts` are the names by which promtails know the hosts that they run on, () where one is not known."""

    found: tuple[Labels, ...] = ()
    listed: tuple[Labels, ...] = ()
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PodLogs:
    """The directory of one container's logs, and the discovery labels (role pod) that follow from its path."""

    directory: str
    labels: tuple[tuple[str, str], ...]
    static: bool

    def is_of(self, discovered: Labels) -> bool:
        """Whether a pod that was discovered has this container. A static pod has another uid in its labels."""
        names = ("namespace", "pod_name", "pod_container_name", *(() if self.static else ("pod_uid",)))
        own = dict(self.labels)
        return all(discovered.get(META + name) == own[META + name] for name in names)

    def is_in_pod(self, discovered: Labels) -> bool:
        """Whether a pod that was discovered, or is listed, is this container's."""
        return self.is_of({**discovered, _CONTAINER: dict(self.labels)[_CONTAINER]})

    def knows(self, name: str) -> bool:
        """Whether the path settles a label, be it as absent."""
        if name in dict(self.labels):
            return True
        if not name.startswith(META):
            return name != ADDRESS
        annotation = re.fullmatch(rf"{META}pod_annotation(present)?_kubernetes_io_(\w+)", name)
        return bool(annotation and annotation[2] in _STATIC_POD and not self.static)


def pod_logs(path: str) -> PodLogs | None:
    """The container whose log a path is, None for another path.

    A static pod has the hash of its manifest in the place of the uid; its `__meta_kubernetes_pod_uid` is another one.
    """
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    labels: Labels = {
        f"{META}namespace": match["namespace"],
        f"{META}pod_name": match["pod"],
        f"{META}pod_container_name": match["container"],
    }
    static = _UUID.fullmatch(match["uid"]) is None
    if static:
        labels[f"{META}pod_annotation_kubernetes_io_config_hash"] = match["uid"]
        labels[f"{META}pod_annotationpresent_kubernetes_io_config_hash"] = "true"
    else:
        labels[f"{META}pod_uid"] = match["uid"]
    return PodLogs(match["directory"], tuple(labels.items()), static)


def log_of(discovered: Labels, glob: str) -> str | None:
    """The first log of a pod's container by its discovery labels, below the directory of pods that a pattern names;
    None where a label is missing or the pattern names no such directory."""
    names = [discovered.get(META + name, "") for name in ("namespace", "pod_name", "pod_uid", "pod_container_name")]
    root, pods, _ = glob.partition("/pods/")
    if not pods or not all(names):
        return None
    return f"{root}{pods}{'_'.join(names[:3])}/{names[3]}/0.log"


def given_labels(pod_labels: Labels, meta: Labels) -> Labels:
    """Discovery labels that a person supplies: pod labels (`app=coder`) and meta labels (with or without their start
    `__meta_kubernetes_`)."""
    found: Labels = {}
    for name, value in pod_labels.items():
        safe = re.sub(r"[^a-zA-Z0-9_]", "_", name)
        found[f"{META}pod_label_{safe}"] = value
        found[f"{META}pod_labelpresent_{safe}"] = "true"
    for name, value in meta.items():
        found[name if name.startswith("__") else f"{META}{name}"] = value
    return found
