"""A file that no job takes: which cause it is, and the change of the configuration with which one does."""

import difflib
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.causes.shipper import glob_mismatch, path_not_collected
from obs_check.evidence.context import Named
from obs_check.evidence.lost_lines import FILE_HOPS
from obs_check.evidence.shipper_rules import Rules
from obs_check.follow.hop import HopSeen, PathName
from obs_check.follow.shipping import ShippingEvidence
from obs_check.model.entry import Labels
from obs_check.model.finding import Finding
from obs_check.model.probe import Probe
from obs_check.model.shipping import FileState, ShipperState, TargetState
from obs_check.shipper.pods import KnownPods
from tests.causes.test_lost_lines import LINES, TAGS
from tests.fakes import made_context

UID = "0f3b1c52-6a6e-4f0f-9f60-2f7d2f6a9c44"
LOG = "/tmp/boundary_logs/b.log"
POD = f"/var/log/pods/coder_coder-0_{UID}/coder/0.log"
STATIC_POD = "/var/log/pods/kube-system_etcd-n1_8a1c0b6f4d2e/etcd/0.log"
META = "__meta_kubernetes_"
DISCOVERED = {
    f"{META}namespace": "coder",
    f"{META}pod_name": "coder-0",
    f"{META}pod_uid": UID,
    f"{META}pod_container_name": "coder",
    f"{META}pod_label_app": "coder",
}
OTHER = {**DISCOVERED, f"{META}pod_name": "other", f"{META}pod_uid": "x", f"{META}pod_label_app": "other"}


def static(path: str, **labels: str) -> dict[str, Any]:
    """Two targets in front of it, so that a place that is counted wrong shows."""
    front = {"targets": ["one", "two"], "labels": {"__path__": "/var/log/syslog"}}
    return {"job_name": "boundary", "static_configs": [front, {"labels": {"__path__": path, **labels}}]}


def rule(action: str, source: str, regex: str) -> dict[str, Any]:
    return {"action": action, "source_labels": [f"{META}{source}"], "regex": regex}


def path_rule(replacement: str, *sources: str) -> dict[str, Any]:
    names = [f"{META}{name}" for name in sources or ("pod_uid", "pod_container_name")]
    return {"source_labels": names, "separator": "/", "target_label": "__path__", "replacement": replacement}


GOOD = path_rule("/var/log/pods/*$1/*.log")


def pods(*rules: dict[str, Any], asks: dict[str, Any] | None = None) -> dict[str, Any]:
    asked = {"role": "pod", **(asks or {})}
    return {"job_name": "pods", "kubernetes_sd_configs": [asked], "relabel_configs": list(rules)}


def found(tmp_path: Path, job: dict[str, Any], file: str, state: ShipperState, coderd_glob: str = "") -> Finding | None:
    config = tmp_path / "promtail.yaml"
    config.write_text(yaml.safe_dump({"scrape_configs": [job]}, sort_keys=False))
    path: PathName = "A" if file == LOG else "B"
    answer = {"files": {file: 2}, "searched": 1, "sample": LINES}
    read = [Probe("file", "lines", answer, 1)]
    at_file = HopSeen(path, FILE_HOPS[path], TAGS, dict.fromkeys(TAGS, 1), probes=read)
    shipper = HopSeen(path, "shipper", TAGS, shipping=ShippingEvidence(state, {file: 2}))
    hops = (at_file, shipper, HopSeen(path, "loki", TAGS))
    context = made_context(Named(shipper_config=config, coderd_glob=coderd_glob), hops)
    every = [cause.find(context) for cause in (path_not_collected.CAUSE, glob_mismatch.CAUSE)]
    findings = [finding for finding in every if finding is not None]
    assert len(findings) < 2
    return findings[0] if findings else None


WRONG_HOST = f'ignoring target, wrong host (labels:{{__host__="n1", __path__="{POD}", app="coder"}} hostname:node1)'


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (
            ShipperState("promtail", 1, (), (TargetState("pods", "", {}, DISCOVERED, None, WRONG_HOST),)),
            "it drops the pod's target: `__host__` is `n1`, and it runs on `node1`",
        ),
        (
            ShipperState("promtail", 1, undiscovered='Get "http://k8s.example/api/v1/pods": connection refused'),
            'it has found no pod: Get "http://k8s.example/api/v1/pods": connection refused',
        ),
        (ShipperState("promtail", 1, (), (TargetState("pods", "", {}, OTHER, None, WRONG_HOST),)), ""),
        (ShipperState("promtail", 1, (), (TargetState("pods", "", {}, DISCOVERED),), undiscovered="refused"), ""),
        (ShipperState("promtail", 1), ""),
    ],
    ids=["another-node", "no-pods", "other-pods-target", "listed-since", "says-nothing"],
)
def test_a_pod_of_which_the_running_shipper_has_no_target(state: ShipperState, says: str, tmp_path: Path) -> None:
    one = found(tmp_path, pods(GOOD), POD, state)
    assert (one is not None) == bool(says)
    if one is not None:
        assert says in one.claim
        assert (one.cause, one.fix.edits) == ("shipper.path-not-collected", ())


