"""A Prometheus of which Grafana says only that its plugin failed: no answer is told from that of something else."""

from dataclasses import replace
from typing import Any

import pytest

from obs_check.causes.panel import datasource_unhealthy
from obs_check.client.answered import Answered
from obs_check.errors import ObsCheckError, Refused, Unavailable
from obs_check.evidence.context import BrokenPanel
from obs_check.model.probe import Probe
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.reading import read_panel
from obs_check.panel.request import Opening, panel_requests
from obs_check.panel.variables import effective_variables
from tests.fakes import NOTHING_KNOWN, NoGrafana

SOURCES = Datasources({"P": {"uid": "p", "name": "P", "type": "prometheus"}}, "P")
TARGET = {"refId": "A", "datasource": {"type": "prometheus", "uid": "p"}, "expr": "boundary_total", "instant": True}
DASHBOARD = {"uid": "d", "title": "d", "panels": [{"id": 1, "title": "p", "type": "stat", "targets": [TARGET]}]}
FAILED = "grafana: /api/ds/query answered 500: An error occurred within the plugin (look at the log of grafana)"


class Proxy(NoGrafana):
    """A Grafana whose datasource's proxy answers so."""

    def __init__(self, answer: ObsCheckError | None) -> None:
        self.answer = answer

    def prometheus(self, uid: str, path: str, params: tuple[tuple[str, str], ...]) -> Answered[Any]:
        """See Grafana."""
        if self.answer is not None:
            raise self.answer
        return Answered({}, Probe("grafana", f"{uid} {path} {params}", {}, 1))


def broken(differs: str) -> BrokenPanel:
    board = load_dashboard(DASHBOARD, "test")
    (panel,) = board.panels
    variables = effective_variables(board, {})
    request = panel_requests(board, panel, variables, SOURCES, 10**15, Opening(0, 3_600_000))
    return BrokenPanel(panel, request, read_panel(panel, {}, request), differs)


def test_what_is_no_prometheus_is_a_finding() -> None:
    context = replace(NOTHING_KNOWN, grafana=Proxy(Refused("answered 404", 404, "404 page not found\n", "")))
    found = datasource_unhealthy.find_behind_plugin(context, broken(FAILED))
    assert found is not None
    assert "the datasource 'p' answers `404 page not found` to /api/v1/query" in found.claim


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Unavailable("answered 502: Bad Gateway", ""), "the datasource 'p' does not answer Grafana: answered 502"),
        (Refused("answered 404: no such series", 404, "no such series", ""), "answered 404"),
    ],
)
def test_what_does_not_answer_stays_an_outage(answer: ObsCheckError, says: str) -> None:
    context = replace(NOTHING_KNOWN, grafana=Proxy(answer))
    with pytest.raises(Unavailable, match=says):
        datasource_unhealthy.find_behind_plugin(context, broken(FAILED))


def test_an_api_that_answers_is_not_blamed_nor_asked_without_need() -> None:
    answers = replace(NOTHING_KNOWN, grafana=Proxy(None))
    assert datasource_unhealthy.find_behind_plugin(answers, broken(FAILED)) is None
    assert datasource_unhealthy.find_behind_plugin(NOTHING_KNOWN, broken("grafana does not answer")) is None
