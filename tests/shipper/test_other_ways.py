"""A file that no known target takes, and ways in which its lines may be read all the same."""

import pytest

from obs_check.shipper.pod_objects import known_of, read_pods
from obs_check.shipper.read import parse_shipper
from obs_check.shipper.targets import FileReport, LogFile, find_targets, report
from tests.shipper.test_pod_objects import UID, listed, pod

POD = f"/var/log/pods/coder_coder-0_{UID}/coder/0.log"
WEB = "/var/log/web/a.log"
DOCKER = "/var/lib/docker/containers/abc/abc-json.log"
RULE = "relabel_configs: [{source_labels: [__meta_x], target_label: __path__, replacement: %s}]"


def about(text: str, path: str) -> FileReport:
    config = parse_shipper(text, "c.yaml" if "scrape_configs" in text else "c.alloy", {})
    files = [LogFile(path, size=1)]
    targets = find_targets(config.jobs, files, {}, known_of(read_pods(listed(pod()), "pods.json"), config.dialect))
    return report(files, targets, config.open_parts, config.jobs)[0]


def promtail(way: str, path: str = "") -> str:
    return f"scrape_configs: [{{job_name: x, {way}{f', {RULE % path}' if path else ''}}}]"


CONSUL = "consul_sd_configs: [{server: consul.example:8500}]"
ENDPOINTS = "kubernetes_sd_configs: [{role: endpoints}]"
FILES = "file_sd_configs: [{files: [/etc/x.yaml]}]"
API = """
discovery.kubernetes "p" {
  role = "pod"
  %s
}
discovery.relabel "p" {
  targets = discovery.kubernetes.p.targets
  rule {
    source_labels = ["__meta_kubernetes_namespace"]
    regex         = "%s"
    action        = "drop"
  }
}
loki.source.kubernetes "p" {
  targets    = discovery.relabel.p.output
  forward_to = []
}
"""
FILELOG = """
otelcol.receiver.filelog "p" {
  include = ["/var/log/pods/*/*/*.log"]
  output { logs = [otelcol.exporter.loki.p.input] }
}
otelcol.exporter.loki "p" { forward_to = [] }
"""


@pytest.mark.parametrize(
    ("config", "path", "reason", "why"),
    [
        (promtail(CONSUL, "/var/log/web/$1"), WEB, "unknown", "job x finds targets by consul_sd_configs"),
        (promtail(CONSUL, "/srv/$1"), WEB, "no job", ""),
        (promtail(CONSUL), WEB, "no job", ""),
        (promtail(FILES), WEB, "unknown", "job x finds targets by file_sd_configs"),
        (promtail(ENDPOINTS, "/var/log/pods/*$1/*.log"), POD, "unknown", "with role endpoints"),
        (promtail(ENDPOINTS, "/var/log/pods/*$1/*.log"), WEB, "no job", ""),
        (promtail("docker_sd_configs: [{host: unix:///run/docker.sock}]"), DOCKER, "unknown", "by Docker's API"),
        (promtail("docker_sd_configs: [{host: unix:///run/docker.sock}]"), WEB, "no job", ""),
        (promtail("journal: {}"), WEB, "no job", ""),
        ('loki.source.podlogs "p" { forward_to = [] }', POD, "unknown", "the pods that PodLogs objects choose"),
        ('loki.source.podlogs "p" { forward_to = [] }', WEB, "no job", ""),
        (FILELOG, WEB, "unknown", "otelcol.receiver.filelog.p: the files that it reads are not looked at"),
        (API % ("", "shop"), POD, "taken by API", "reads the container's log by Kubernetes' API, not from the file"),
        (API % ("", "shop"), WEB, "no job", ""),
        (API % ("", "coder"), POD, "relabel drop", 'rule 1 (drop [__meta_kubernetes_namespace] regex "coder")'),
        (API % ('namespaces { names = ["shop"] }', "x"), POD, "not discovered", "of namespace shop alone"),
    ],
)
def test_what_may_read_a_file(config: str, path: str, reason: str, why: str) -> None:
    found = about(config, path)
    assert found.reason == reason
    assert why in found.why


def test_the_labels_of_what_is_read_by_the_api() -> None:
    found = about(API % ("", "shop"), POD)
    assert found.api is not None
    assert found.api.labels == {"job": "loki.source.kubernetes.p", "instance": "coder/coder-0:coder"}
