"""Pods as Kubernetes' API has them, as a discovery of role pod and a reader of mounts take them."""

from typing import Any

import pytest

from obs_check.errors import InputError
from obs_check.shipper.pod_objects import discovered_targets, read_pods, shippers
from obs_check.shipper.pods import META

UID = "0f3b1c52-6a6e-4f0f-9f60-2f7d2f6a9c44"


def pod(name: str = "coder-0", image: str = "coder:2", **more: Any) -> dict[str, Any]:
    """A pod with one container that has two ports, and one init container."""
    main = {
        "name": "coder",
        "image": image,
        "ports": [{"containerPort": 8080, "name": "http"}, {"containerPort": 2112}],
    }
    owners = [{"kind": "Node", "name": "n"}, {"kind": "ReplicaSet", "name": "coder-6f", "controller": True}]
    meta = {"name": name, "namespace": "coder", "uid": UID, "labels": {"app.kubernetes.io/name": "coder"}}
    return {
        "kind": "Pod",
        "metadata": {**meta, "ownerReferences": owners},
        "spec": {
            "nodeName": "n1",
            "containers": [{**main, **more.pop("container", {})}],
            "initContainers": [{"name": "wait", "image": "busybox"}],
            **more.pop("spec", {}),
        },
        "status": {
            "podIP": "10.0.0.5",
            "hostIP": "10.0.0.1",
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "coder", "containerID": "containerd://abc"}],
            **more.pop("status", {}),
        },
    }


def listed(*pods: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "List", "items": list(pods)}


def test_a_target_a_port_and_one_for_a_container_without() -> None:
    first, second, wait = (
        {name.removeprefix(META): value for name, value in labels.items()}
        for labels in discovered_targets(read_pods(listed(pod()), "f"))
    )
    assert first == {
        "__address__": "10.0.0.5:8080",
        "namespace": "coder",
        "pod_name": "coder-0",
        "pod_uid": UID,
        "pod_ip": "10.0.0.5",
        "pod_host_ip": "10.0.0.1",
        "pod_phase": "Running",
        "pod_ready": "true",
        "pod_node_name": "n1",
        "pod_controller_kind": "ReplicaSet",
        "pod_controller_name": "coder-6f",
        "pod_label_app_kubernetes_io_name": "coder",
        "pod_labelpresent_app_kubernetes_io_name": "true",
        "pod_container_name": "coder",
        "pod_container_id": "containerd://abc",
        "pod_container_image": "coder:2",
        "pod_container_init": "false",
        "pod_container_port_name": "http",
        "pod_container_port_number": "8080",
        "pod_container_port_protocol": "TCP",
    }
    assert second["__address__"] == "10.0.0.5:2112"
    assert "pod_container_port_name" not in second
    assert (wait["__address__"], wait["pod_container_name"], wait["pod_container_init"]) == ("10.0.0.5", "wait", "true")


def test_a_pod_without_an_address_is_no_target() -> None:
    assert discovered_targets(read_pods(pod(status={"podIP": ""}), "f")) == ()


@pytest.mark.parametrize(
    ("path", "sees"),
    [
        ("/var/log/pods/a_b_c/d/0.log", True),
        ("/tmp/boundary_logs/b.log", False),
        ("/run/promtail/x", False),
        ("/data/x.log", False),
        ("/srv/one/x.log", True),
    ],
    ids=["host-path", "nothing", "empty-dir", "another-directory", "below"],
)
def test_what_a_daemon_set_sees_of_the_node(path: str, sees: bool) -> None:
    volumes = [
        {"name": "logs", "hostPath": {"path": "/var/log"}},
        {"name": "run", "emptyDir": {}},
        {"name": "elsewhere", "hostPath": {"path": "/mnt"}},
        {"name": "srv", "hostPath": {"path": "/srv"}},
    ]
    mounts = [
        {"name": "logs", "mountPath": "/var/log/"},
        {"name": "run", "mountPath": "/run/promtail"},
        {"name": "elsewhere", "mountPath": "/data"},
        {"name": "srv", "mountPath": "/srv/one", "subPath": "one"},
    ]
    one = pod(
        "promtail-x",
        "reg.example/grafana/promtail:3.5.9",
        spec={"volumes": volumes},
        container={"volumeMounts": mounts},
    )
    (found,) = shippers(read_pods(listed(pod(), one), "f"), "promtail")
    assert found.name == "promtail-x"
    assert found.sees(path) is sees


@pytest.mark.parametrize(
    "document", ["a", [], {"kind": "List", "items": [{"kind": "Pod"}]}, {"kind": "List", "items": ["x"]}]
)
def test_what_is_no_list_of_pods_is_refused(document: Any) -> None:
    with pytest.raises(InputError, match=r"f: not a list of pods"):
        read_pods(document, "f")
