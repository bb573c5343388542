"""`obs-check shipper targets` on trees of files."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.cli.main import main

UID = "0f3b1c52-6a6e-4f0f-9f60-2f7d2f6a9c44"
CODER = f"/var/log/pods/coder_coder-0_{UID}/coder/0.log"
STATIC = "/var/log/pods/kube-system_etcd-node1_0123456789abcdef0123456789abcdef/etcd/0.log"
META = "__meta_kubernetes_"
HELM: list[dict[str, Any]] = [
    {
        "source_labels": [f"{META}pod_label_app_kubernetes_io_name", f"{META}pod_label_app", f"{META}pod_name"],
        "regex": "^;*([^;]+)(;.*)?$",
        "target_label": "app",
    },
    {"source_labels": [f"{META}pod_node_name"], "target_label": "node_name"},
    {"source_labels": [f"{META}namespace"], "target_label": "namespace"},
    {"source_labels": ["namespace", "app"], "separator": "/", "target_label": "job"},
    {"source_labels": [f"{META}pod_container_name"], "target_label": "container"},
    {
        "source_labels": [f"{META}pod_uid", f"{META}pod_container_name"],
        "separator": "/",
        "replacement": "/var/log/pods/*$1/*.log",
        "target_label": "__path__",
    },
    {
        "source_labels": [
            f"{META}pod_annotationpresent_kubernetes_io_config_hash",
            f"{META}pod_annotation_kubernetes_io_config_hash",
            f"{META}pod_container_name",
        ],
        "separator": "/",
        "regex": "true/(.*)",
        "replacement": "/var/log/pods/*$1/*.log",
        "target_label": "__path__",
    },
]


def pods(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"job_name": "pods", "kubernetes_sd_configs": [{"role": "pod"}], "relabel_configs": [*rules, *HELM]}


def static(path: str, **labels: str) -> dict[str, Any]:
    return {"job_name": "boundary", "static_configs": [{"labels": {"job": "boundary", "__path__": path, **labels}}]}


class Tree:
    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root / "root"
        self.root.mkdir()
        self.config = root / "promtail.yaml"
        self._capsys = capsys

    def put(self, path: str, content: bytes = b"a line\n") -> Path:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def targets(self, code: int, jobs: list[dict[str, Any]], *args: str) -> dict[str, Any]:
        self.config.write_text(yaml.safe_dump({"scrape_configs": jobs}))
        command = [
            "shipper",
            "targets",
            "--shipper-config",
            str(self.config),
            "--root",
            str(self.root),
            "-o",
            "json",
            *args,
        ]
        assert main(command) == code
        document: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        document["files"] = {row["path"]: row for row in document["files"]}
        return document


@pytest.fixture
def tree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tree:
    return Tree(tmp_path, capsys)


def test_pods_are_told_from_their_paths_and_what_is_not_told_is_named(tree: Tree) -> None:
    tree.put(CODER)
    tree.put(STATIC)
    files = tree.targets(0, [pods()])["files"]
    coder = files[CODER]
    assert (coder["reason"], coder["job"]) == ("taken", "pods")
    assert coder["labels"] == {"namespace": "coder", "container": "coder", "filename": CODER}
    names = (f"{META}pod_label_app_kubernetes_io_name", f"{META}pod_label_app")
    assert coder["unknown_labels"] == {"app": [*names], "job": [*names], "node_name": [f"{META}pod_node_name"]}
    assert files[STATIC]["reason"] == "taken", "a static pod's directory has the hash of its manifest, not its uid"


def test_labels_and_meta_labels_can_be_given(tree: Tree) -> None:
    tree.put(CODER)
    given = ("--label", "app.kubernetes.io/name=coder", "--label", "app=x", "--meta", "pod_node_name=node-1")
    coder = tree.targets(0, [pods()], *given)["files"][CODER]
    assert coder["unknown_labels"] == {}
    assert coder["labels"]["job"] == "coder/coder"
    assert coder["labels"]["node_name"] == "node-1"


def pods_file(directory: Path, *labels: str) -> Path:
    """What kubectl says of coder's pod, with these pod labels."""
    meta = {"namespace": "coder", "name": "coder-0", "uid": UID, "labels": dict(one.split("=") for one in labels)}
    spec = {"nodeName": "node-7", "containers": [{"name": "coder", "image": "coder"}]}
    path = directory / "pods.json"
    item = {"kind": "Pod", "metadata": meta, "spec": spec, "status": {"podIP": "10.0.0.5"}}
    path.write_text(json.dumps({"kind": "List", "items": [item]}))
    return path


