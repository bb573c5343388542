"""A panel whose datasource fails: unknown where nothing was answered, fail where the query is refused, and the exit
code that follows."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.app.verify.outcome import Outcome
from obs_check.app.verify.verdicts import Yardstick, judge_panel
from obs_check.model.failure import Failure
from obs_check.model.probe import Probe
from obs_check.model.verdict import Verdict
from obs_check.panel.board import Board, PanelView
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.datasource import Datasources

LOKI = {"type": "loki", "uid": "loki"}
PANEL = {"id": 1, "type": "stat", "title": "t", "datasource": LOKI, "targets": [{"refId": "A", "expr": '{n="1"}'}]}
FILE = Path(__file__).parents[1] / "fixtures/model/failures.yaml"
SHAPES = [
    (Failure(meaning), *shape) for meaning, rows in yaml.safe_load(FILE.read_text("utf-8")).items() for shape in rows
]
JUDGED = {
    Failure.OUTAGE: (Verdict.UNKNOWN, 3),
    Failure.REFUSAL: (Verdict.FAIL, 1),
    Failure.NOT_ALLOWED: (Verdict.UNKNOWN, 4),
}


def views(result: dict[str, Any]) -> list[PanelView]:
    """The panel as it is read where Grafana gives this result for its query."""
    document = {"results": {"A": result}}
    dashboard = load_dashboard({"uid": "d", "title": "d", "panels": [PANEL]}, "d.json")
    board = Board(dashboard, Datasources({"loki": LOKI}), lambda _: (document, Probe("grafana", "", document, 1)), {})
    return board.read(1_795_478_400_000_000_000)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape[0]}-{shape[1]}-{shape[2]}-{shape[3][:60]}")
def test_a_panel_is_judged_by_what_its_error_means(shape: tuple[Any, ...]) -> None:
    meaning, status, source, words = shape
    result = {"error": words or "failed", "status": status, "errorSource": source}
    outcome = Outcome("diagnose", panels=[judge_panel(view, None, Yardstick({})) for view in views(result)])
    assert (outcome.verdict, outcome.exit_code) == JUDGED[meaning]
