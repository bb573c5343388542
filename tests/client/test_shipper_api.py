"""promtail's pages as promtail 3.5.9 answered them."""

from pathlib import Path

import httpx
import pytest

from obs_check.client.exposition import parse_exposition
from obs_check.client.shipper.promtail_api import PromtailClient
from obs_check.client.shipper.promtail_targets import parse_targets

RECORDED = Path(__file__).parent.parent / "fixtures" / "client"
PAGES = {
    "/metrics": httpx.Response(200, text=(RECORDED / "promtail-metrics.txt").read_text()),
    "/targets": httpx.Response(200, text=(RECORDED / "promtail-targets.html").read_text()),
    "/ready": httpx.Response(500, text="Not ready: Unable to find any logs to tail.\n"),
}


@pytest.fixture
def promtail() -> PromtailClient:
    transport = httpx.MockTransport(lambda request: PAGES[request.url.path])
    return PromtailClient("http://promtail.example:9080", lambda: 7, {"promtail.example:9080"}, transport)


def test_metrics(promtail: PromtailClient) -> None:
    value, probe = promtail.metrics()
    path = {"path": "/tmp/boundary_logs/boundary-1.log"}
    assert value["promtail_read_lines_total"] == [(path, 32.0)]
    assert value["logentry_dropped_lines_total"] == [({"reason": "lifecycle"}, 1.0)]
    assert probe.answer["promtail_read_lines_total"] == [[path, 32.0]]
    assert (probe.system, probe.at_ns) == ("shipper", 7)


def test_targets(promtail: PromtailClient) -> None:
    boundary, nothing = promtail.targets().value
    assert (boundary.job, boundary.kind, boundary.ready) == ("boundary", "File", True)
    assert boundary.labels == {"job": "boundary", "namespace": "coder-workspaces"}
    assert boundary.discovered["__path__"] == "/tmp/boundary_logs/boundary-*.log"
    assert boundary.positions == {"/tmp/boundary_logs/boundary-1.log": 3064}
    assert (nothing.job, nothing.ready, nothing.positions) == ("nothing", False, {})
    assert nothing.discovered["__path__"] == "/var/log/none/*.log"


def test_not_ready_is_an_answer(promtail: PromtailClient) -> None:
    value, probe = promtail.ready()
    assert value is False
    assert probe.answer == {"status": 500, "body": "Not ready: Unable to find any logs to tail."}


@pytest.mark.parametrize(
    "html", ["", "<html></html>", "<td class=labels>", "<table><td class='type'></td></table></span>"]
)
def test_other_pages_do_not_break_it(html: str) -> None:
    assert all(not t.positions for t in parse_targets(html))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("up 1", {"up": [({}, 1.0)]}),
        ('a{b="c,d",e="x\\"y\\\\z\\n"} 2.5 1700000000', {"a": [({"b": "c,d", "e": 'x"y\\z\n'}, 2.5)]}),
        ('a{le="+Inf"} +Inf', {"a": [({"le": "+Inf"}, float("inf"))]}),
        ('a{b="}"} 1e3', {"a": [({"b": "}"}, 1000.0)]}),
        ("# HELP a b", {}),
        ("a{b=", {}),
        ("a one", {}),
        ("", {}),
    ],
)
def test_exposition(line: str, expected: dict[str, list[tuple[dict[str, str], float]]]) -> None:
    assert parse_exposition(line) == expected