KEEP = {"action": "keep", "source_labels": [f"{META}pod_label_app"], "regex": "coder"}
DROP = {"action": "drop", "source_labels": [f"{META}namespace"], "regex": "coder|kube-.*"}
IGNORED = {"action": "drop", "source_labels": [f"{META}pod_annotation_ignore"], "regex": "true"}


@pytest.mark.parametrize(
    ("rule", "args", "code", "reason", "why"),
    [
        (DROP, (), 1, "relabel drop", f'rule 1 (drop [{META}namespace] regex "coder|kube-.*") drops the target'),
        (KEEP, (), 3, "unknown", f"needs {META}pod_label_app, which no path tells"),
        (KEEP, ("--label", "app=coder"), 0, "taken", ""),
        (KEEP, ("--label", "app=other"), 1, "relabel drop", 'its value is "other"'),
        (IGNORED, (), 0, "taken", f"unless {META}pod_annotation_ignore say otherwise"),
    ],
)
def test_a_rule_that_drops_is_named(
    tree: Tree, rule: dict[str, Any], args: tuple[str, ...], code: int, reason: str, why: str
) -> None:
    tree.put(CODER)
    row = tree.targets(code, [pods(rule)], *args)["files"][CODER]
    assert row["reason"] == reason
    assert why in row["why"]


@pytest.mark.parametrize("configured", [False, True])
def test_the_pods_that_kubectl_lists_tell_what_no_path_tells(tree: Tree, tmp_path: Path, configured: bool) -> None:
    tree.put(CODER)
    (tmp_path / "obs-check.yaml").write_text("kubernetes: {pods: pods.json}\n")
    given = ("--config", str(tmp_path / "obs-check.yaml")) if configured else ("--pods", str(tmp_path / "pods.json"))
    pods_file(tmp_path, "app=coder")
    row = tree.targets(0, [pods(KEEP, IGNORED)], *given)["files"][CODER]
    assert (row["reason"], row["why"], row["unknown_labels"]) == ("taken", "", {})
    assert (row["labels"]["app"], row["labels"]["node_name"]) == ("coder", "node-7")
    pods_file(tmp_path, "app=other")
    assert 'its value is "other"' in tree.targets(1, [pods(KEEP)], *given)["files"][CODER]["why"]


LOG = "/tmp/boundary_logs/a.log"


@pytest.mark.parametrize(
    ("job", "content", "code", "reason", "why"),
    [
        (static("/tmp/boundary_logs/*.log"), b"x\n", 0, "taken", ""),
        (static("/tmp/boundary_logs/*.log"), b"", 0, "empty", "nothing to read"),
        (static("/tmp/boundary_logs/*.txt"), b"x\n", 1, "glob", "`a.log` does not match `*.txt` of job boundary"),
        (static("/tmp/boundary/*.log"), b"x\n", 1, "glob", "`boundary_logs` does not match `boundary`"),
        (static("/tmp/**/*.log", __path_exclude__="/tmp/*/a*"), b"x\n", 1, "excluded", "`/tmp/*/a*`"),
        (static("/tmp/boundary_logs/*"), gzip.compress(b"x\n", mtime=0), 1, "compressed", "no `decompression`"),
        (
            {**static("/tmp/boundary_logs/*"), "decompression": {"enabled": True, "format": "gz"}},
            b"x\n",
            1,
            "not compressed",
            "unpacks gz, this is plain text",
        ),
        (
            {**static("/tmp/boundary_logs/*"), "decompression": {"enabled": True, "format": "gz"}},
            gzip.compress(b"x\n", mtime=0),
            0,
            "taken",
            "",
        ),
        ({"job_name": "pods", "kubernetes_sd_configs": [{"role": "pod"}]}, b"x\n", 1, "no job", "no job has a path"),
    ],
)
def test_why_a_file_is_taken_or_not(
    tree: Tree, job: dict[str, Any], content: bytes, code: int, reason: str, why: str
) -> None:
    tree.put(LOG, content)
    row = tree.targets(code, [job])["files"][LOG]
    assert row["reason"] == reason
    assert why in row["why"]
    assert bool(row["nearest"]) == (reason == "glob")


