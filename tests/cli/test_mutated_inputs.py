"""Whatever stands in a file, or is answered by kubectl, Coder, promtail or a probe, is read or named: no error of our
own. One thing of a good one is changed at a time."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, cast

import httpx
import pytest
import yaml

from obs_check.app.decisions import STATE, collect, decision_of
from obs_check.app.setup.cluster import ClusterFound, look_into
from obs_check.app.systems.pods import open_pods, pods_in
from obs_check.boundary.config import read_boundary_config
from obs_check.boundary.log_lines import begins_process, decided_in, last_invocation
from obs_check.client import cluster, transport
from obs_check.client.answered import Answered
from obs_check.client.executors import kubectl
from obs_check.client.executors.chat import Chat
from obs_check.client.executors.probe import run_probe
from obs_check.client.exposition import parse_exposition
from obs_check.client.files.archive import archive_bytes, read_archive
from obs_check.client.files.local_files import read_document
from obs_check.client.loki.client import LokiClient, StoredLine
from obs_check.client.shipper.alloy_state import alloy_state
from obs_check.client.shipper.positions import read_positions
from obs_check.client.shipper.promtail_state import promtail_state
from obs_check.client.shipper.promtail_targets import parse_discovery, parse_targets
from obs_check.client.workspace import workspace_health
from obs_check.config import ClusterConfig, parse_config
from obs_check.config.executors import ChatConfig, CoderConfig, KubectlConfig
from obs_check.config.kubernetes import KubernetesConfig
from obs_check.config.section import Secret
from obs_check.errors import ObsCheckError
from obs_check.follow.journal import read_journal
from obs_check.follow.run import plan_events
from obs_check.lint.sources import read_datasources
from obs_check.model.probe import Probe
from obs_check.model.window import Window
from obs_check.panel.expect import load_expectations
from obs_check.report.bundle import MANIFEST, bundle_files, verification_lines, verify_files
from obs_check.shipper.pod_objects import discovered_targets, shippers
from obs_check.testing.suite import load_suite
from tests.mutants import DEEP, DEEP_YAML, mutants, spoiled
from tests.report.pages import small

MUTANTS = 1000
"""Of each kind."""
ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests/fixtures"
EVENTS = plan_events("abcdef", 1, 1, "http://a.example/", "http://d.example/")
JOURNAL: list[dict[str, Any]] = [
    {"kind": "run", "run": "abcdef", "at_ns": 1},
    {"kind": "event", "n": 1, "decision": "allow", "method": "GET", "url": EVENTS[0].url},
    {"kind": "event", "n": 2, "decision": "deny", "method": "GET", "url": EVENTS[1].url},
    {
        "kind": "through",
        **dict.fromkeys(("via", "place", "proves", "proves_not", "hold"), "x"),
        "wrap": "nsjail",
        "evidence": ["e"],
        "tool_call": False,
    },
    {"kind": "sending", "first": 1, "last": 2, "at_ns": 3},
    {"kind": "answer", "n": 1, "sent_ns": 3, "at_ns": 4, "verdict": "allow", "status": 200, "client": "curl"},
]
POSITIONS = b'positions:\n  /a.log: "123"\n  ? path: /b.log\n    labels: \'{job="b"}\'\n  : "12"\n  cursor: "s=abc"\n'
BOUNDARY = b"""\
allowlist:
  - "domain=a.example"
  - method=GET,HEAD domain=*.b.example path=/x/*
log_level: info
log_dir: /tmp/logs
proxy_port: 8080
disable_audit_logs: false
"""
LINES = b"""\
time=2026-11-24T00:00:00.603Z level=INFO msg=ALLOW method=GET url="http://a.example/?q=\\"x\\"" host=a.example rule="a"
2026-11-24T00:00:00.6Z stderr F {"msg":"boundary_request","fields":{"decision":"deny","http_url":"http://a.example:80/"}}
2026-11-24 00:00:00.6 [info] coderd: boundary_request decision=deny http_url="http://a.example/" owner=joe
boundary-2026-11-24_00-00-00-12.log
"""
CONFIG = b"""\
grafana: {url: 'http://g.example', token: {env: T}}
dashboard: d
loki: {url: 'http://l.example', tenant: a}
boundary: {logs: 'a/*.log', config: b.yaml, proxy: 'http://127.0.0.1:8080'}
shipper: {kind: promtail, url: 'http://s.example', config: p.yaml, positions: pos.yaml}
inject: {allow_url: 'http://a.example/', deny_url: 'http://d.example/', settle_s: 6}
executors: {kubectl: {context: c, namespace: n, pod: p}}
checks: [{name: x, run: 'true'}]
timeouts: {hop_s: 4, metrics_s: 8}
"""
DATASOURCES = (
    b"datasources:\n- {name: Loki, type: loki, uid: l, url: http://l, jsonData: {a: 1}, secureJsonData: {x: y}}\n"
)
ALLOY = b'loki_source_file_read_lines_total{path="/a.log"} 3\nloki_write_dropped_entries_total{reason="x"} 1e3\n'
EXPECT = b"""\
dashboard: agent-firewall
panels:
  1: {path: B, kind: count, by: decision, names: {allow: Allowed, deny: Denied}}
  4: {path: B, kind: lines, decision: allow, limit: 10}
  10: {path: metrics, kind: rises}
"""
SUITE = b"""\
tests:
  - name: a
    at: "2026-01-01T12:00:00Z"
    from: now-6h
    variables: {owner: [joe, ann]}
    given:
      events: [{decision: allow, url: "http://a.example/{n}", method: GET, count: 2, ago: 5m, owner: joe, paths: [A]}]
      logs: [{labels: {job: b}, lines: [x, {line: y, ago: 1m, metadata: {a: b}}]}]
      metrics: [{series: 'a_total{b="c"}', values: "0+1x4", interval: 1m}]
    queries:
      - {query: 'sum(count_over_time({job="b"}[5m]))', range: 1h, step: 1m, want: [{labels: {}, values: "1 2"}]}
      - {query: '{job="b"}', lines: [x]}
"""
POD: dict[str, Any] = {
    "kind": "Pod",
    "metadata": {
        "name": "p",
        "namespace": "n",
        "uid": "u",
        "labels": {"app": "a"},
        "annotations": {"x/y": "z"},
        "ownerReferences": [{"kind": "DaemonSet", "name": "promtail", "controller": True}],
    },
    "spec": {
        "containers": [
            {
                "name": "c",
                "image": "grafana/promtail:3.5.9",
                "ports": [{"name": "http", "containerPort": 80}],
                "volumeMounts": [{"name": "v", "mountPath": "/var/log", "subPath": "x"}],
            }
        ],
        "initContainers": [{"name": "i"}],
        "volumes": [{"name": "v", "hostPath": {"path": "/var/log"}}],
    },
    "status": {
        "phase": "Running",
        "podIP": "10.0.0.1",
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [{"name": "c", "containerID": "d"}],
    },
}
PODS = {"kind": "List", "items": [POD]}
COLLECTED = {
    "window": {"start_ns": 0, "end_ns": 9},
    "queries": [{"path": "A", "expr": '{job="b"}', "from_ns": 3, "seen": ["a"], "done": False}],
    "rows": 1,
    "size": 0,
    "crowded": 0,
}
PROBE: list[dict[str, Any]] = [
    {"kind": "place", "jail": "", "user": "u", "env": ["A=b"]},
    {"kind": "no_client", "wanted": "curl"},
    {
        "kind": "answer",
        "n": 1,
        "client": "curl",
        "at_ns": 1,
        "end_ns": 2,
        "status": 403,
        "error": "",
        "blocked": True,
        "exit": 0,
    },
    {"kind": "end"},
]
CALL = {"type": "tool-call", "tool_call_id": "t", "args": {"command": "sh -c x"}}
SAID = {"messages": [{"content": [CALL, {"type": "tool-result", "tool_call_id": "t", "result": {"output": "o"}}]}]}
AGENT = {"name": "a", "status": "connected", "health": {"healthy": True}, "apps": [{"slug": "s", "health": "healthy"}]}
WORKSPACE = {"latest_build": {"status": "running", "resources": [{"agents": [AGENT]}]}}
BUNDLE = bundle_files(small())
SEALED = {name: BUNDLE[name] for name in (MANIFEST, "README.txt")}
"""One that lacks the document, and is told so soon."""
METRICS = (FIXTURES / "client/promtail-metrics.txt").read_text()
DASHBOARD = {"uid": "d", "title": "d", "panels": [{"id": 1, "type": "stat", "targets": []}]}


def text_of(path: str) -> bytes:
    return (ROOT / path).read_bytes()


def changed(text: bytes, seed: int, number: int = MUTANTS) -> Iterator[bytes]:
    """A YAML or JSON text changed as a document and as a text."""
    deep = DEEP if text.startswith(b"{") else DEEP_YAML
    return chain(mutants(yaml.safe_load(text), number // 2, seed), spoiled(text, number // 2, seed, deep))


def rows(documents: list[dict[str, Any]], seed: int, begin: str = "") -> Iterator[bytes]:
    """Lines of JSON, one of them changed."""
    for text in mutants(documents, MUTANTS // 2, seed):
        try:
            found = json.loads(text)
        except ValueError:
            found = [text.decode("utf-8", "replace")]
        if isinstance(found, list):
            yield "".join(f"{begin}{json.dumps(row)}\n" for row in found).encode()
    yield from spoiled("".join(f"{begin}{json.dumps(row)}\n" for row in documents).encode(), MUTANTS // 2, seed)


def read_bundle(path: Path) -> None:
    files, sealed = read_archive(path)
    found = verify_files(files, sealed, str(path))
    list(verification_lines(found))
    found.to_json()


def read_run(path: Path) -> None:
    run, _ = read_journal(path)
    run.to_json()


def read_pod_list(path: Path) -> None:
    pods = pods_in(path)
    discovered_targets(pods)
    shippers(pods, "promtail")
    for pod in pods:
        pod.sees("/var/log/a")


class Silent:
    """A Loki that has no line."""

    def oldest(self, *_given: object) -> Answered[list[StoredLine]]:
        return Answered([], Probe("loki", "", None, 1))


def read_state(path: Path) -> None:
    path.replace(path.parent / STATE)
    collect(cast(LokiClient, Silent()), Window(0, 9), path.parent, lambda _said: None)


FILES: dict[str, tuple[Callable[[], Iterable[bytes]], Callable[[Path], object]]] = {
    "bundle": (
        # Few of a whole one, each of which is recomputed.
        lambda: chain(spoiled(archive_bytes(BUNDLE), 10, 1), spoiled(archive_bytes(SEALED), MUTANTS, 1)),
        read_bundle,
    ),
    "manifest": (
        lambda: chain(
            (archive_bytes({**BUNDLE, MANIFEST: text}) for text in changed(BUNDLE[MANIFEST], 2, 10)),
            (archive_bytes({**SEALED, MANIFEST: text}) for text in changed(SEALED[MANIFEST], 2)),
        ),
        read_bundle,
    ),
    "journal": (lambda: rows(JOURNAL, 3), read_run),
    "positions.yaml": (lambda: spoiled(POSITIONS, MUTANTS, 4, DEEP_YAML), read_positions),
    "expect.yaml": (
        lambda: changed(EXPECT, 5),
        lambda path: load_expectations(read_document(path), str(path)),
    ),
    "test.yaml": (lambda: changed(SUITE, 6), load_suite),
    "boundary.yaml": (lambda: changed(BOUNDARY, 7), read_boundary_config),
    "obs-check.yaml": (
        lambda: changed(CONFIG, 8),
        lambda path: parse_config(path.read_text("utf-8", "replace"), path, {"T": "gr4fana-token-of-a-mutant"}),
    ),
    "datasources.yaml": (lambda: changed(DATASOURCES, 9), read_datasources),
    "a collection that was interrupted": (lambda: changed(json.dumps(COLLECTED).encode(), 11), read_state),
    "pods": (lambda: changed(json.dumps(PODS).encode(), 10), read_pod_list),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_mutated_file_is_read_or_named(kind: str, tmp_path: Path) -> None:
    texts, read = FILES[kind]
    path, named = tmp_path / "given", 0
    for text in texts():
        path.write_bytes(text)
        try:
            read(path)
        except ObsCheckError as error:
            assert "\n" not in error.message, error.message
            named += 1
    assert named > 5


class Answer(NamedTuple):
    """`texts` are answers, one of which `ask` reads; `names` of them are refused at least."""

    texts: Callable[[], Iterable[bytes]]
    ask: Callable[[bytes, pytest.MonkeyPatch], object]
    names: int = 6


def asked_lines(text: bytes, _patch: pytest.MonkeyPatch) -> None:
    for line in text.decode("utf-8", "replace").split("\n"):
        decided_in(line)
        begins_process(line)
        decision_of("A", StoredLine({}, 1, line))
        decision_of("B", StoredLine({}, 1, line))
        last_invocation([Path(line.replace("\0", ""))])


def asked_page(read: Callable[[str], Any], place: int) -> Callable[[bytes, pytest.MonkeyPatch], object]:
    def ask(text: bytes, _patch: pytest.MonkeyPatch) -> None:
        pages: list[Any] = [[], []]
        pages[place] = read(text.decode("utf-8", "replace"))
        json.dumps(promtail_state(1, parse_exposition(METRICS), *pages).to_json())

    return ask


def asked_pod(text: bytes, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(kubectl, "read_output", lambda *_given, **_more: text.decode("utf-8", "replace"))
    patch.setattr(kubectl, "run_process", lambda *_given, **_more: ())
    open_pods(KubernetesConfig(context="c"), {}, lambda _said: None)
    for named in (KubectlConfig("c", "n", selector="a=b"), KubectlConfig("c", "n", "p")):
        kubectl.Kubectl(named, {}).run("x", 1)


def cluster_items() -> Any:
    """The objects of a cluster as a list."""
    promtail = base64.b64encode(b"scrape_configs: [{job_name: a}]").decode()
    text = (FIXTURES / "cluster/monitoring.yaml").read_text().replace("%PROMTAIL%", promtail)
    return yaml.safe_load(text.replace("%DASHBOARD%", json.dumps(json.dumps(DASHBOARD))[1:-1]))["items"]


def asked_cluster(text: bytes, patch: pytest.MonkeyPatch) -> None:
    def output(argv: Any, *_given: Any, **_more: Any) -> str:
        try:
            held = json.loads(text)
            kind = argv[4].removesuffix("s") if argv[3] == "get" else ""
            held = [one for one in held if str(one.get("kind")).lower() == kind]
            return json.dumps({"items": held} if argv[4].endswith("s") else held[0])
        except (ValueError, RecursionError, AttributeError, LookupError, TypeError):
            return text.decode("utf-8", "replace")

    patch.setattr(cluster, "read_output", output)
    list(look_into(cluster.Cluster(ClusterConfig("c"), {}), None, ClusterFound()))


class Printing(NamedTuple):
    """An executor whose probe printed a text."""

    text: str
    place: str = "there"
    name: str = "x"
    reach: Any = None

    def run(self, *_given: object) -> Iterator[str]:
        yield from self.text.split("\n")


def asked_probe(text: bytes, _patch: pytest.MonkeyPatch) -> None:
    for probed in run_probe(Printing(text.decode("utf-8", "replace")), "x", 1):
        probed.wrap(probed.denied(EVENTS))


def coder_answers(patch: pytest.MonkeyPatch, answer: Callable[[httpx.Request], bytes]) -> None:
    """Coder answers every request by `answer`."""
    mock = httpx.MockTransport(lambda request: httpx.Response(200, content=answer(request)))
    patch.setattr(transport, "timed_transport", lambda *_: mock)


def asked_chat(text: bytes, patch: pytest.MonkeyPatch) -> None:
    """Each of the three answers is the one that is changed."""
    good = (b'{"id": "c"}', json.dumps(SAID).encode(), b'{"status": "waiting"}')
    config = ChatConfig("http://coder.example", Secret("t", lambda: "c0der-session-of-a-mutant"), "o", "w")
    for changed_one in range(3):

        def answer(request: httpx.Request, changed_one: int = changed_one) -> bytes:
            which = 0 if request.method == "POST" else 1 if request.url.path.endswith("/messages") else 2
            return text if which == changed_one else good[which]

        coder_answers(patch, answer)
        try:
            list(Chat(config, pause=lambda _s: None, clock=iter(range(100)).__next__).run("x", 3))
        except ObsCheckError:
            continue


def asked_workspace(text: bytes, patch: pytest.MonkeyPatch) -> None:
    coder_answers(patch, lambda _request: text)
    workspace_health(CoderConfig("http://coder.example", "o/w"))


ANSWERS = {
    "lines of boundary and coderd": Answer(lambda: spoiled(LINES, MUTANTS, 1), asked_lines, 0),
    "promtail's metrics": Answer(
        lambda: spoiled(METRICS.encode(), MUTANTS, 2),
        lambda text, _: promtail_state(1, parse_exposition(text.decode("utf-8", "replace"))).to_json(),
        0,
    ),
    "Alloy's metrics": Answer(
        lambda: spoiled(ALLOY, MUTANTS, 3),
        lambda text, _: alloy_state(1, parse_exposition(text.decode("utf-8", "replace"))).to_json(),
        0,
    ),
    "/targets": Answer(
        lambda: spoiled(text_of("tests/fixtures/client/promtail-targets.html"), MUTANTS, 4),
        asked_page(parse_targets, 0),
        1,
    ),
    "/service-discovery": Answer(
        lambda: spoiled(text_of("tests/fixtures/client/promtail-service-discovery.html"), MUTANTS, 5),
        asked_page(parse_discovery, 1),
        1,
    ),
    "pods by kubectl": Answer(
        lambda: chain(changed(json.dumps(PODS).encode(), 6, 500), changed(json.dumps(POD).encode(), 7, 500)), asked_pod
    ),
    "a cluster": Answer(
        lambda: chain(mutants(cluster_items(), 900, 8), spoiled(json.dumps(cluster_items()).encode(), 100, 8)),
        asked_cluster,
        0,
    ),
    "a probe": Answer(lambda: rows(PROBE, 9, "obs-check-probe "), asked_probe),
    "a chat": Answer(lambda: chain(mutants(SAID, 300, 10), mutants({"id": "c"}, 40, 11)), asked_chat, 0),
    "a workspace": Answer(lambda: changed(json.dumps(WORKSPACE).encode(), 12), asked_workspace),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_mutated_answer_is_read_or_named(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, ask, names = ANSWERS[kind]
    named = 0
    for text in texts():
        try:
            ask(text, monkeypatch)
        except ObsCheckError as error:
            assert "\n" not in error.message, error.message
            named += 1
    assert named >= names
