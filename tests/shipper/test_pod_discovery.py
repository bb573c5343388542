"""Which pods a discovery asks for, and which containers have no target, as a real promtail 3.5.9 and Alloy 1.11.3 took
them from a stand-in for Kubernetes' API."""

from typing import Any

import pytest
import yaml

from obs_check.shipper.model import ShipperConfig
from obs_check.shipper.pod_objects import known_of, read_pods
from obs_check.shipper.pods import META, KnownPods
from obs_check.shipper.read import parse_shipper
from obs_check.shipper.targets import FileReport, LogFile, find_targets, report
from tests.shipper.test_pod_objects import UID, listed, pod

CODER = f"/var/log/pods/coder_coder-0_{UID}/coder/0.log"
PATH = {
    "source_labels": [f"{META}pod_uid", f"{META}pod_container_name"],
    "separator": "/",
    "target_label": "__path__",
    "replacement": "/var/log/pods/*$1/*.log",
}
PODS = known_of(read_pods(listed(pod()), "pods.json"), "promtail")
ASKED = [
    ({}, "taken", "taken"),
    ({"namespaces": {"names": ["coder", "x"]}}, "taken", "taken"),
    ({"namespaces": {"names": ["monitoring"]}}, "not discovered", "not discovered"),
    ({"namespaces": {"own_namespace": True}}, "unknown", "unknown"),
    ({"namespaces": {"own_namespace": True, "names": ["coder"]}}, "taken", "taken"),
    ({"label": "app.kubernetes.io/name=coder"}, "taken", "unknown"),
    ({"label": "app.kubernetes.io/name==coder, tier"}, "not discovered", "unknown"),
    ({"label": "app.kubernetes.io/name!=coder"}, "not discovered", "unknown"),
    ({"label": "app.kubernetes.io/name in (a, coder)"}, "taken", "unknown"),
    ({"label": "app.kubernetes.io/name notin (a, coder)"}, "not discovered", "unknown"),
    ({"label": "!tier,tier notin (x)"}, "taken", "unknown"),
    ({"label": "tier"}, "not discovered", "unknown"),
    ({"label": "tier>5"}, "unknown", "unknown"),
    ({"field": "status.phase=Running,metadata.name=coder-0"}, "taken", "unknown"),
    ({"field": "status.phase!=Running"}, "not discovered", "unknown"),
    ({"field": "metadata.namespace=shop"}, "not discovered", "not discovered"),
    ({"field": "spec.serviceAccountName=x"}, "unknown", "unknown"),
    ({"field": "spec.nodeName=another"}, "taken", "taken"),
]


def promtail(asked: dict[str, Any], *rules: dict[str, Any]) -> ShipperConfig:
    of = {"selectors": [{"role": "pod", **asked}]} if asked and "namespaces" not in asked else asked
    job = {"job_name": "pods", "kubernetes_sd_configs": [{"role": "pod", **of}], "relabel_configs": [PATH, *rules]}
    return parse_shipper(yaml.safe_dump({"scrape_configs": [job]}), "promtail.yaml", {})


def alloy(asked: dict[str, Any]) -> ShipperConfig:
    spaces = asked.get("namespaces")
    rows = (
        [f"names = {spaces.get('names', [])}", f"own_namespace = {spaces.get('own_namespace', False)}"]
        if spaces
        else []
    )
    rows = [row.replace("'", '"').replace("True", "true").replace("False", "false") for row in rows]
    chosen = [f'{key} = "{value}"' for key, value in asked.items() if key != "namespaces"]
    block = "namespaces" if spaces else "selectors"
    inner = "\n".join([*rows, *chosen, *(['role = "pod"'] if chosen else [])])
    text = f"""
discovery.kubernetes "pods" {{
  role = "pod"
  {f"{block} {{{chr(10)}{inner}{chr(10)}}}" if inner else ""}
}}
discovery.relabel "pods" {{
  targets = discovery.kubernetes.pods.targets
  rule {{
    source_labels = ["{META}pod_uid", "{META}pod_container_name"]
    separator     = "/"
    target_label  = "__path__"
    replacement   = "/var/log/pods/*$1/*.log"
  }}
}}
local.file_match "pods" {{ path_targets = discovery.relabel.pods.output }}
loki.source.file "pods" {{
  targets    = local.file_match.pods.targets
  forward_to = []
}}
"""
    return parse_shipper(text, "config.alloy", {})


def about(config: ShipperConfig, path: str, known: KnownPods) -> FileReport:
    files = [LogFile(path, size=1)]
    return report(files, find_targets(config.jobs, files, {}, known))[0]


@pytest.mark.parametrize("read", [promtail, alloy])
@pytest.mark.parametrize(("asked", "listing", "path"), ASKED, ids=[str(one[0]) for one in ASKED])
def test_a_pod_that_is_not_asked_for_has_no_target(read: Any, asked: dict[str, Any], listing: str, path: str) -> None:
    config = read(asked)
    assert (about(config, CODER, PODS).reason, about(config, CODER, KnownPods()).reason) == (listing, path)


