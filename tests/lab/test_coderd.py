"""coderd's lines in the pod log and the agents' counters on /metrics."""

import json
import re
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from obs_check.boundary.coderd import AgentLog
from obs_check.errors import Unavailable
from obs_check.lab.audit import SocketAuditor
from obs_check.lab.audit_agent import FORWARDED, LOGS_DROPPED, Agent, Counter
from obs_check.lab.coderd import Coderd, CoderdSettings, CriLog, Format, pod_log_path
from obs_check.lab.egress import LabEgress
from obs_check.model.event import find_tags
from obs_check.model.times import rfc3339_nano
from obs_check.model.window import NS

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

NOW = 1_795_478_400_123_456_700
EVENT = NOW - 3 * NS
ALLOW = AgentLog(True, EVENT, "GET", "https://a.example/ok?obs=k3f9-1-allow&x=<y>", "domain=a.example")
DENY = AgentLog(False, EVENT, "GET", "https://x.invalid/é\u2028")


def written(path: Path, format_: Format) -> list[str]:
    with Coderd(path, CoderdSettings(format_), now_ns=lambda: NOW) as coderd:
        coderd.report_boundary_logs([ALLOW, DENY])
    return path.read_text().splitlines() if path.exists() else []


def test_json_lines_are_compact_escaped_and_in_order(tmp_path: Path) -> None:
    path = pod_log_path(tmp_path)
    assert re.fullmatch(r"var/log/pods/coder_coder-0_[0-9a-f-]{36}/coder/0.log", str(path.relative_to(tmp_path)))
    with Coderd(path, now_ns=lambda: NOW) as coderd:
        coderd.report_boundary_logs([ALLOW, DENY])
    allow, deny = path.read_text().split("\n")[:2]
    head = "2026-11-24T00:00:00.1234567Z stderr F "
    assert allow.startswith(
        head + '{"ts":"2026-11-24T00:00:00.1234567Z","level":"INFO","msg":"boundary_request","caller":"'
    )
    assert r'"http_url":"https://a.example/ok?obs=k3f9-1-allow\u0026x=\u003cy\u003e"' in allow
    document = json.loads(allow.removeprefix(head))
    assert list(document) == ["ts", "level", "msg", "caller", "func", "logger_names", "fields"]
    assert document["logger_names"] == ["coderd", "agentrpc"]
    fields = ["owner", "workspace_name", "agent_name", "decision", "workspace_id", "template_id"]
    fields += ["template_version_id", "http_method", "http_url", "event_time", "matched_rule"]
    assert list(document["fields"]) == fields
    assert document["fields"]["event_time"] == "2026-11-23T23:59:57.1234567Z"
    assert json.loads(deny.removeprefix(head))["fields"]["decision"] == "deny"
    assert "matched_rule" not in deny
    assert r"https://x.invalid/é\u2028" in deny


def test_human_lines(tmp_path: Path) -> None:
    allow = written(tmp_path / "0.log", "human")[0].partition(" F ")[2]
    assert allow.startswith("2026-11-24 00:00:00.123 [info]  coderd.agentrpc: boundary_request  owner=joe  workspace")
    assert "  http_url=https://a.example/ok?obs=k3f9-1-allow&x=<y>  event_time=" in allow
    assert allow.endswith("  matched_rule=domain=a.example")


@pytest.mark.parametrize(("format_", "lines"), [("json", 2), ("human", 2), ("both", 4), ("off", 0)])
def test_each_sink_writes_every_event_once(tmp_path: Path, format_: Format, lines: int) -> None:
    assert len(written(tmp_path / "0.log", format_)) == lines


def test_without_coderd_batches_are_refused(tmp_path: Path) -> None:
    coderd = Coderd(tmp_path / "0.log")
    with pytest.raises(Unavailable):
        coderd.report_boundary_logs([ALLOW])
    with pytest.raises(Unavailable):
        coderd.update_stats([])


@pytest.mark.parametrize(
    ("ts_ns", "text"),
    [(0, "1970-01-01T00:00:00Z"), (NS // 10, "1970-01-01T00:00:00.1Z"), (1, "1970-01-01T00:00:00.000000001Z")],
)
def test_rfc3339_nano_has_no_zeros_at_its_end(ts_ns: int, text: str) -> None:
    assert rfc3339_nano(ts_ns) == text


def test_a_long_line_is_cut_as_the_container_runtime_cuts_it(tmp_path: Path) -> None:
    log = CriLog(tmp_path / "0.log", lambda: 0, "stdout")
    log.write("a" * 40_000)
    log.write("")
    parts = [line.split(" ", 3) for line in (tmp_path / "0.log").read_text().splitlines()]
    assert [(part[1], part[2], len(part[3])) for part in parts] == [
        ("stdout", "P", 16384),
        ("stdout", "P", 16384),
        ("stdout", "F", 7232),
        ("stdout", "F", 0),
    ]


def fetch(url: str) -> str:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=30) as answer:
        return str(answer.read().decode())


def test_agent_counters_carry_the_workspace_and_expire_after_two_minutes(tmp_path: Path) -> None:
    clock = [NOW]
    with Coderd(tmp_path / "0.log", now_ns=lambda: clock[0]) as coderd:
        coderd.update_stats([Counter(FORWARDED, (), 3), Counter(LOGS_DROPPED, (("reason", "buffer_full"),), 2)])
        where = 'template_name="firewalled",username="joe",workspace_name="lab"'
        text = fetch(f"{coderd.url}/metrics")
        assert f'# TYPE {FORWARDED} counter\n{FORWARDED}{{agent_name="main",{where}}} 3\n' in text
        assert f'{LOGS_DROPPED}{{agent_name="main",reason="buffer_full",{where}}} 2\n' in text
        clock[0] += 121 * NS
        assert FORWARDED not in fetch(f"{coderd.url}/metrics")


def test_without_collection_no_agent_series_exists(tmp_path: Path) -> None:
    with Coderd(tmp_path / "0.log", CoderdSettings(agent_stats=False)) as coderd:
        coderd.update_stats([Counter(FORWARDED, (), 3)])
        assert FORWARDED not in fetch(f"{coderd.url}/metrics")


def test_an_event_goes_from_the_egress_to_the_pod_log(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"log_dir: {tmp_path / 'logs'}\n")
    pod_log, socket_path = pod_log_path(tmp_path), tmp_path / "audit.sock"
    with (
        Coderd(pod_log) as coderd,
        Agent(socket_path, coderd, start_line=CriLog(tmp_path / "workspace.log").write) as agent,
        LabEgress(config, SocketAuditor(socket_path)) as egress,
    ):
        proxy = urllib.request.build_opener(urllib.request.ProxyHandler({"http": egress.url}))
        for n in range(10):
            with pytest.raises(urllib.error.HTTPError, match="403"):
                proxy.open(f"http://denied.invalid/?obs=k3f9-{n}-deny", timeout=30)
        tick, end = threading.Event(), time.monotonic() + 30
        while agent.counters()[0].value < 1 and time.monotonic() < end:
            tick.wait(0.005)
    assert [find_tags(line, "k3f9") for line in pod_log.read_text().splitlines()] == [
        [f"k3f9-{n}-deny"] for n in range(10)
    ]
    assert "boundary log proxy started" in (tmp_path / "workspace.log").read_text()
