"""A panel's requests for the lines of one run alone."""

from typing import Any

import pytest

from obs_check.model.probe import Probe
from obs_check.panel.datasource import Datasource
from obs_check.panel.elements import Panel
from obs_check.panel.interval import Interval
from obs_check.panel.request import PanelRequest, Query
from obs_check.panel.run_lines import can_be_told_apart, of_run, with_lines_of
from obs_check.panel.timerange import TimeRange

LOKI = {"type": "loki", "uid": "l"}
TAG = "|= `obs=abc-`"


@pytest.mark.parametrize(
    ("expr", "narrowed"),
    [
        ('{job="boundary"}', f'{{job="boundary"}} {TAG}'),
        ('{a="b"} |= "x{y" | json', f'{{a="b"}} {TAG} |= "x{{y" | json'),
        ('sum(rate({a="$who"} | logfmt [$__auto]))', f'sum(rate({{a="$who"}} {TAG} | logfmt [$__auto]))'),
        (
            'sum(rate({a="b"}[5m])) / sum(rate({c="d"}[${__range}])) or vector(0)',
            f'sum(rate({{a="b"}} {TAG}[5m])) / sum(rate({{c="d"}} {TAG}[${{__range}}])) or vector(0)',
        ),
        ("vector(1)", None),
        ('{a="b"', None),
    ],
)
def test_the_line_filter_comes_first_in_every_log_query(expr: str, narrowed: str | None) -> None:
    assert with_lines_of(expr, "obs=abc-") == narrowed


def request(*queries: dict[str, Any]) -> PanelRequest:
    query = Query(Datasource("l", "L", "loki"), "/api/ds/query", {"from": "0", "to": "1", "queries": list(queries)})
    return PanelRequest(
        Panel(1, "p", "stat"), "ready", "", TimeRange(0, 1), Interval(1, "1ms"), 1, (query,) if queries else ()
    )


LINES = {"refId": "A", "datasource": LOKI, "expr": '{a="b"}'}
SUM = {"refId": "B", "datasource": {"type": "__expr__", "uid": "__expr__"}, "expression": "A", "type": "reduce"}
COUNTER = {"refId": "C", "datasource": {"type": "prometheus", "uid": "p"}, "expr": "up"}


@pytest.mark.parametrize(
    ("queries", "apart"),
    [((LINES,), True), ((LINES, SUM), True), ((LINES, COUNTER), False), ((SUM,), False), ((), False)],
    ids=["lines", "an expression over lines", "a counter beside lines", "an expression alone", "nothing"],
)
def test_what_can_be_told_apart(queries: tuple[dict[str, Any], ...], apart: bool) -> None:
    assert can_be_told_apart(request(*queries)) is apart


def test_only_lines_are_asked_for_otherwise() -> None:
    asked: list[Query] = []

    def ask(query: Query) -> tuple[dict[str, Any], Probe]:
        asked.append(query)
        return {"results": {}}, Probe("grafana", "", {}, 0)

    (query,) = request(LINES, SUM, COUNTER).queries
    of_run(ask, "obs=abc-")(query)
    assert asked[0].body["queries"] == [{**LINES, "expr": f'{{a="b"}} {TAG}'}, SUM, COUNTER]
    assert query.body["queries"][0] == LINES
