"""The same files and the same Loki behind the real promtail and the lab's: they say the same of themselves."""

import re
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from obs_check.client.shipper.disk import Disk
from obs_check.client.shipper.promtail_api import PromtailClient
from obs_check.client.shipper.promtail_targets import parse_targets
from obs_check.client.shipper.sources import Sources
from obs_check.config import host_port
from obs_check.lab.loki import LabLoki
from obs_check.lab.shipper import LabShipper
from obs_check.model.shipping import ShipperState
from obs_check.model.shipping_account import account
from tests.real.promtail_process import RealPromtail

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("promtail") is None, reason="promtail is not on PATH"),
]
OLD = "time=2001-01-01T00:00:00Z msg=ALLOW\n"


def configuration(loki: LabLoki, directory: Path) -> dict[str, Any]:
    stages = [
        {"drop": {"expression": "noise", "drop_counter_reason": "noise"}},
        {"regex": {"expression": "time=(?P<time>\\S+)"}},
        {"timestamp": {"source": "time", "format": "RFC3339"}},
    ]
    groups = [
        {"labels": {"job": "boundary", "__path__": f"{directory}/logs/*.log"}},
        {"labels": {"job": "nothing", "__path__": f"{directory}/none/*.log"}},
        {"labels": {"job": "elsewhere", "__host__": "other.example", "__path__": f"{directory}/x.log"}},
        {"labels": {"job": "pathless"}},
    ]
    return {
        "clients": [{"url": f"{loki.url}/loki/api/v1/push", "batchwait": "100ms"}],
        "scrape_configs": [{"job_name": "files", "pipeline_stages": stages, "static_configs": groups}],
    }


def prepare(directory: Path) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    logs = directory / "logs"
    logs.mkdir(parents=True)
    (logs / "good.log").write_text(f"time={now} msg=ALLOW\ntime={now} msg=noise\ntime={now} msg=DENY\n")
    (logs / "short.log").write_text(f"time={now} msg=AGAIN\n")
    (logs / "refilled.log").write_text(f"time={now} msg=noise\n" * 3)
    positions = {"positions": {str(logs / "short.log"): "9000", str(logs / "refilled.log"): "40"}}
    (directory / "positions.yaml").write_text(yaml.safe_dump(positions))


def snapshot(url: str, directory: Path, log: Path) -> ShipperState:
    sources = Sources(directory / "positions.yaml", log, Disk(Path("/")))
    client = PromtailClient(url, time.time_ns, {host_port(url)}, sources=sources)
    try:
        return client.state().value
    finally:
        client.close()


def settled(url: str, directory: Path, log: Path) -> ShipperState:
    """The state when all lines are read and answered for, and positions written; half a minute at most."""
    end = time.monotonic() + 30
    pause = threading.Event()
    while True:
        state = snapshot(url, directory, log)
        answered = state.sent_entries + sum(state.client_drops.values()) + sum(state.stage_drops.values())
        read = [f for f in state.files if f.state == "read" and f.position == f.disk_bytes]
        if len(read) == len(list((directory / "logs").iterdir())) and state.read_lines == answered:
            return state
        assert time.monotonic() < end, state.to_json()
        pause.wait(0.1)


def facts(before: ShipperState, after: ShipperState) -> dict[str, Any]:
    """What both programs have to say alike, without ports, times and directories."""
    [to] = after.destinations
    found = account(before, after)
    return {
        "files": [(Path(f.path).name, f.state, f.read_lines, f.left) for f in after.files],
        "starts": [(Path(f.path).name, f.start, f.skipped) for f in after.files],
        "sentence": found.sentence(),
        "restarted": found.restarted,
        "requests": set(to.requests),
        "dropped": to.dropped,
        "retries": to.retries,
        "tenants": to.tenants,
        "words": [re.sub(r'"/\S+/|\d{4}-\d\d-\d\dT\S+', "", r.words) for r in after.refusals if r.words],
        "status": [(r.source, r.reason, r.status, r.final) for r in after.refusals],
        "started": after.started_s is not None,
    }


def one_run(url: str, directory: Path, log: Path) -> dict[str, Any]:
    before = settled(url, directory, log)
    # One line that Loki refuses as too old: it takes the counters of its whole batch with it.
    (directory / "logs/old.log").write_text(OLD)
    return facts(before, settled(url, directory, log))


def test_the_lab_and_promtail_say_the_same(tmp_path: Path) -> None:
    loki = LabLoki(None)
    loki.start()
    try:
        real_directory, lab_directory = tmp_path / "real", tmp_path / "lab"
        for directory in (real_directory, lab_directory):
            prepare(directory)
        with RealPromtail(real_directory, configuration(loki, real_directory)) as promtail:
            promtail.until(
                lambda: "promtail_read_lines_total" in httpx.get(f"{promtail.url}/metrics", trust_env=False).text,
                "no line is read",
            )
            real = one_run(promtail.url, real_directory, promtail.log)
            page = httpx.get(f"{promtail.url}/targets", trust_env=False)
        config = lab_directory / "promtail.yaml"
        config.write_text(yaml.safe_dump(configuration(loki, lab_directory)))
        shipper = LabShipper(config, lab_directory / "positions.yaml", {}, lab_directory / "promtail.log")
        shipper.start()
        try:
            lab = one_run(shipper.url, lab_directory, lab_directory / "promtail.log")
        finally:
            shipper.stop()
    finally:
        loki.stop()
    assert lab == real
    assert real["files"] == [
        ("good.log", "read", 3, 0),
        ("old.log", "read", 1, 0),
        ("refilled.log", "read", 2, 0),
        ("short.log", "read", 1, 0),
    ]
    assert ("refilled.log", 40, True) in real["starts"]
    assert real["sentence"] == "read 1 = dropped by the client 1 (ingester_error 1) + sent 0"
    assert "too old" in real["words"][0]
    # A promtail that was built without its web assets has no pages; the metrics are there all the same.
    assert page.status_code == 500 or {t.job for t in parse_targets(page.text)} == {"files"}
