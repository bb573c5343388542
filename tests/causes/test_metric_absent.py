"""A metric that is not there: whether its first event may be what makes it."""

from dataclasses import fields
from typing import Any

import pytest

from obs_check.causes.panel import metric_absent
from obs_check.evidence.context import BrokenPanel, Context, GrafanaProbes
from obs_check.model.probe import Probe
from obs_check.model.window import MS, NS
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.frames import decode_results
from obs_check.panel.reading import read_panel
from obs_check.panel.request import panel_requests
from obs_check.panel.variables import effective_variables
from tests.engine_settings import SETTINGS
from tests.fakes import NoLoki, nobody

NOW_NS = 1_767_225_600 * NS
SOURCES = Datasources({"P": {"uid": "p", "name": "P", "type": "prometheus"}}, "P")
TARGET = {"refId": "A", "datasource": {"type": "prometheus", "uid": "p"}, "expr": "boundary_total", "instant": True}
DASHBOARD = {"uid": "d", "title": "d", "panels": [{"id": 1, "title": "p", "type": "stat", "targets": [TARGET]}]}
FIELDS = [{"name": "Time", "type": "time"}, {"name": "Value", "type": "number"}]
ANSWER = {"results": {"A": {"frames": [{"schema": {"fields": FIELDS}, "data": {"values": [[1], [7]]}}]}}}


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
    answers = {
        "query": {"result": []},
        "series": [],
        "label/__name__/values": names,
        "targets": {"activeTargets": [{"health": "up"}]},
    }

    def prometheus(_uid: str, path: str, _params: object) -> tuple[Any, Probe]:
        return answers[path], Probe("grafana", path, answers[path], NOW_NS)

    def look_again(*_: Any) -> BrokenPanel:
        probes = (Probe("grafana", "p", ANSWER, NOW_NS),)
        return BrokenPanel(panel, request, read_panel(panel, decode_results(ANSWER), request), "", probes)

    questions: dict[str, Any] = {one.name: nobody for one in fields(GrafanaProbes)}
    grafana = GrafanaProbes(**{**questions, "prometheus": prometheus, "look_again": look_again, "datasources": SOURCES})
    context = Context("d", DASHBOARD, NoLoki(), lambda: NOW_NS, lambda: SETTINGS, grafana)
    found = metric_absent.find(context, BrokenPanel(panel, request, read_panel(panel, {}, request), "No data"))
    assert found is not None
    assert claim in found.claim
    assert (found.until_event, bool(found.fix.edits)) == (until_event, not until_event)
