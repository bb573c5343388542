"""The lab's shipper end to end: files in, pushes out, and what its web interface says."""

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from obs_check.client.shipper.log import read_refusals
from obs_check.errors import ConfigError
from obs_check.lab.shipper import LabShipper


class Receiver:
    """A push API that keeps what it gets; `statuses` are answered first, then 204."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.pushes: list[tuple[str | None, Any]] = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = receiver.statuses.pop(0) if receiver.statuses else 204
                if status == 204:
                    receiver.pushes.append((self.headers["X-Scope-OrgID"], body))
                words = b"" if status == 204 else b"refused for a test\nsecond line\n"
                self.send_response(status)
                self.send_header("Content-Length", str(len(words)))
                self.end_headers()
                self.wfile.write(words)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/loki/api/v1/push"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def lines(self) -> list[str]:
        return [value[1] for _, body in list(self.pushes) for s in body["streams"] for value in s["values"]]

    def streams(self) -> list[dict[str, str]]:
        return [s["stream"] for _, body in list(self.pushes) for s in body["streams"]]


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, half a minute at most."""
    end = time.monotonic() + 30
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        pause.wait(0.01)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    directory = tmp_path / "logs"
    directory.mkdir()
    return directory


def configuration(url: str, logs: Path, **client: Any) -> dict[str, Any]:
    static = {"targets": ["localhost"], "labels": {"job": "boundary", "__path__": f"{logs}/*.log"}}
    stages = [
        {"logfmt": {"mapping": {"msg": None}}},
        {"labels": {"msg": None}},
        {"drop": {"expression": "^noise", "drop_counter_reason": "noise"}},
    ]
    backoff = {"min_period": "10ms", "max_period": "20ms", "max_retries": 3}
    return {
        "clients": [{"url": url, "batchwait": "20ms", "backoff_config": backoff, **client}],
        "scrape_configs": [{"job_name": "boundary", "pipeline_stages": stages, "static_configs": [static]}],
    }


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[dict[str, Any]], LabShipper]]:
    running: list[LabShipper] = []

    def start_one(config: dict[str, Any]) -> LabShipper:
        path = tmp_path / "promtail.yaml"
        path.write_text(yaml.safe_dump(config))
        shipper = LabShipper(path, tmp_path / "positions.yaml", {"TENANT": "team-a"})
        shipper.start()
        running.append(shipper)
        return shipper

    yield start_one
    for shipper in running:
        shipper.stop()


Start = Callable[[dict[str, Any]], LabShipper]


def test_lines_of_old_and_new_files_arrive_with_labels_and_tenant(receiver: Receiver, logs: Path, start: Start) -> None:
    (logs / "a.log").write_text("msg=ALLOW n=1\nnoise\n")
    start(configuration(receiver.url, logs, tenant_id="${TENANT}", external_labels={"cluster": "lab"}))
    until(lambda: receiver.lines() == ["msg=ALLOW n=1"])
    with (logs / "b.log").open("a") as file:
        file.write("msg=DENY n=2\nhalf")
        file.flush()
        until(lambda: len(receiver.lines()) == 2)
        file.write(" a line\n")
    until(lambda: receiver.lines()[-1] == "half a line")
    assert {tenant for tenant, _ in receiver.pushes} == {"team-a"}
    assert receiver.streams()[:2] == [
        {"cluster": "lab", "filename": str(logs / "a.log"), "job": "boundary", "msg": "ALLOW"},
        {"cluster": "lab", "filename": str(logs / "b.log"), "job": "boundary", "msg": "DENY"},
    ]


def test_metrics_and_pages_say_what_happened(receiver: Receiver, logs: Path, start: Start) -> None:
    file = logs / "a.log"
    file.write_text("msg=ALLOW\nnoise\nmsg=DENY\n")
    config = configuration(receiver.url, logs)
    config["scrape_configs"].append(
        {"job_name": "nothing", "static_configs": [{"labels": {"__path__": str(logs / "none/**/*.log")}}]}
    )
    config["scrape_configs"][1]["static_configs"].append({"labels": {"job": "lost"}})
    config["clients"][0]["basic_auth"] = {"username": "u", "password": "hush"}
    shipper = start(config)
    until(lambda: len(receiver.lines()) == 2)
    host = receiver.url.split("/")[2]
    text = httpx.get(f"{shipper.url}/metrics").text
    until(lambda: f'promtail_sent_entries_total{{host="{host}"}} 2' in httpx.get(f"{shipper.url}/metrics").text)
    for series in (
        f'promtail_read_lines_total{{path="{file}"}} 3',
        f'promtail_file_bytes_total{{path="{file}"}} 25',
        f'promtail_read_bytes_total{{path="{file}"}} 25',
        'logentry_dropped_lines_total{reason="noise"} 1',
        "promtail_targets_active_total 2",
        "promtail_files_active_total 1",
        f'promtail_dropped_entries_total{{host="{host}",reason="ingester_error",tenant=""}} 0',
    ):
        assert series in text
    targets = httpx.get(f"{shipper.url}/targets").text
    assert '<a id="job-boundary" href="#job-boundary">boundary (1/1 ready)</a>' in targets
    assert "nothing (0/1 ready)" in targets
    assert f"<td>{file}</td>\n<td>25</td>" in targets
    discovery = httpx.get(f"{shipper.url}/service-discovery").text
    assert "(1/1 active targets)" in discovery and "(1/2 active targets)" in discovery
    assert "Dropped: no path for target" in discovery
    assert "hush" not in httpx.get(f"{shipper.url}/config").text
    assert httpx.get(f"{shipper.url}/ready").status_code == 200
    assert httpx.get(f"{shipper.url}/other").status_code == 404


