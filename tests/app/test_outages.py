"""A panel whose datasource fails: unknown where nothing was answered, fail where the query is refused, and the exit
code that follows."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from obs_check.app.systems.systems import Systems
from obs_check.app.verify.check import Check
from obs_check.app.verify.outcome import Outcome
from obs_check.app.verify.verdicts import Yardstick, judge_panel
from obs_check.client.egress import EgressAnswer
from obs_check.client.loki.client import LokiClient
from obs_check.errors import Unavailable
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run, Sent, plan_events
from obs_check.model.failure import Failure
from obs_check.model.probe import Probe
from obs_check.model.verdict import Verdict
from obs_check.model.window import NS, Window
from obs_check.panel.board import Board, PanelView
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.expect import Expectation
from obs_check.panel.request import Query
from tests.causes.staged import NOW_NS, dashboard, staged, stream

LOKI = {"type": "loki", "uid": "loki"}
PANEL = {"id": 1, "type": "stat", "title": "t", "datasource": LOKI, "targets": [{"refId": "A", "expr": '{n="1"}'}]}
FILE = Path(__file__).parents[1] / "fixtures/model/failures.yaml"
EVENTS = plan_events("abcdef", 1, 1, "http://a.example/", "http://b.example/")
AT_NS = NOW_NS - 1800 * NS
RUN = Run("abcdef", tuple(Sent(e, EgressAnswer(200, e.decision)) for e in EVENTS), Window(AT_NS, AT_NS + 5 * NS))
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


def test_a_panel_without_a_cause_is_what_it_reads_when_it_is_read_again() -> None:
    """As one that was read while its Loki had just come back, or its counter was between two scrapes."""
    board = dashboard([{"type": "logs", "expr": '{job="b"}'}])
    wanted = {1: Expectation(1, "B", "lines")}
    other = stream({"job": "b"}, ["GET /"])
    late = stream({"job": "b"}, [f"GET /?obs={tag}" for tag in RUN.tags()])
    verdicts = []
    for there in ([other], [other, late]):
        with staged(board, [other]) as before, staged(board, there) as now:
            check = Check(replace(before, expectations=wanted), Outcome("verify", RUN))
            check.panels(RUN)
            assert [row.verdict for row in check.outcome.panels] == [Verdict.FAIL]
            check.systems = replace(now, expectations=wanted)
            check.explain()
        found = check.outcome
        verdicts.append((found.verdict, found.panels[0].verdict, found.hops[0].verdict, len(found.unexplained)))
    assert verdicts == [(Verdict.FAIL,) * 3 + (1,), (Verdict.OK,) * 3 + (0,)]


BOARD = dashboard([{"type": "logs", "expr": '{job="b"}'}])


def test_no_query_is_blamed_for_what_a_cache_answers() -> None:
    """Every change of it is asked anew, and finds what came meanwhile."""
    kept: dict[str, Any] = {}
    document = dashboard([{"type": "logs", "expr": '{job="b"} |= "get"'}])
    other = stream({"job": "c"}, ["get /"])
    late = stream({"job": "b"}, [f"get /?obs={tag}" for tag in RUN.tags()])
    with staged(document, [other]) as before, staged(document, [other, late]) as now:

        def cached(systems: Systems) -> Systems:
            def ask(query: Query) -> Any:
                text = str([one["expr"] for one in query.body["queries"]])
                if text not in kept:
                    kept[text] = systems.board.ask(query)
                return kept[text]

            board = replace(systems.board, ask=ask)
            return replace(systems, board=board, expectations={1: Expectation(1, "B", "lines")})

        check = Check(cached(before), Outcome("verify", RUN))
        check.panels(RUN)
        assert [row.verdict for row in check.outcome.panels] == [Verdict.FAIL]
        check.systems = cached(now)
        check.explain()
    assert (check.outcome.verdict, check.outcome.findings) == (Verdict.OK, [])


class Away:
    """A Loki that does not answer."""

    def __getattr__(self, name: str) -> Any:
        def ask(*_given: object, **_more: object) -> None:
            raise Unavailable(f"loki: {name}: Connection refused", "")

        return ask


def test_a_panel_that_nobody_could_ask_about_fails_at_no_hop() -> None:
    """Loki went when the panel had been read: it is broken or not, and so is its hop."""
    with staged(BOARD, [stream({"job": "c"}, [f"GET /?obs={tag}" for tag in RUN.tags()])]) as systems:
        check = Check(replace(systems, expectations={1: Expectation(1, "B", "lines")}), Outcome("verify", RUN))
        check.panels(RUN)
        assert check.outcome.hops[0].verdict is Verdict.FAIL
        check.systems = replace(check.systems, loki=cast(LokiClient, Away()))
        check.explain()
    found = check.outcome
    assert (found.panels[0].verdict, found.hops[0].verdict, found.verdict) == (Verdict.UNKNOWN,) * 3
    assert "Connection refused" in found.outages[0]


@pytest.mark.parametrize("unknown", ["", "loki: Connection refused"])
def test_no_query_is_blamed_where_nobody_knows_whether_its_lines_came(unknown: str) -> None:
    """The run's lines in Loki are those of the other path."""
    with staged(BOARD, [stream({"job": "c"}, [f"GET /?obs={tag}" for tag in RUN.tags()])]) as systems:
        check = Check(replace(systems, expectations={1: Expectation(1, "A", "lines")}), Outcome("verify", RUN))
        check.outcome.hops = [HopSeen("A", "loki", tuple(RUN.tags()), dict.fromkeys(RUN.tags(), 1), unknown=unknown)]
        check.panels(RUN)
        check.explain()
    assert bool(check.outcome.findings) == (not unknown)
    assert check.outcome.panels[0].verdict is (Verdict.UNKNOWN if unknown else Verdict.FAIL)
