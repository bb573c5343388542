"""One snapshot out of a shipper's metrics, pages, positions file, log and disk."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from obs_check.client.shipper.alloy_api import AlloyClient
from obs_check.client.shipper.disk import Disk
from obs_check.client.shipper.log import read_refusals, read_starts, read_undiscovered
from obs_check.client.shipper.positions import read_positions
from obs_check.client.shipper.promtail_api import PromtailClient
from obs_check.client.shipper.promtail_targets import parse_discovery
from obs_check.client.shipper.sources import NOTHING_ELSE, Sources
from obs_check.errors import InputError, Unavailable
from obs_check.model.paths import AbsoluteGlob
from obs_check.model.shipping import TargetState

RECORDED = Path(__file__).parent.parent / "fixtures" / "client"
LOG = "/tmp/boundary_logs/boundary-1.log"
PAGES = {
    "/metrics": (RECORDED / "promtail-metrics.txt").read_text(),
    "/targets": (RECORDED / "promtail-targets.html").read_text(),
    "/service-discovery": (RECORDED / "promtail-service-discovery.html").read_text(),
}


def promtail(pages: dict[str, str], sources: Sources = NOTHING_ELSE) -> PromtailClient:
    def answer(request: httpx.Request) -> httpx.Response:
        text = pages.get(request.url.path)
        return httpx.Response(404, text="404 page not found\n") if text is None else httpx.Response(200, text=text)

    url, allowed = "http://promtail.example:9080", {"promtail.example:9080"}
    return PromtailClient(url, lambda: 7, allowed, httpx.MockTransport(answer), sources)


def test_promtail_as_it_was_recorded() -> None:
    state, probe = promtail(PAGES).state()
    [file] = state.files
    assert (file.path, file.job, file.read_lines, file.offset, file.state) == (LOG, "boundary", 32, 3644, "read")
    assert [(t.job, t.glob, t.ready) for t in state.targets] == [
        ("boundary", "/tmp/boundary_logs/boundary-*.log", True),
        ("nothing", "/var/log/none/*.log", False),
    ]
    [to] = state.destinations
    assert (to.host, to.tenants, to.sent_entries, to.sent_bytes) == ("127.0.0.1:3100", ("",), 5, 372)
    assert (to.encoded_bytes, to.retries, to.requests) == (1188, 0, {"204": 1, "400": 1})
    assert state.client_drops == {"ingester_error": 26}
    assert state.stage_drops == {"lifecycle": 1}
    assert [(r.source, r.reason, r.count) for r in state.refusals] == [("shipper metrics", "ingester_error", 26)]
    assert (state.missing, state.read_lines, state.at_ns) == ((), 32, 7)
    assert probe.answer["files"][0]["state"] == "read"


def test_a_page_that_is_missing_is_told_and_metrics_are_needed() -> None:
    state = promtail({"/metrics": PAGES["/metrics"]}).state().value
    assert [f.path for f in state.files] == [LOG]
    assert "404" in state.missing[0]
    with pytest.raises(Unavailable):
        promtail({}).state()


def test_dropped_targets_come_with_the_reason() -> None:
    html = """<h2 class="job_header" id="job-pods">pods</h2><table><tr>
    <td class="labels"><span class="badge">__meta_kubernetes_pod_name="a"</span></td>
    <td class="labels"><span class="badge badge-default">Dropped: no path for target</span></td></tr>
    <tr><td class="labels"><span>__path__="/x"</span></td><td class="labels"><span>Dropped: </span></td></tr></table>"""
    dropped, unlabelled = parse_discovery(html)
    assert (dropped.job, dropped.dropped) == ("pods", "no path for target")
    assert dropped.discovered == {"__meta_kubernetes_pod_name": "a"}
    assert unlabelled.dropped == "", "promtail shows a target in use that has no label this way"
    assert parse_discovery("<html>") == []


def test_disk_and_positions_file_tell_a_file_that_shrank_and_one_that_nobody_takes(tmp_path: Path) -> None:
    logs = tmp_path / "root/tmp/boundary_logs"
    logs.mkdir(parents=True)
    (logs / "boundary-1.log").write_text("x" * 240)
    (logs / "boundary-2.log").write_text("new\n")
    (logs / "boundary-3.log").write_text("another file\nstands behind the offset\n")
    (logs / "boundary-4.log").write_text("short\n")
    (logs / "other.txt").write_text("other\n")
    positions = tmp_path / "positions.yaml"
    third, fourth = LOG.replace("-1", "-3"), LOG.replace("-1", "-4")
    told = {LOG: "3644", third: "20", fourth: "99", "cursor-journal": "s=abc"}
    positions.write_text(json.dumps({"positions": told}))
    wanted = tuple(map(AbsoluteGlob, ("/tmp/boundary_logs/*.txt", "/tmp/[", "")))
    sources = Sources(positions, None, Disk(tmp_path / "root"), wanted)
    state = promtail(PAGES, sources).state().value
    assert {f.path.rsplit("/", 1)[1]: f.state for f in state.files} == {
        "boundary-1.log": "stale",
        "boundary-2.log": "unknown file",
        "boundary-3.log": "replaced",
        "boundary-4.log": "shrunk",
        "other.txt": "unknown file",
    }
    file = state.file(LOG)
    assert file is not None
    assert (file.position, file.left, file.disk_bytes) == (3644, 240 - 3644, 240)


def test_a_file_that_a_target_excludes_is_of_no_job(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    for name in ("a.log", "a-1.log"):
        (tmp_path / "logs" / name).write_text("x\n")
    excluded = {"__path__": "/logs/*.log", "__path_exclude__": "/logs/*-*.log"}
    files = Disk(tmp_path).with_files((), [TargetState("j", "/logs/*.log", {}, excluded)], ("/logs/*",))
    assert {path: file.collected for path, file in files.items()} == {"/logs/a.log": True, "/logs/a-1.log": False}


@pytest.mark.parametrize(
    ("path", "names", "globs", "wanted"),
    [
        ("/tmp/link/a.log", (), ("/data/logs/*.log",), "/data/logs/a.log"),
        ("/tmp/link/a.log", ("/data/logs/a.log",), (), "/data/logs/a.log"),
        ("/tmp/link/../logs/a.log", (), ("/data/logs/*.log",), "/data/logs/a.log"),
        ("/data/logs/a.log", (), ("/tmp/link/*.log",), "/tmp/link/a.log"),
        ("/data/logs/a.log", (), ("/tmp/*.log",), "/tmp/other.log"),
        ("/tmp/link/a.log", ("/data/logs/a.log",), ("/tmp/link/*.log",), "/tmp/link/a.log"),
        ("/tmp/link/a.log", ("/data/logs/b.log", "/gone.log"), ("/data/logs/b*", "/["), "/tmp/link/a.log"),
    ],
)
def test_a_file_has_the_name_that_the_shipper_has_for_it(
    path: str, names: tuple[str, ...], globs: tuple[str, ...], wanted: str, tmp_path: Path
) -> None:
    for directory in ("tmp", "data/logs"):
        (tmp_path / directory).mkdir(parents=True)
    for name in ("a", "b"):
        (tmp_path / f"data/logs/{name}.log").write_text(name)
    (tmp_path / "tmp/link").symlink_to("../data/logs")
    (tmp_path / "tmp/other.log").symlink_to("../data/logs/a.log")
    assert Disk(tmp_path).name_of(path, names, globs) == wanted


def test_a_link_of_ours_to_a_file_that_is_read_is_no_file_that_nobody_takes(tmp_path: Path) -> None:
    logs = tmp_path / "tmp/boundary_logs"
    logs.mkdir(parents=True)
    (logs / "boundary-1.log").write_text("x\n")
    (tmp_path / "ours").symlink_to("tmp/boundary_logs")
    sources = Sources(disk=Disk(tmp_path), globs=(AbsoluteGlob("/ours/*.log"),))
    assert [file.path for file in promtail(PAGES, sources).state().value.files] == [LOG]


def test_where_reading_began_is_read_from_the_log() -> None:
    """As promtail 3.5.9 wrote them."""
    lines = [
        'ts=1 caller=log.go:168 level=info msg="Seeked /l/a.log - &{Offset:0 Whence:0}"',
        'ts=2 caller=log.go:168 level=info msg="Seeked /l/a.log - &{Offset:1400 Whence:0}"',
        'ts=3 caller=log.go:168 level=info msg="Seeked /l/b c.log - &{Offset:7 Whence:0}"',
        'ts=4 caller=log.go:168 level=info msg="Seeked /l/c.log - &{Offset:9 Whence:0}"',
        'ts=5 caller=log.go:168 level=info msg="Successfully reopened truncated /l/c.log"',
    ]
    assert read_starts(lines) == {"/l/a.log": 1400, "/l/b c.log": 7, "/l/c.log": 0}


def test_a_shipper_on_another_machine_has_no_missing_files(tmp_path: Path) -> None:
    state = promtail(PAGES, Sources(disk=Disk(tmp_path))).state().value
    assert [f.on_disk for f in state.files] == [None]
    assert "not on this machine" in state.missing[0]


def test_positions_of_alloy_and_broken_ones(tmp_path: Path) -> None:
    file = tmp_path / "positions.yml"
    file.write_text(
        'positions:\n  ? path: /a.log\n    labels: \'{app="x"}\'\n  : "12"\n'
        '  ? path: /a.log\n    labels: \'{app="y"}\'\n  : "9"\n'
    )
    assert read_positions(file) == {"/a.log": 9}
    for text in ("", "- a", "positions:"):
        file.write_text(text)
        assert read_positions(file) == {}
    for content in (b"\xff\xfe", b"a: [", b"\x00"):
        file.write_bytes(content)
        with pytest.raises(InputError, match="not a positions file"):
            read_positions(file)
    with pytest.raises(InputError, match="No such file"):
        read_positions(tmp_path / "none")


FINAL = (
    "level=error ts=2026-11-24T10:00:00Z caller=client.go:430 component=client host=loki.example:3100 "
    'msg="final error sending batch" status=400 tenant=coder error="server returned HTTP status 400 Bad Request (400): '
    'entry for stream \'{job=\\"boundary\\"}\' has timestamp too old: 2026-11-01T00:00:00Z"'
)
RETRY = (
    '2026-11-24T10:00:00.1Z stderr F level=warn ts=2026-11-24T10:00:01Z msg="error sending batch, will retry" '
    'status=-1 tenant= error="Post \\"http://loki.example:3100\\": dial tcp: connection refused"'
)
ALLOY = 'ts=2026-11-24T10:00:02Z level=error msg="final error sending batch, no retries left, dropping data" status=429'


def test_refusals_in_a_log_carry_the_words_of_loki() -> None:
    lines = [
        "level=info msg=started",
        FINAL,
        FINAL,
        RETRY,
        ALLOY + ' tenant="" error="server returned HTTP status '
        '429 Too Many Requests (429): Ingestion rate limit exceeded"',
        '{"msg":"final error sending batch","status":401}',
    ]
    first, second, third, fourth = read_refusals(lines)
    assert (first.status, first.count, first.tenant, first.final) == (400, 2, "coder", True)
    assert first.words == "entry for stream '{job=\"boundary\"}' has timestamp too old: 2026-11-01T00:00:00Z"
    assert (second.status, second.final) == (-1, False)
    assert second.words.endswith("connection refused")
    assert (third.reason, third.words) == ("rate_limited", "Ingestion rate limit exceeded")
    assert fourth.status == 401


def test_why_no_pods_were_listed_is_read_from_the_log() -> None:
    url = "http://k8s.example/api/v1/pods?limit=500&resourceVersion=0"
    error = "dial tcp 192.0.2.1:443: connect: connection refused"
    lines = [
        f'W1129 20:48:35.607100 1 reflector.go:569] x.go:251: failed to list *v1.Pod: Get "{url}": {error}',
        f'E1129 20:48:35.607206 1 reflector.go:166] "Unhandled Error" err="x.go:251: Failed to watch *v1.Pod: '
        f'failed to list *v1.Pod: Get \\"{url}\\": {error}" logger="UnhandledError"',
    ]
    wanted = f'Get "http://k8s.example/api/v1/pods": {error}'
    assert [read_undiscovered(lines), read_undiscovered(lines[:1]), read_undiscovered([])] == [wanted, wanted, ""]


def test_a_cut_log_line_still_counts() -> None:
    assert read_refusals([FINAL[:180]])[0].status == 400


def attribute(name: str, value: Any) -> dict[str, Any]:
    return {"name": name, "type": "attr", "value": value}


def text(value: str) -> dict[str, Any]:
    return {"type": "string", "value": value}


def targets(*many: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "array",
        "value": [{"type": "object", "value": [{"key": k, "value": text(v)} for k, v in one.items()]} for one in many],
    }


LIST = [
    {"name": "local.file_match", "localID": "local.file_match.b", "moduleID": "", "health": {"state": "healthy"}},
    {"name": "loki.source.file", "localID": "loki.source.file.b", "moduleID": "", "health": {"state": "healthy"}},
    {
        "name": "loki.write",
        "localID": "loki.write.default",
        "moduleID": "",
        "health": {"state": "unhealthy", "message": "no endpoint"},
    },
]
DETAILS = {
    "local.file_match.b": LIST[0]
    | {
        "arguments": [attribute("path_targets", targets({"__path__": "/tmp/boundary_logs/*.log", "job": "boundary"}))],
        "exports": [attribute("targets", targets({"__path__": LOG, "job": "boundary"}))],
    },
    "loki.source.file.b": LIST[1]
    | {
        "arguments": [attribute("targets", targets({"__path__": LOG, "job": "boundary"}))],
        "debugInfo": [
            {
                "name": "targets_info",
                "type": "block",
                "body": [attribute("path", text(LOG)), attribute("read_offset", {"type": "number", "value": 50})],
            }
        ],
    },
}
ALLOY_METRICS = f"""
loki_source_file_read_lines_total{{component_id="loki.source.file.b",component_path="/",path="{LOG}"}} 2
loki_source_file_file_bytes_total{{component_id="loki.source.file.b",component_path="/",path="{LOG}"}} 80
loki_process_dropped_lines_total{{component_id="loki.process.b",reason="noise"}} 1
loki_write_sent_entries_total{{component_id="loki.write.default",host="loki.example",tenant=""}} 1
loki_write_dropped_entries_total{{component_id="loki.write.default",host="loki.example",reason="queue_is_full"}} 3
loki_write_batch_retries_total{{component_id="loki.write.default",host="loki.example",tenant=""}} 4
process_start_time_seconds 1.7e9
"""


def test_alloy() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/metrics":
            return httpx.Response(200, text=ALLOY_METRICS)
        name = path.removeprefix("/api/v0/web/components").strip("/")
        return httpx.Response(200, json=DETAILS[name] if name else LIST)

    client = AlloyClient("http://alloy.example:12345", lambda: 7, {"alloy.example:12345"}, httpx.MockTransport(answer))
    state = client.state().value
    [file] = state.files
    assert (file.job, file.read_lines, file.position, file.seen_bytes, file.state) == (
        "loki.source.file.b",
        2,
        50,
        80,
        "stale",
    )
    assert [(t.job, t.glob, t.ready, t.labels) for t in state.targets] == [
        ("local.file_match.b", "/tmp/boundary_logs/*.log", True, {"job": "boundary"}),
        ("loki.source.file.b", LOG, None, {"job": "boundary"}),
    ]
    [to] = state.destinations
    assert (to.component, to.sent_entries, to.retries, state.client_drops) == (
        "loki.write.default",
        1,
        4,
        {"queue_is_full": 3},
    )
    assert state.stage_drops == {"noise": 1}
    assert state.components == ("loki.write.default: unhealthy: no endpoint",)
    assert state.started_s == 1.7e9
