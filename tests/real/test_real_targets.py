"""The files that `shipper targets` says are taken are those that the real programs read, with the labels it says."""

import gzip
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from obs_check.cli.main import main
from obs_check.client.exposition import parse_exposition
from obs_check.lab.loki import LabLoki
from tests.real.alloy_process import RealAlloy
from tests.real.promtail_process import RealPromtail

pytestmark = [pytest.mark.real, pytest.mark.slow]
READ = {"taken", "taken twice", "empty", "compressed"}
GLOBS = {
    "plain": ("plain/*.log", "plain/not*"),
    "deep": ("deep/**/*.{log,txt}", ""),
    "class": ("class/[!a]?.log", ""),
    "literal": ("plain/x.log.1", ""),
}
FILES = (
    "plain/a.log", "plain/.hidden.log", "plain/not.log", "plain/x.log.1", "plain/below/a.log", "deep/a.log",
    "deep/one/two/b.txt", "deep/one/c.json", "class/ab.log", "class/bb.log", "class/b.log", "elsewhere/a.log",
)  # fmt: skip


def tree(directory: Path) -> Path:
    root = directory / "tree"
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"a line of {name}\n")
    (root / "plain/empty.log").touch()
    (root / "plain/packed.log").write_bytes(gzip.compress(b"a packed line\n"))
    (root / "plain/linked.log").symlink_to(root / "elsewhere/a.log")
    (root / "plain/nowhere.log").symlink_to(root / "gone.log")
    (root / "deep/link").symlink_to(root / "plain")
    return root


def told(config: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    """What is told of each file, by its path."""
    main(["shipper", "targets", "--shipper-config", str(config), "-o", "json", str(root)])
    return {row["path"]: row for row in json.loads(capsys.readouterr().out)["files"]}


def compare(
    url: str,
    metric: str,
    until: Callable[[Callable[[], bool], str], None],
    loki: LabLoki,
    rows: dict[str, dict[str, Any]],
) -> None:
    wanted = {path for path, row in rows.items() if row["reason"] in READ}

    def read() -> set[str]:
        metrics = parse_exposition(httpx.get(f"{url}/metrics", trust_env=False).text)
        return {labels["path"] for labels, _ in metrics.get(metric, [])}

    def series() -> set[tuple[tuple[str, str], ...]]:
        answer = httpx.get(f"{loki.url}/loki/api/v1/series", params={"match[]": '{filename=~".+"}'}, trust_env=False)
        return {tuple(sorted(labels.items())) for labels in answer.json()["data"]}

    # A compressed file is read as it is, and its bytes are no line that a test could name.
    pushed = {
        tuple(sorted({**row["labels"], "job": job}.items()))
        for path, row in rows.items()
        if path in wanted and row["bytes"] and row["reason"] != "compressed"
        for job in row["jobs"]
    }
    until(lambda: read() >= wanted - empty(rows) and series() >= pushed, "not all that was told is read")
    assert read() - empty(rows) == wanted - empty(rows)
    assert {s for s in series() if not dict(s)["filename"].endswith("packed.log")} == pushed


def empty(rows: dict[str, dict[str, Any]]) -> set[str]:
    """Files without a line: Alloy has no number of them."""
    return {path for path, row in rows.items() if row["reason"] == "empty"}


@pytest.fixture
def loki() -> Any:
    one = LabLoki(None)
    one.start()
    yield one
    one.stop()


@pytest.mark.skipif(shutil.which("promtail") is None, reason="promtail is not on PATH")
def test_promtail_reads_the_files_that_are_told(
    tmp_path: Path, loki: LabLoki, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tree(tmp_path)
    jobs = []
    for name, (glob, exclude) in GLOBS.items():
        labels = {"job": name, "__path__": f"{root}/{glob}"}
        if exclude:
            labels["__path_exclude__"] = f"{root}/{exclude}"
        jobs.append({"job_name": name, "static_configs": [{"labels": labels}]})
    config = {"clients": [{"url": f"{loki.url}/loki/api/v1/push", "batchwait": "100ms"}], "scrape_configs": jobs}
    with RealPromtail(tmp_path, config) as promtail:
        rows = told(tmp_path / "promtail.yaml", root, capsys)
        compare(promtail.url, "promtail_file_bytes_total", promtail.until, loki, rows)


@pytest.mark.skipif(shutil.which("alloy") is None, reason="alloy is not on PATH")
def test_alloy_reads_the_files_that_are_told(tmp_path: Path, loki: LabLoki, capsys: pytest.CaptureFixture[str]) -> None:
    root = tree(tmp_path)
    os.utime(root / "plain/a.log", (1_000_000_000, 1_000_000_000))
    text = f'loki.write "lab" {{\n  endpoint {{ url = "{loki.url}/loki/api/v1/push" }}\n}}\n'
    for name, (glob, exclude) in GLOBS.items():
        left_out = f', "__path_exclude__" = "{root}/{exclude}"' if exclude else ""
        text += (
            f'local.file_match "{name}" {{\n  ignore_older_than = "24h"\n'
            f'  path_targets = [{{"__path__" = "{root}/{glob}", job = "{name}"{left_out}}}]\n}}\n'
            f'loki.source.file "{name}" {{\n  targets = local.file_match.{name}.targets\n'
            "  forward_to = [loki.write.lab.receiver]\n}\n"
        )
    with RealAlloy(tmp_path, text) as alloy:
        rows = told(tmp_path / "config.alloy", root, capsys)
        assert rows[f"{root}/plain/a.log"]["reason"] == "too old"
        for row in rows.values():
            row["jobs"] = [job.rpartition(".")[2] for job in row["jobs"]]
        compare(alloy.url, "loki_source_file_file_bytes_total", alloy.until, loki, rows)