def test_links_are_followed_inside_the_tree(tree: Tree) -> None:
    tree.put(CODER)
    links = tree.root / "var/log/containers"
    links.mkdir()
    (links / "coder.log").symlink_to(CODER)
    (links / "gone.log").symlink_to("/var/lib/docker/gone-json.log")
    (links / "loop.log").symlink_to("loop.log")
    files = tree.targets(1, [static("/var/log/containers/*.log")], "/var/log/containers")["files"]
    assert {Path(p).name: (r["reason"], r["why"]) for p, r in files.items()} == {
        "coder.log": ("taken", f"a symbolic link to {CODER}"),
        "gone.log": ("symlink", "a symbolic link to /var/lib/docker/gone-json.log, which is not there"),
        "loop.log": ("symlink", "a symbolic link to loop.log, which is not there"),
    }


def test_links_to_directories_are_followed_but_not_in_circles(tree: Tree) -> None:
    tree.put("/data/logs/a.log")
    (tree.root / "tmp").mkdir()
    (tree.root / "tmp/logs").symlink_to("/data/logs")
    (tree.root / "data/logs/up").symlink_to("..")
    files = tree.targets(0, [static("/tmp/**/*.log")], "/tmp")["files"]
    assert {path: row["reason"] for path, row in files.items()} == {"/tmp/logs/a.log": "taken"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(tree: Tree) -> None:
    tree.put(LOG).chmod(0)
    assert tree.targets(1, [static("/tmp/boundary_logs/*.log")])["files"][LOG]["reason"] == "not readable"


def test_a_file_that_two_targets_take_is_pushed_twice(tree: Tree) -> None:
    tree.put(LOG)
    jobs = [static("/tmp/boundary_logs/*.log"), {**static("/tmp/**/*.log"), "job_name": "all"}]
    row = tree.targets(1, jobs)["files"][LOG]
    assert (row["reason"], row["jobs"]) == ("taken twice", ["boundary", "all"])


def test_a_pattern_whose_directory_is_missing_and_other_discoveries_are_told(
    tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    tree.put(LOG)
    jobs = [static("/tmp/boundary_log/*.log"), {"job_name": "sys", "syslog": {"listen_address": "127.0.0.1:1"}}]
    document = tree.targets(1, jobs)
    [path] = document["paths"]
    assert (path["files"], path["note"]) == (0, ": /tmp/boundary_log is not there, near: /tmp/boundary_logs")
    assert document["notes"] == ["job sys finds targets by syslog, which cannot be determined from files"]
    assert main(["shipper", "targets", "--shipper-config", str(tree.config), "--root", str(tree.root), LOG]) == 1
    shown = capsys.readouterr().out
    assert "no file fits `/tmp/boundary_log/*.log` of job boundary: /tmp/boundary_log is not there" in shown


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--label", "app"), "--label 'app' is not NAME=VALUE"),
        (("--root", "none"), "none: not a directory"),
    ],
)
def test_wrong_usage(tree: Tree, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], says: str) -> None:
    tree.config.write_text(yaml.safe_dump({"scrape_configs": [static("/x")]}))
    assert main(["shipper", "targets", "--shipper-config", str(tree.config), *args]) == 2
    assert says in capsys.readouterr().err


