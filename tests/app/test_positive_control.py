"""What two readings of a panel, before and after events, say about it."""

from dataclasses import replace

import pytest

from obs_check.app.diagnose.positive_control import controls, with_controls
from obs_check.app.verify.verdicts import PanelVerdict
from obs_check.client.egress import EgressAnswer
from obs_check.follow.run import Run, Sent, plan_events
from obs_check.model.verdict import Verdict
from obs_check.model.window import Window
from obs_check.panel.board import PanelView
from obs_check.panel.drawing import Value
from obs_check.panel.elements import Panel
from obs_check.panel.expect import Expectation
from obs_check.panel.interval import Interval
from obs_check.panel.reading import Reading
from obs_check.panel.request import PanelRequest
from obs_check.panel.timerange import TimeRange

PANEL = Panel(1, "p", "stat")
EVENTS = plan_events("abcdef", 1, 1, "http://a.example/", "http://b.invalid/")
RUN = Run("abcdef", tuple(Sent(e, EgressAnswer(200, e.decision, "")) for e in EVENTS), Window(0, 1))
REQUEST = PanelRequest(PANEL, "ready", "", TimeRange(0, 1000), Interval(1, "1ms"), 100)


def view(**shown: float) -> PanelView:
    values = tuple(Value(name, number, f"{number:g}") for name, number in shown.items())
    text = ", ".join(f"{v.name} {v.text}" for v in values) or "No data"
    number = sum(shown.values()) if shown else None
    return PanelView(PANEL, REQUEST, Reading(1, "ok" if shown else "no_series", text, number, values, len(values)))


@pytest.mark.parametrize(
    ("before", "after", "meaning"),
    [
        ({}, {"allow": 1, "deny": 1}, "true_zero"),
        ({"allow": 0}, {"allow": 1, "deny": 1}, "true_zero"),
        ({"allow": 5, "deny": 2}, {"allow": 6, "deny": 3}, "live"),
        ({}, {}, "broken_zero"),
        ({"agents": 3}, {"agents": 3}, "false_green"),
        ({"allow": 5}, {"allow": 9, "deny": 1}, "moved_otherwise"),
        ({}, {"allow": 1}, "moved_otherwise"),
    ],
)
def test_what_two_readings_mean(before: dict[str, float], after: dict[str, float], meaning: str) -> None:
    (control,) = controls([view(**before)], [view(**after)], {1: Expectation(1, "B", "count")}, RUN)
    assert control.meaning == meaning
    assert control.to_row()["before"] == view(**before).reading.text


def test_a_panel_that_has_to_stay_quiet_is_not_broken_by_it() -> None:
    (control,) = controls([view()], [view()], {1: Expectation(1, "metrics", "quiet")}, RUN)
    assert control.meaning == "quiet"
    assert not control.differs


def test_an_outage_decides_nothing() -> None:
    gone = replace(view(), outage="loki does not answer")
    (control,) = controls([view(allow=1)], [gone], {1: Expectation(1, "B", "count")}, RUN)
    assert control.meaning == "unknown"


def test_a_false_green_fails_whatever_its_reading_is_worth() -> None:
    same = view(agents=3)
    (control,) = controls([same], [same], {1: Expectation(1, "B", "rises")}, RUN)
    (row,) = with_controls([PanelVerdict(same, "B", Verdict.OK, "a rise", "")], [control])
    assert row.verdict is Verdict.FAIL
    assert row.to_row()["state"] == "false_green"
    assert "before and after" in row.differs
