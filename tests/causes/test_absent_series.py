"""A metric without a series: whether its first event may be what makes it, and whether its target was scraped."""

from dataclasses import replace
from typing import Any

import pytest

from obs_check.causes.panel import counter_expired, metric_absent
from obs_check.client.answered import Answered
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.model.probe import Probe
from obs_check.model.window import MS, NS
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.frames import decode_results
from obs_check.panel.reading import read_panel
from obs_check.panel.request import Opening, panel_requests
from obs_check.panel.variables import effective_variables
from tests.fakes import NOTHING_KNOWN, NoGrafana

NOW_NS = 1_767_225_600 * NS
SOURCES = Datasources({"P": {"uid": "p", "name": "P", "type": "prometheus"}}, "P")
TARGET = {"refId": "A", "datasource": {"type": "prometheus", "uid": "p"}, "expr": "boundary_total", "instant": True}
DASHBOARD = {"uid": "d", "title": "d", "panels": [{"id": 1, "title": "p", "type": "stat", "targets": [TARGET]}]}
UP = 'up{job="coderd",instance="c:2112"}'
FIELDS = [{"name": "Time", "type": "time"}, {"name": "Value", "type": "number"}]
ANSWER = {"results": {"A": {"frames": [{"schema": {"fields": FIELDS}, "data": {"values": [[1], [7]]}}]}}}


class Prometheus(NoGrafana):
    """A Grafana whose Prometheus has metrics of these names, without a series now; `earlier` are those of before, and
    `up` is what Prometheus has set for their target."""

    def __init__(self, names: list[str], earlier: list[dict[str, str]] | None = None, up: str = "1") -> None:
        self.names = names
        self.earlier = earlier or []
        self.up = up

    def prometheus(self, uid: str, path: str, params: tuple[tuple[str, str], ...]) -> Answered[Any]:
        answers: dict[str, Any] = {
            "query": {"result": [{"value": [1, self.up]}] if ("query", UP) in params else []},
            "query_range": {"result": []},
            "series": self.earlier,
            "label/__name__/values": self.names,
            "targets": {"activeTargets": [{"health": "up"}]},
        }
        return Answered(answers[path], Probe("grafana", f"{uid} {path} {params}", answers[path], NOW_NS))


@pytest.mark.parametrize(
    ("names", "until_event", "claim"),
    [
        (["up"], True, "no series is named `boundary_total`"),
        (["boundary_totals"], False, "with `boundary_totals` the panel reads 7"),
    ],
    ids=["no like name", "another name"],
)
def test_an_event_may_make_what_goes_by_no_other_name(names: list[str], until_event: bool, claim: str) -> None:
    found = metric_absent.find(*asked(Prometheus(names)))
    assert found is not None
    assert claim in found.claim
    assert (found.until_event, bool(found.fix.edits)) == (until_event, not until_event)


def test_where_prometheus_has_nothing_of_a_target_that_is_up_no_one_metric_is_absent() -> None:
    assert metric_absent.find(*asked(Prometheus([]))) is None


@pytest.mark.parametrize(("up", "named"), [("1", True), ("0", False)])
def test_a_series_that_a_failed_scrape_ended_is_not_one_that_its_target_left_out(up: str, named: bool) -> None:
    found = counter_expired.find(*asked(Prometheus([], [{"job": "coderd", "instance": "c:2112"}], up)))
    assert (found is not None) == named


def asked(grafana: Prometheus) -> tuple[Context, BrokenPanel]:
    """What a cause gets for the panel that has no data."""
    board = load_dashboard(DASHBOARD, "test")
    (panel,) = board.panels
    span = (NOW_NS // MS - 3_600_000, NOW_NS // MS)
    request = panel_requests(board, panel, effective_variables(board, {}), SOURCES, NOW_NS, Opening(*span))

    def look_again(*_: object, **_more: object) -> BrokenPanel:
        probes = (Probe("grafana", "p", ANSWER, NOW_NS),)
        return BrokenPanel(panel, request, read_panel(panel, decode_results(ANSWER), request), "", probes)

    context = replace(
        NOTHING_KNOWN,
        dashboard=DASHBOARD,
        grafana=grafana,
        datasources=SOURCES,
        look_again=look_again,
        now_ns=lambda: NOW_NS,
    )
    return context, BrokenPanel(panel, request, read_panel(panel, {}, request), "No data")
