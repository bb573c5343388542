"""A panel that does not move though the events arrived: what it counts instead."""

from dataclasses import replace

import pytest

from obs_check.causes.panel import false_green
from obs_check.client.egress import EgressAnswer
from obs_check.evidence.context import JudgedPanels
from obs_check.evidence.control import Control
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run, Sent, plan_events
from obs_check.model.window import NS, Window
from obs_check.panel.reading import Reading
from tests.causes.on_lines import NOW_NS, WINDOW_S, Lines, seen

POD = {"namespace": "coder"}
EARLIER = '{"msg":"boundary_request","fields":{"decision":"deny","http_url":"http://b.example/?obs=zzzzzz-1-deny"}}'
EVENTS = plan_events("abcdef", 1, 1, "http://a.example/", "http://b.example/")
RUN = Run("abcdef", tuple(Sent(e, EgressAnswer(200, e.decision, "")) for e in EVENTS), Window(NOW_NS - NS, NOW_NS))
PARSED = 'json url="fields.http_url"'


@pytest.mark.parametrize(
    ("line", "stages", "named"),
    [
        ("GET /healthz", '|= "GET"', True),
        ("GET /healthz", '| line_format "msg=ALLOW {{__line__}}"', True),
        (EARLIER, '|= "boundary_request"', False),
        (EARLIER, f'|= "boundary_request" | {PARSED} | line_format "{{{{.url}}}}"', False),
    ],
    ids=["other lines", "other lines that look alike", "an earlier run's", "an earlier run's, shown otherwise"],
)
def test_decisions_of_an_earlier_run_are_no_other_lines(line: str, stages: str, named: bool) -> None:
    lines = Lines([(POD, [line] * 5)])
    context, broken = seen(lines, f'{{namespace="coder"}} {stages}')
    whole, reading = Window(NOW_NS - WINDOW_S * NS, NOW_NS), Reading(1, "ok", "5 lines", 5.0, (), 5)
    context = replace(
        context,
        run=RUN,
        hops=[HopSeen("B", "loki", tuple(RUN.tags()), dict.fromkeys(RUN.tags(), NOW_NS))],
        panels=JudgedPanels(
            controls=[Control(broken.panel, reading, reading, "not", "", whole, whole, ())], paths={1: "B"}
        ),
    )
    found = false_green.CAUSE.find(context, replace(broken, run_window=RUN.window))
    assert (found is not None) == named