def test_a_relative_path_is_below_the_current_directory(
    tree: Tree, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tree.put("logs/a.log")
    tree.config.write_text(yaml.safe_dump({"scrape_configs": [static(str(log.parent / "*.log"))]}))
    monkeypatch.chdir(tree.root)
    assert main(["shipper", "targets", "--shipper-config", str(tree.config), "-o", "json", "logs"]) == 0
    assert [row["path"] for row in json.loads(capsys.readouterr().out)["files"]] == [str(log)]


@pytest.mark.parametrize(
    ("job", "args", "code", "says"),
    [
        (pods(), (), 3, "note: no file was found; looked below /"),
        (pods(), ("/tmp",), 3, "note: no file was found; looked below /tmp"),
        (pods(), ("/tmp/none",), 2, "/tmp/none: no such file or directory below"),
        (static("logs/*.log"), (), 3, "no file fits `logs/*.log` of job boundary: it begins with no slash"),
        ({"job_name": "x"}, (), 3, "note: no file was found; looked below /"),
    ],
)
def test_what_was_looked_for_is_told_where_there_is_no_file(
    tree: Tree, capsys: pytest.CaptureFixture[str], job: dict[str, Any], args: tuple[str, ...], code: int, says: str
) -> None:
    (tree.root / "tmp").mkdir()
    tree.config.write_text(yaml.safe_dump({"scrape_configs": [job]}))
    assert main(["shipper", "targets", "--shipper-config", str(tree.config), "--root", str(tree.root), *args]) == code
    captured = capsys.readouterr()
    assert says in captured.out + captured.err


def test_a_pattern_that_is_none_is_refused(tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    tree.put(LOG)
    tree.config.write_text(yaml.safe_dump({"scrape_configs": [static("/tmp/[*.log")]}))
    assert main(["shipper", "targets", "--shipper-config", str(tree.config), "--root", str(tree.root)]) == 2
    assert "`/tmp/[*.log` is not a path pattern: a [ is not closed" in capsys.readouterr().err


ALLOY = """\
local.file_match "logs" {
  path_targets      = [{"__path__" = "/tmp/logs/*.log", "__path_exclude__" = "/tmp/logs/not*", job = "logs"}]
  ignore_older_than = "24h"
}

discovery.relabel "named" {
  targets = [{"__path__" = "/tmp/one/*.log", job = "one"}]
  rule {
    target_label = "team"
    replacement  = "a"
  }
}

loki.source.file "logs" {
  targets    = local.file_match.logs.targets
  forward_to = [loki.write.one.receiver, loki.echo.all.receiver]
}

loki.source.file "one" {
  targets    = discovery.relabel.named.output
  forward_to = [loki.write.one.receiver]
}

loki.echo "all" {}

loki.write "one" {
  endpoint { url = "http://one.example/loki/api/v1/push" }
}
"""


def test_alloy_takes_paths_without_file_match_for_names(tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("logs/fresh.log", "logs/not.log", "logs/old.log", "one/a.log", "one/*.log"):
        tree.put(f"/tmp/{name}")
    os.utime(tree.root / "tmp/logs/old.log", (1_000_000_000, 1_000_000_000))
    config = tree.root / "config.alloy"
    config.write_text(ALLOY)
    assert (
        main(["shipper", "targets", "--shipper-config", str(config), "--root", str(tree.root), "-o", "json", "/tmp"])
        == 1
    )
    document = json.loads(capsys.readouterr().out)
    rows = {Path(row["path"]).name: row for row in document["files"]}
    assert {name: row["reason"] for name, row in rows.items()} == {
        "fresh.log": "taken",
        "not.log": "excluded",
        "old.log": "too old",
        "a.log": "glob",
        "*.log": "taken",
    }
    assert rows["*.log"]["labels"] == {"job": "one", "team": "a", "filename": "/tmp/one/*.log"}
    assert "takes `/tmp/one/*.log` for the name of one file" in rows["a.log"]["why"]
    assert any("wildcards need local.file_match" in note for note in document["notes"])


def test_a_target_without_a_path_is_named(tree: Tree) -> None:
    """Promtail 3.5 says "no path for target" in its log and reads nothing."""
    tree.put("/var/log/app/main.log")
    document = tree.targets(1, [{"job_name": "x", "static_configs": [{"labels": {"path": "/var/log/app/*.log"}}]}])
    assert document["notes"] == [
        "job x has a target without `__path__`, for which no file is read; `path` is a label as any other"
    ]