def test_positions_survive_a_restart(receiver: Receiver, logs: Path, start: Start, tmp_path: Path) -> None:
    file = logs / "a.log"
    file.write_text("one\n")
    start(configuration(receiver.url, logs)).stop()
    assert receiver.lines() == ["one"]
    assert yaml.safe_load((tmp_path / "positions.yaml").read_text()) == {"positions": {str(file): "4"}}
    with file.open("a") as more:
        more.write("two\n")
    start(configuration(receiver.url, logs)).stop()
    assert receiver.lines() == ["one", "two"]


@pytest.mark.parametrize(("position", "lines"), [(3644, ["short", "file"]), (6, ["file"])])
def test_a_file_shorter_than_its_position_is_read_from_the_start(
    receiver: Receiver, logs: Path, start: Start, tmp_path: Path, position: int, lines: list[str]
) -> None:
    file = logs / "a.log"
    file.write_text("short\nfile\n")
    (tmp_path / "positions.yaml").write_text(yaml.safe_dump({"positions": {str(file): str(position)}}))
    start(configuration(receiver.url, logs)).stop()
    assert receiver.lines() == lines


def test_a_refused_push_is_told_in_the_log_as_promtail_tells_it(receiver: Receiver, logs: Path, tmp_path: Path) -> None:
    receiver.statuses = [500, 400]
    (logs / "a.log").write_text("x\n")
    path = tmp_path / "promtail.yaml"
    path.write_text(yaml.safe_dump(configuration(receiver.url, logs)))
    shipper = LabShipper(path, tmp_path / "positions.yaml", {}, tmp_path / "promtail.log")
    shipper.start()
    host = receiver.url.split("/")[2]
    dropped = {"host": host, "tenant": "", "reason": "ingester_error"}
    until(lambda: shipper.metrics.get("promtail_dropped_entries_total", **dropped) == 1)
    shipper.stop()
    first, last = read_refusals((tmp_path / "promtail.log").read_text().splitlines())
    assert (first.status, first.final, last.status, last.final) == (500, False, 400, True)
    assert last.words == "refused for a test"
    assert shipper.metrics.get("promtail_batch_retries_total", host=host, tenant="") == 1


def test_a_truncated_and_a_replaced_file_are_read_from_the_start(receiver: Receiver, logs: Path, start: Start) -> None:
    file = logs / "a.log"
    file.write_text("first line\n")
    start(configuration(receiver.url, logs))
    until(lambda: receiver.lines() == ["first line"])
    file.write_text("cut\n")
    until(lambda: receiver.lines()[-1] == "cut")
    fresh = logs / "a.new"
    fresh.write_text("replaced by this line\n")
    fresh.replace(file)
    until(lambda: receiver.lines()[-1] == "replaced by this line")


@pytest.mark.parametrize(
    ("statuses", "lines", "counter"),
    [
        ([429, 500], ["x"], None),
        ([400], [], "ingester_error"),
        ([429, 429, 429], [], "rate_limited"),
        ([503, 503, 503], [], "ingester_error"),
    ],
)
def test_retries(
    receiver: Receiver, logs: Path, start: Start, statuses: list[int], lines: list[str], counter: str | None
) -> None:
    receiver.statuses = statuses
    (logs / "a.log").write_text("x\n")
    shipper = start(configuration(receiver.url, logs))
    host = receiver.url.split("/")[2]

    def dropped() -> float | None:
        return shipper.metrics.get("promtail_dropped_entries_total", host=host, tenant="", reason=counter or "")

    until(lambda: receiver.lines() == lines and (counter is None or dropped() == 1))
    assert receiver.statuses == []


def test_a_push_that_nobody_answers_counts_as_minus_one(logs: Path, start: Start) -> None:
    (logs / "a.log").write_text("x\n")
    shipper = start(configuration("http://127.0.0.1:9/loki/api/v1/push", logs))
    name = "promtail_request_duration_seconds_count"
    until(lambda: (shipper.metrics.get(name, host="127.0.0.1:9", status_code="-1") or 0) >= 3)


def test_reload_takes_the_new_configuration_or_keeps_the_old(
    receiver: Receiver, logs: Path, start: Start, tmp_path: Path
) -> None:
    config = configuration(receiver.url, logs)
    (logs / "a.log").write_text("x\n")
    shipper = start(config)
    until(lambda: receiver.lines() == ["x"])
    (tmp_path / "promtail.yaml").write_text("scrape_configs: [{job: x}]\n")
    assert httpx.post(f"{shipper.url}/reload").status_code == 500
    config["scrape_configs"][0]["static_configs"][0]["labels"]["job"] = "renamed"
    (tmp_path / "promtail.yaml").write_text(yaml.safe_dump(config))
    assert httpx.post(f"{shipper.url}/reload").status_code == 200
    with (logs / "a.log").open("a") as more:
        more.write("y\n")
    until(lambda: receiver.lines() == ["x", "y"])
    assert receiver.streams()[-1]["job"] == "renamed"


def test_broken_positions_stop_the_start(receiver: Receiver, logs: Path, start: Start, tmp_path: Path) -> None:
    (tmp_path / "positions.yaml").write_text("positions: [")
    with pytest.raises(ConfigError, match="invalid yaml positions file"):
        start(configuration(receiver.url, logs))


def test_a_held_block_is_sent_after_its_wait(receiver: Receiver, logs: Path, start: Start) -> None:
    config = configuration(receiver.url, logs)
    config["scrape_configs"][0]["pipeline_stages"] = [{"multiline": {"firstline": "^start", "max_wait_time": "100ms"}}]
    (logs / "a.log").write_text("start\n more\n")
    start(config)
    until(lambda: receiver.lines() == ["start\n more"])
