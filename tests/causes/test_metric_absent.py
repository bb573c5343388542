"""A metric that is not there: whether its first event may be what makes it."""

from dataclasses import replace
from typing import Any

import pytest

from obs_check.causes.panel import metric_absent
from obs_check.client.answered import Answered
from obs_check.evidence.context import BrokenPanel
from obs_check.model.probe import Probe
from obs_check.model.window import MS, NS
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.frames import decode_results
from obs_check.panel.reading import read_panel
from obs_check.panel.request import panel_requests
from obs_check.panel.variables import effective_variables
from tests.fakes import NOTHING_KNOWN, NoGrafana

NOW_NS = 1_767_225_600 * NS
SOURCES = Datasources({"P": {"uid": "p", "name": "P", "type": "prometheus"}}, "P")
TARGET = {"refId": "A", "datasource": {"type": "prometheus", "uid": "p"}, "expr": "boundary_total", "instant": True}
DASHBOARD = {"uid": "d", "title": "d", "panels": [{"id": 1, "title": "p", "type": "stat", "targets": [TARGET]}]}
FIELDS = [{"name": "Time", "type": "time"}, {"name": "Value", "type": "number"}]
ANSWER = {"results": {"A": {"frames": [{"schema": {"fields": FIELDS}, "data": {"values": [[1], [7]]}}]}}}


class Prometheus(NoGrafana):
    """A Grafana whose Prometheus has metrics of these names, without a series."""

    def __init__(self, names: list[str]) -> None:
        self.names = names

    def prometheus(self, uid: str, path: str, params: tuple[tuple[str, str], ...]) -> Answered[Any]:
        answers: dict[str, Any] = {
            "query": {"result": []},
            "series": [],
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
    board = load_dashboard(DASHBOARD, "test")
    (panel,) = board.panels
    span = (NOW_NS // MS - 3_600_000, NOW_NS // MS)
    request = panel_requests(
        board, panel, effective_variables(board, {}), SOURCES, NOW_NS, from_ms=span[0], to_ms=span[1]
    )

    def look_again(*_: object, **_more: object) -> BrokenPanel:
        probes = (Probe("grafana", "p", ANSWER, NOW_NS),)
        return BrokenPanel(panel, request, read_panel(panel, decode_results(ANSWER), request), "", probes)

    context = replace(
        NOTHING_KNOWN,
        dashboard=DASHBOARD,
        grafana=Prometheus(names),
        datasources=SOURCES,
        look_again=look_again,
        now_ns=lambda: NOW_NS,
    )
    found = metric_absent.find(context, BrokenPanel(panel, request, read_panel(panel, {}, request), "No data"))
    assert found is not None
    assert claim in found.claim
    assert (found.until_event, bool(found.fix.edits)) == (until_event, not until_event)