def running(*discovered: Labels, idle: tuple[str, ...] = (), files: tuple[FileState, ...] = ()) -> ShipperState:
    targets = [TargetState("pods", "", {}, labels, None, "dropped target") for labels in discovered]
    targets += [TargetState("boundary", glob, {}, {"__path__": glob}, False) for glob in idle]
    return ShipperState("promtail", 1, files, tuple(targets))


KEPT = FileState(LOG, position=9, on_disk=True, disk_bytes=9)
POD_KEPT = FileState(POD, position=9, on_disk=True, disk_bytes=9)
FAR, NEAR = "shipper.path-not-collected", "shipper.glob-mismatch"
CASES: dict[str, tuple[dict[str, Any], str, ShipperState, str, str, list[str]]] = {
    "wrong-directory": (
        static("/tmp/boundary_log/*.log", job="boundary"),
        LOG,
        running(idle=("/tmp/boundary_log/*.log",), files=(KEPT,)),
        FAR,
        "`/tmp/boundary_log/*.log` of job boundary takes no file",
        ["__path__: /tmp/boundary_logs/*.log"],
    ),
    "wrong-name": (
        static("/tmp/boundary_logs/*.txt"),
        LOG,
        running(files=(KEPT,)),
        NEAR,
        "`b.log` does not match `*.txt`",
        ["__path__: /tmp/boundary_logs/*.log"],
    ),
    "wrong-name-that-takes-others": (
        static("/tmp/boundary_logs/*.txt"),
        LOG,
        running(files=(KEPT, FileState("/tmp/boundary_logs/c.txt", "boundary", 1))),
        NEAR,
        "`b.log` does not match `*.txt`",
        ["__path__: /tmp/boundary_logs/{*.txt,*.log}"],
    ),
    "braces-around-absolute-paths": (
        static("{/tmp/boundary_logs/b.log,/var/log/messages}"),
        LOG,
        running(),
        NEAR,
        "begins with no slash",
        ["__path__: /{tmp/boundary_logs/b.log,var/log/messages}"],
    ),
    "excluded": (
        static("/tmp/boundary_logs/*.log", __path_exclude__="/tmp/*/b*"),
        LOG,
        running(),
        NEAR,
        "`__path_exclude__` of job boundary is `/tmp/*/b*`",
        [],
    ),
    "unpacked-though-plain": (
        {**static("/tmp/boundary_logs/*.log"), "decompression": {"enabled": True, "format": "gz"}},
        LOG,
        running(files=(FileState(LOG, "boundary", read_bytes=0, seen_bytes=0),)),
        FAR,
        "job boundary unpacks gz, this is plain text: nothing is read",
        [],
    ),
    "no-job": (static("/other/*.txt"), LOG, running(), FAR, "elsewhere", ["- job_name: boundary-2"]),
    "no-job-for-pods": (
        static("/other/*.txt"),
        POD,
        running(files=(POD_KEPT,)),
        FAR,
        "elsewhere",
        [
            "- job_name: pods-coder",
            "- role: pod",
            "regex: coder/coder",
            "target_label: pod",
            "target_label: __path__",
        ],
    ),
    "no-job-for-static-pods": (
        static("/other/*.txt"),
        STATIC_POD,
        running(),
        FAR,
        "elsewhere",
        ["- job_name: pods-etcd", "regex: kube-system/etcd", f"- {META}pod_annotation_kubernetes_io_config_hash"],
    ),
    "no-path-of-static-pods": (
        pods(rule("keep", "namespace", "kube-system")),
        STATIC_POD,
        running(),
        FAR,
        "no rule of job pods sets `__path__`",
        [f"- {META}pod_annotation_kubernetes_io_config_hash"],
    ),
    "discovery-of-other-namespaces": (
        pods(GOOD, asks={"namespaces": {"names": ["shop", "web"]}}),
        POD,
        running(files=(POD_KEPT,)),
        FAR,
        "job pods: its discovery asks for pods of namespace shop or web alone",
        ["- coder"],
    ),
    "keep-on-another-namespace": (
        pods(rule("keep", "namespace", "shop|web"), GOOD),
        POD,
        running(files=(POD_KEPT,)),
        FAR,
        f'rule 1 (keep [{META}namespace] regex "shop|web") of job pods drops the target, its value is "coder"',
        ["regex: shop|web|coder"],
    ),
    "keep-on-a-pod-label": (
        pods(rule("keep", "pod_label_app", "shop"), GOOD),
        POD,
        running(OTHER, DISCOVERED, files=(POD_KEPT,)),
        FAR,
        'its value is "coder"',
        ["regex: shop|coder"],
    ),
    "keep-on-a-label-that-the-pod-has-not": (
        pods(rule("keep", "pod_label_ship", "yes"), GOOD),
        POD,
        running(DISCOVERED),
        FAR,
        'its value is ""',
        [],
    ),
    "drop-of-one-of-several": (
        pods(rule("drop", "namespace", "kube-system|coder|x"), GOOD),
        POD,
        running(),
        FAR,
        "rule 1 (drop",
        ["regex: kube-system|x"],
    ),
    "labels-to-keep-without-the-path": (
        pods(GOOD, {"action": "labelkeep", "regex": "app|pod"}),
        POD,
        running(DISCOVERED),
        FAR,
        'rule 2 (labelkeep [] regex "app|pod") of job pods takes `__path__` away',
        ["regex: app|pod|__path__"],
    ),
    "wrong-replacement": (
        pods(path_rule("/var/log/pod/*$1/*.log")),
        POD,
        running(DISCOVERED),
        FAR,
        f"makes `/var/log/pod/*{UID}/coder/*.log` its path",
        ["replacement: /var/log/pods/*$1/*.log"],
    ),
    "wrong-replacement-near": (
        pods(path_rule("/var/log/pods/*$1/*.txt")),
        POD,
        running(),
        NEAR,
        "makes `/var/log/pods/*",
        ["replacement: /var/log/pods/*$1/*.log"],
    ),
    "path-of-another-label": (
        pods(path_rule("/var/log/pods/*$1/*.log", "pod_name", "pod_container_name")),
        POD,
        running(DISCOVERED),
        FAR,
        "makes `/var/log/pods/*coder-0/coder/*.log` its path",
        [f"- {META}pod_uid"],
    ),
    "no-path": (
        pods(rule("keep", "namespace", "coder")),
        POD,
        running(),
        FAR,
        "no rule of job pods sets `__path__`",
        ["target_label: __path__"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_change_with_which_the_file_is_taken(name: str, tmp_path: Path) -> None:
    job, file, state, cause, why, rows = CASES[name]
    one = found(tmp_path, job, file, state)
    assert one is not None
    assert one.cause == cause
    assert why in one.claim
    assert "2 of 2 lines are pushed" in one.claim
    (edit,) = one.fix.edits
    added = [
        row[2:].strip() for row in difflib.ndiff(edit.before.splitlines(), edit.after.splitlines()) if row[0] == "+"
    ]
    assert [row for row in rows if row not in added] == []
    assert not [row for row in added if "coder-0" in row or "etcd-n1" in row]


@pytest.mark.parametrize("taken", ["/var/log/pods/*/*/*.log", "/var/log/pods/coder_*/coder/*.log"])
def test_a_job_that_waits_for_other_files_is_left_as_it_is(taken: str, tmp_path: Path) -> None:
    """As that of coderd's log, where the firewall was killed before coderd heard of anything."""
    one = found(tmp_path, static(taken), LOG, running(idle=(taken,)), "/var/log/pods/*/*/*.log")
    assert one is not None
    assert one.fix.edits[0].after.startswith(one.fix.edits[0].before.rstrip())
    assert "- job_name: boundary-2" in one.fix.edits[0].after


def test_a_selector_that_leaves_the_pod_out_is_a_persons_to_change(tmp_path: Path) -> None:
    asks = {"selectors": [{"role": "pod", "field": "metadata.namespace=shop"}]}
    one = found(tmp_path, pods(GOOD, asks=asks), POD, running(files=(POD_KEPT,)))
    assert one is not None
    assert (one.cause, one.fix.edits) == (FAR, ())
    assert "asks for pods of field metadata.namespace=shop alone" in one.claim


def test_a_container_with_two_ports_is_read_once(tmp_path: Path) -> None:
    ports = tuple({**DISCOVERED, "__address__": f"10.0.0.5:{port}"} for port in (8080, 9090))
    text = yaml.safe_dump({"scrape_configs": [pods(GOOD)]})
    about = Rules.read(tmp_path / "p.yaml", text, {}, KnownPods(ports)).about(POD)
    assert (about.reason, len(about.by)) == ("taken", 1)


@pytest.mark.parametrize(
    ("job", "state"),
    [
        (pods(rule("keep", "pod_label_app", "shop"), GOOD), running(OTHER)),
        (static("/other/*.log"), running(files=(FileState(POD, "pods", seen_bytes=9),))),
        (pods(GOOD), running()),
    ],
    ids=["nobody-knows-the-pod-s-label", "another-configuration-runs", "a-job-takes-it"],
)
def test_nothing_is_claimed(job: dict[str, Any], state: ShipperState, tmp_path: Path) -> None:
    assert found(tmp_path, job, POD, state) is None
