"""`obs-check shipper status` on the lab's shipper."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.cli.main import main
from obs_check.lab.loki import LabLoki
from obs_check.lab.shipper import LabShipper


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, half a minute at most."""
    end = time.monotonic() + 30
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        pause.wait(0.01)


@pytest.fixture(scope="module")
def loki() -> Iterator[LabLoki]:
    one = LabLoki(None)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def shipper(tmp_path: Path, loki: LabLoki) -> Iterator[LabShipper]:
    logs = tmp_path / "logs"
    logs.mkdir()
    static = {"labels": {"job": "boundary", "__path__": f"{logs}/*.log"}}
    none = {"labels": {"job": "nothing", "__path__": f"{tmp_path}/none/*.log"}}
    stages = [
        {"drop": {"expression": "noise", "drop_counter_reason": "noise"}},
        {"regex": {"expression": "time=(?P<time>\\S+)"}},
        {"timestamp": {"source": "time", "format": "RFC3339"}},
    ]
    config = tmp_path / "promtail.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "clients": [{"url": f"{loki.url}/loki/api/v1/push", "batchwait": "50ms"}],
                "scrape_configs": [
                    {"job_name": "boundary", "pipeline_stages": stages, "static_configs": [static]},
                    {"job_name": "nothing", "static_configs": [none]},
                ],
            }
        )
    )
    one = LabShipper(config, tmp_path / "positions.yaml", {}, tmp_path / "promtail.log")
    one.start()
    yield one
    one.stop()


def document(capsys: pytest.CaptureFixture[str], code: int, *args: str) -> dict[str, Any]:
    assert main(["shipper", "status", "-o", "json", *args]) == code
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_all_is_read_and_sent(
    shipper: LabShipper,
    loki: LabLoki,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = tmp_path / "logs/a.log"
    host = loki.url.split("/")[2]
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def write(_seconds: float) -> None:
        log.write_text(f"time={stamp} msg=ALLOW\ntime={stamp} msg=noise\n")
        until(lambda: "sent_entries_total" in (text := shipper.metrics.text()) and f'host="{host}"}} 1' in text)

    # Between the two looks the command sleeps: that is when the lines are written.
    monkeypatch.setattr("obs_check.cli.shipper_status.time.sleep", write)
    doc = document(
        capsys, 0, "--shipper-url", shipper.url, "--positions", str(tmp_path / "positions.yaml"), "--for", "1"
    )
    assert doc["command"] == "shipper status"
    assert (doc["verdict"], doc["kind"], doc["problems"], doc["missing"]) == ("ok", "promtail", [], [])
    [file] = doc["files"]
    assert (file["state"], file["read_lines"], file["left"]) == ("read", 2, 0)
    assert [(t["job"], t["ready"]) for t in doc["targets"]] == [("boundary", True), ("nothing", False)]
    assert doc["account"]["sentence"] == "read 2 = dropped by stages 1 (noise 1) + sent 1"


def test_an_empty_file_is_no_problem(shipper: LabShipper, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "logs/empty.log"
    log.touch()
    until(lambda: f'promtail_file_bytes_total{{path="{log}"}} 0' in shipper.metrics.text())
    doc = document(capsys, 0, "--shipper-url", shipper.url)
    assert [(file["state"], file["left"]) for file in doc["files"]] == [("read", 0)]


def test_a_file_that_an_earlier_process_read_is_read_by_nobody(
    shipper: LabShipper, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("x\n")
    positions = tmp_path / "kept.yaml"
    positions.write_text(yaml.safe_dump({"positions": {str(other): "2"}}))
    doc = document(capsys, 1, "--shipper-url", shipper.url, "--positions", str(positions))
    assert doc["problems"] == [f"no job takes {other} any more: up to byte 2 it was read by one that did"]


def test_a_file_that_was_filled_again_is_told(
    shipper: LabShipper, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "logs/a.log"
    log.write_text("time=2026-11-25T00:00:00Z msg=noise\n")
    until(lambda: f'promtail_read_bytes_total{{path="{log}"}} {log.stat().st_size}' in shipper.metrics.text())
    shipper.stop()
    log.write_text("shorter\n" * 20)
    again = LabShipper(tmp_path / "promtail.yaml", tmp_path / "positions.yaml", {}, tmp_path / "promtail.log")
    again.start()
    try:
        until(lambda: f'promtail_read_bytes_total{{path="{log}"}} {log.stat().st_size}' in again.metrics.text())
        doc = document(capsys, 1, "--shipper-url", again.url, "--log", str(tmp_path / "promtail.log"))
    finally:
        again.stop()
    skipped = [problem for problem in doc["problems"] if "was filled again or replaced" in problem]
    assert skipped and "was read from byte 36 on, which is inside a line" in skipped[0]


def test_a_refused_push_and_a_file_that_nobody_reads_are_problems(
    shipper: LabShipper, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs/a.log").write_text("time=2001-01-01T00:00:00Z msg=ALLOW\n")
    until(lambda: "promtail_dropped_entries_total{host" in shipper.metrics.text())
    until(lambda: shipper.metrics.text().count('reason="ingester_error",tenant=""} 1') == 1)
    other = tmp_path / "other.txt"
    other.write_text("x\n")
    config = tmp_path / "obs-check.yaml"
    config.write_text(yaml.safe_dump({"shipper": {"url": shipper.url}, "boundary": {"logs": str(other)}}))
    doc = document(capsys, 1, "--config", str(config))
    assert doc["problems"] == [f"no job takes {other}", "1 entry given up: ingester_error"]
    assert main(["shipper", "status", "--config", str(config)]) == 1
    shown = capsys.readouterr().out
    for text in ("Files", "Targets", "Destinations", "ingester_error 1", "400 1", "problem: no job takes"):
        assert text in shown
    asked = ("--shipper-url", shipper.url, "--log", str(tmp_path / "promtail.log"))
    assert "too old" in document(capsys, 1, *asked)["problems"][-1]
    assert document(capsys, 0, *asked, "--for", "0.1")["refusals"] == [], "that was before the two looks"


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        ((), 2, "no shipper is named"),
        (("--shipper-url", "promtail:9080"), 2, "is not a URL"),
        (("--shipper-url", "http://127.0.0.1:9"), 3, "does not answer"),
    ],
)
def test_what_cannot_be_asked_is_named(
    args: tuple[str, ...],
    code: int,
    says: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["shipper", "status", *args]) == code
    assert says in capsys.readouterr().err


def test_another_program_is_no_shipper(loki: LabLoki, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shipper", "status", "--shipper-url", loki.url]) == 3
    assert "neither promtail's nor Alloy's" in capsys.readouterr().err
