"""What a cluster says of the pipeline in it: services, configurations, dashboards, a workspace's firewall."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from obs_check.app.setup.checkup import PartCheck, check_by_asking
from obs_check.client.answer import NoJson, decode_json
from obs_check.client.cluster import Cluster
from obs_check.documents.scrubbed import without_secret_values
from obs_check.errors import InputError, Unavailable, UsageError
from obs_check.model.tree import Json
from obs_check.panel.dashboard import load_dashboard
from obs_check.shipper.pod_objects import is_image_of

_HTTP = ("service", "http-web", "http", "web", "grafana", "http-metrics")
"""Names of the ports that the charts grafana 8 and 10, kube-prometheus-stack and loki 6 give to HTTP."""
_FILES = {"promtail": re.compile(r".*\.ya?ml"), "alloy": re.compile(r".*\.(?:alloy|river)")}
_DASHBOARDS = "grafana_dashboard"
"""The label of ConfigMaps that the sidecar of Grafana's chart looks for."""
_WORKSPACE = "app.kubernetes.io/name=coder-workspace"
"""As the Kubernetes template of Coder labels its pods."""
_LOKI_NOT = re.compile(
    r"headless|memberlist|canary|ruler|cache|minio|compactor|ingester|distributor|writ|backend|index"
)
_BOUNDARY = 'cat "${XDG_CONFIG_HOME:-$HOME/.config}/coder_boundary/config.yaml"\n'
"""Where boundary 0.9.0 looks for its configuration."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service, and the port that speaks HTTP."""

    name: str
    namespace: str
    port: int

    @property
    def url(self) -> str:
        """Its address in the cluster."""
        return f"http://{self.name}.{self.namespace}.svc:{self.port}"


@dataclass(slots=True)
class ClusterFound:
    """What was found; `files` are texts by the name to write them under, without the values of secrets."""

    grafanas: list[Service] = field(default_factory=list)
    lokis: list[Service] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    shipper: dict[str, str] = field(default_factory=dict)
    """`kind` and `config` of the shipper."""
    shipper_service: Service | None = None
    """The service that leads to the shipper, where only one pod of it runs: a service of several leads to any."""
    shipper_pods: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Namespace and name of the shipper's pod, by node."""
    dashboards: dict[str, str] = field(default_factory=dict)
    """uid -> text of the dashboards that come from ConfigMaps."""
    boundary: str = ""
    """The name of boundary's configuration among the files."""
    workspace: dict[str, str] = field(default_factory=dict)
    """`namespace` and `pod` of the first workspace that runs."""
    node: str = ""
    """The workspace's node."""


def look_into(cluster: Cluster, namespace: str | None, found: ClusterFound) -> Iterator[PartCheck]:
    """Ask the cluster part by part and note what is there in `found`; nothing is changed. A part that cannot be asked
    says which verb on which resource is missing, and the others are asked all the same."""

    def part(name: str, place: str, ask: Callable[[], str]) -> PartCheck:
        check = check_by_asking(name, place, ask)
        # What a cluster does not have is not a fault of it.
        return replace(check, state="not set") if check.state == "broken" else check

    services: list[dict[str, Json]] = []
    pods: list[dict[str, Json]] = []

    def list_services() -> str:
        services.extend(cluster.items("services", namespace))
        found.grafanas.extend(_services(services, "grafana"))
        found.lokis.extend(_lokis(services))
        return f"{len(services)} services"

    def list_pods() -> str:
        pods.extend(one for one in cluster.items("pods", namespace) if _get(one, "status", "phase") == "Running")
        return f"{len(pods)} running pods"

    where = namespace or "all namespaces"
    yield part("services", where, list_services)
    if services:
        yield part("grafana's service", where, lambda: _named(found.grafanas, "Grafana"))
        yield part("loki's service", where, lambda: _named(found.lokis, "Loki"))
    yield part("pods", where, list_pods)
    if pods:
        yield part("the shipper's configuration", where, lambda: _shipper(cluster, pods, services, found))
        yield part("boundary's configuration", where, lambda: _boundary(cluster, pods, found))
    yield part("dashboards", where, lambda: _dashboards(cluster, namespace, found))


def _get(node: object, *path: str) -> Any:
    """A value of nested mappings, None where one is not there."""
    for key in path:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node


def _rows(node: object, *path: str) -> list[Mapping[str, Any]]:
    """The mappings in a list of nested mappings; none where there is no list."""
    found = _get(node, *path)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _texts(item: object) -> Iterator[tuple[str, str]]:
    """The texts of a ConfigMap or Secret, by their keys."""
    for name, text in _mapping(item, "data").items():
        if isinstance(name, str) and isinstance(text, str):
            yield name, text


def _name(item: Mapping[str, object]) -> tuple[str, str]:
    return str(_get(item, "metadata", "namespace") or ""), str(_get(item, "metadata", "name") or "")


def _labels(item: Mapping[str, object]) -> Mapping[str, Json]:
    return _mapping(item, "metadata", "labels")


def _mapping(node: object, *path: str) -> Mapping[str, Any]:
    found = _get(node, *path)
    return found if isinstance(found, Mapping) else {}


def _services(services: Sequence[Mapping[str, object]], app: str) -> list[Service]:
    """Those of an application, by its label or its name."""
    rows = []
    for one in services:
        namespace, name = _name(one)
        labels = _labels(one)
        if app not in (labels.get("app.kubernetes.io/name"), labels.get("app"), name):
            continue
        if port := _http_port(one):
            rows.append(Service(name, namespace, port))
    return rows