def test_what_is_asked_for_is_told_in_words() -> None:
    told = about(promtail({"namespaces": {"names": ["shop", "monitoring"]}}), CODER, PODS).why
    assert told == "job pods: its discovery asks for pods of namespace shop or monitoring alone"
    told = about(promtail({"label": "tier=web"}), CODER, PODS).why
    assert told == "job pods: its discovery asks for pods of label tier=web alone"


def test_each_container_that_is_left_out_has_its_reason() -> None:
    config, why = promtail({"namespaces": {"names": ["shop"]}}), []
    files = [LogFile(CODER.replace("/coder/", f"/{name}/"), size=1) for name in ("debugger", "coder")]
    for one in report(files, find_targets(config.jobs, files, {}, PODS)):
        why.append(one.why.removeprefix("job pods: ")[:41])
    assert why == ["discovery finds coder and wait of the pod", "its discovery asks for pods of namespace "]


def test_what_the_running_shipper_found_it_asked_for() -> None:
    found = KnownPods(found=PODS.listed)
    assert about(promtail({"namespaces": {"own_namespace": True}}), CODER, found).reason == "taken"


def test_no_path_tells_the_address_of_a_pod() -> None:
    port = {"source_labels": ["__address__"], "regex": ".+:(.+)", "target_label": "port", "replacement": "$1"}
    config = promtail({}, port)
    assert about(config, CODER, KnownPods()).by[0].unknown == {"port": ("__address__",)}
    assert about(config, CODER, PODS).reason == "taken twice"


def test_one_of_two_discoveries_is_enough() -> None:
    job = {"job_name": "pods", "relabel_configs": [PATH]}
    ways = [{"role": "pod", "namespaces": {"names": [name]}} for name in ("shop", "coder")]
    config = parse_shipper(yaml.safe_dump({"scrape_configs": [{**job, "kubernetes_sd_configs": ways}]}), "p.yaml", {})
    assert about(config, CODER, PODS).reason == "taken"


@pytest.mark.parametrize(
    ("container", "more", "reason", "why"),
    [
        ("coder", {}, "taken", ""),
        ("wait", {}, "taken", ""),
        ("debugger", {}, "not discovered", "an ephemeral container has no target"),
        ("coder", {"status": {"podIP": "", "phase": "Failed"}}, "not discovered", "pod coder-0 has no address"),
        ("coder", {"status": {"phase": "Succeeded"}}, "taken", ""),
    ],
    ids=["main", "init", "ephemeral", "evicted", "completed"],
)
def test_which_containers_of_a_listed_pod_have_a_target(
    container: str, more: dict[str, Any], reason: str, why: str
) -> None:
    known = known_of(read_pods(listed(pod(**more)), "pods.json"), "promtail")
    found = about(promtail({}), CODER.replace("/coder/", f"/{container}/"), known)
    assert found.reason == reason
    assert why in found.why


OTHER = {"name": "TZ", "value": "UTC"}
NODE = {"name": "HOSTNAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}


@pytest.mark.parametrize(
    ("source", "env", "spec", "reason"),
    [
        ("pod_node_name", [NODE], {}, "taken"),
        ("pod_host_ip", [NODE], {}, "not discovered"),
        ("pod_node_name", [OTHER], {}, "not discovered"),
        ("pod_node_name", [], {}, "taken"),
        ("pod_node_name", [OTHER], {"hostNetwork": True}, "taken"),
        ("pod_node_name", [{"name": "HOSTNAME", "value": "n1"}], {}, "taken"),
        ("pod_label_none", [NODE], {}, "taken"),
    ],
)
def test_promtail_reads_the_targets_of_its_own_host(
    source: str, env: list[dict[str, Any]], spec: dict[str, Any], reason: str
) -> None:
    promtails = pod("promtail-x", "grafana/promtail:3.5.9", container={"env": env}, spec={"nodeName": "n1", **spec})
    known = known_of(read_pods(listed(pod(), promtails), "pods.json"), "promtail")
    host = {"source_labels": [f"{META}{source}"], "target_label": "__host__"}
    assert about(promtail({}, host), CODER, known).reason == reason


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"action": "labelkeep", "regex": "pod"}, 'rule 2 (labelkeep [] regex "pod") takes `__path__` away'),
        ({"action": "labeldrop", "regex": "__path.*"}, 'rule 2 (labeldrop [] regex "__path.*") takes `__path__` away'),
        (
            {"source_labels": [f"{META}pod_phase"], "regex": "Running", "target_label": "__path__", "replacement": ""},
            f'rule 2 (replace [{META}pod_phase] regex "Running") takes `__path__` away',
        ),
    ],
)
def test_the_rule_that_takes_the_path_away_is_named(rule: dict[str, Any], why: str) -> None:
    found = about(promtail({}, rule), CODER, PODS)
    assert (found.reason, found.why) == ("no path", f"job pods: {why}")