def _http_port(service: Mapping[str, object]) -> int | None:
    return None if _get(service, "spec", "clusterIP") == "None" else _tcp_port(service)


def _tcp_port(service: Mapping[str, object]) -> int | None:
    ports = [
        one
        for one in _rows(service, "spec", "ports")
        if one.get("protocol", "TCP") == "TCP" and isinstance(one.get("port"), int)
    ]
    if not ports:
        return None
    named = next((one for name in _HTTP for one in ports if one.get("name") == name), ports[0])
    return int(named["port"])


def _lokis(services: Sequence[Mapping[str, object]]) -> list[Service]:
    """One a namespace: its gateway, else what answers queries, else the single binary."""
    best: dict[str, tuple[int, Service]] = {}
    for one in services:
        namespace, name = _name(one)
        labels = _labels(one)
        if "loki" not in (labels.get("app.kubernetes.io/name"), labels.get("app")) and not name.startswith("loki"):
            continue
        port = _http_port(one)
        if port is None or _LOKI_NOT.search(name):
            continue
        order = ("gateway", "query-frontend", "read", "querier")
        rank = next((n for n, word in enumerate(order) if name.endswith(word)), len(order))
        if namespace not in best or rank < best[namespace][0]:
            best[namespace] = (rank, Service(name, namespace, port))
    return [service for _, service in best.values()]


def _named(found: list[Service], what: str) -> str:
    if not found:
        raise UsageError(f"no service of {what} is there", "say --namespace, or its address on the command line")
    return ", ".join(service.url for service in found)


def _shipper(
    cluster: Cluster,
    pods: Sequence[Mapping[str, object]],
    services: Sequence[Mapping[str, object]],
    found: ClusterFound,
) -> str:
    for kind in _FILES:
        own = [pod for pod in pods if _runs(kind, pod)]
        for pod in own:
            for volume in _rows(pod, "spec", "volumes"):
                if text := _mounted(cluster, kind, _name(pod)[0], volume):
                    file = "promtail.yaml" if kind == "promtail" else "config.alloy"
                    found.files[file], hidden = without_secret_values(text)
                    found.shipper = {"kind": kind, "config": file}
                    found.shipper_pods = {str(_get(one, "spec", "nodeName") or ""): _name(one) for one in own}
                    found.shipper_service = _service_of(pod, services) if len(own) == 1 else None
                    return f"{kind}: goes to {file}" + (f", without the values of secrets ({hidden})" if hidden else "")
    raise UsageError("no pod of promtail or Alloy with its configuration runs", "--shipper-config FILE names it")


def _runs(kind: str, pod: Mapping[str, object]) -> bool:
    return any(is_image_of(kind, str(one.get("image") or "")) for one in _rows(pod, "spec", "containers"))


def _service_of(pod: Mapping[str, object], services: Sequence[Mapping[str, object]]) -> Service | None:
    """The first service that selects a pod, a headless one too."""
    namespace, labels = _name(pod)[0], _labels(pod)
    for one in services:
        selector = _mapping(one, "spec", "selector")
        port = _tcp_port(one)
        if selector and port and _name(one)[0] == namespace and selector.items() <= labels.items():
            return Service(_name(one)[1], namespace, port)
    return None


def _mounted(cluster: Cluster, kind: str, namespace: str, volume: Mapping[str, object]) -> str:
    """The shipper's configuration in a volume, "" where that holds none."""
    import base64

    secret, map_ = _get(volume, "secret", "secretName"), _get(volume, "configMap", "name")
    if (not secret and not map_) or map_ == "kube-root-ca.crt":
        return ""
    item = cluster.item("secret" if secret else "configmap", namespace, str(secret or map_))
    for name, text in _texts(item):
        if _FILES[kind].fullmatch(name) and not secret:
            return text
        if _FILES[kind].fullmatch(name):
            try:
                return base64.b64decode(text).decode("utf-8", "replace")
            except ValueError:
                raise Unavailable(f"{namespace}/{secret}: {name} is not base64", "look at it by hand") from None
    return ""


def _boundary(cluster: Cluster, pods: Sequence[Mapping[str, object]], found: ClusterFound) -> str:
    key, _, value = _WORKSPACE.partition("=")
    workspaces = [pod for pod in pods if _labels(pod).get(key) == value]
    if not workspaces:
        raise UsageError(f"no workspace runs: no pod has {_WORKSPACE}", "start one, or give --boundary-config FILE")
    namespace, pod = _name(workspaces[0])
    found.workspace = {"namespace": namespace, "pod": pod}
    found.node = str(_get(workspaces[0], "spec", "nodeName") or "")
    text = cluster.printed(namespace, pod, _BOUNDARY)
    if not text.strip():
        raise Unavailable(f"{namespace}/{pod}: boundary's configuration is empty", "give --boundary-config FILE")
    found.files["boundary.yaml"], found.boundary = text + "\n", "boundary.yaml"
    return f"of {namespace}/{pod}: goes to boundary.yaml"


def _dashboards(cluster: Cluster, namespace: str | None, found: ClusterFound) -> str:
    for item in cluster.items("configmaps", namespace, _DASHBOARDS):
        for name, text in _texts(item):
            if not name.endswith(".json"):
                continue
            try:
                uid = load_dashboard(decode_json(text.encode("utf-8", "replace")), name).uid
            except (NoJson, InputError):
                # A file beside the dashboards, or one without panels.
                continue
            found.dashboards[uid] = text
    return f"{len(found.dashboards)} come from ConfigMaps: {', '.join(sorted(found.dashboards)[:10])}".rstrip(": ")
