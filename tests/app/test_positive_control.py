"""What two readings of a panel, before and after events, say about it."""

from dataclasses import replace

import pytest

from obs_check.app.diagnose.positive_control import controls, with_controls
from obs_check.app.verify.verdicts import Yardstick, copy_of, judge_panel
from obs_check.client.egress import EgressAnswer
from obs_check.evidence.control import Control
from obs_check.follow.run import Run, Sent, plan_events
from obs_check.model.verdict import Verdict
from obs_check.model.window import Window
from obs_check.panel.board import PanelView
from obs_check.panel.drawing import DrawnValue
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
    values = tuple(DrawnValue(name, number, f"{number:g}") for name, number in shown.items())
    text = ", ".join(f"{v.name} {v.text}" for v in values) or "No data"
    number = sum(shown.values()) if shown else None
    return PanelView(PANEL, REQUEST, Reading(1, "ok" if shown else "no_series", text, number, values, len(values)))


def judged(before: PanelView, after: PanelView, own: PanelView | None, expected: Expectation | None) -> Control:
    """The control of one panel, read before and after the run and over the run's lines."""
    held = Yardstick({1: expected} if expected else {}, RUN, {copy_of(before): before})
    (control,) = controls([judge_panel(after, own, held)], held)
    return control


@pytest.mark.parametrize(
    ("before", "after", "own", "meaning"),
    [
        ({}, {"allow": 1, "deny": 1}, {"allow": 1, "deny": 1}, "true_zero"),
        ({"allow": 0}, {"allow": 1, "deny": 1}, {"allow": 1, "deny": 1}, "true_zero"),
        ({"allow": 5, "deny": 2}, {"allow": 6, "deny": 3}, {"allow": 1, "deny": 1}, "live"),
        # Somebody else's requests are in the panel too.
        ({"allow": 5, "deny": 2}, {"allow": 9, "deny": 3}, {"allow": 1, "deny": 1}, "live"),
        ({}, {}, {}, "broken_zero"),
        ({"agents": 3}, {"agents": 3}, {}, "false_green"),
        ({"allow": 5}, {"allow": 9, "deny": 1}, {"allow": 4, "deny": 1}, "moved_otherwise"),
        # The others' requests are no proof of the run's.
        ({"allow": 5}, {"allow": 6, "deny": 1}, {}, "moved_otherwise"),
        ({}, {"allow": 1}, {"allow": 1}, "moved_otherwise"),
    ],
)
def test_what_two_readings_mean(
    before: dict[str, float], after: dict[str, float], own: dict[str, float], meaning: str
) -> None:
    control = judged(view(**before), view(**after), view(**own), Expectation(1, "B", "count"))
    assert control.meaning == meaning
    assert control.to_row()["before"] == view(**before).reading.text


@pytest.mark.parametrize(
    ("before", "after", "meaning"),
    [
        ({"allow": 5, "deny": 2}, {"allow": 6, "deny": 3}, "live"),
        ({"allow": 5, "deny": 2}, {"allow": 9, "deny": 3}, "live"),
        ({"allow": 5, "deny": 2}, {"allow": 6, "deny": 2}, "moved_otherwise"),
        ({"allow": 5, "deny": 2}, {"allow": 5, "deny": 2}, "false_green"),
    ],
)
def test_a_panel_that_cannot_be_asked_for_the_run_has_to_show_it_at_least(
    before: dict[str, float], after: dict[str, float], meaning: str
) -> None:
    assert judged(view(**before), view(**after), None, Expectation(1, "sql", "count")).meaning == meaning


def test_a_panel_that_has_to_stay_quiet_is_not_broken_by_it() -> None:
    control = judged(view(), view(), None, Expectation(1, "metrics", "quiet"))
    assert control.meaning == "quiet"
    assert not control.differs


@pytest.mark.parametrize("shown", [{}, {"agents": 1}])
def test_a_panel_that_nothing_is_expected_of_may_stay_as_it_is(shown: dict[str, float]) -> None:
    assert judged(view(**shown), view(**shown), None, None).meaning == "not_fed"


def test_a_panel_that_nothing_is_expected_of_may_move() -> None:
    assert judged(view(agents=1), view(agents=2), None, None).meaning == "moved"


def test_an_outage_decides_nothing() -> None:
    gone = replace(view(), outage="loki does not answer")
    assert judged(view(allow=1), gone, None, Expectation(1, "B", "count")).meaning == "unknown"


def test_a_false_green_fails_whatever_its_reading_is_worth() -> None:
    same = view(agents=3)
    held = Yardstick({1: Expectation(1, "B", "rises")}, RUN, {copy_of(same): same})
    rows = [judge_panel(same, None, held)]
    (row,) = with_controls(rows, controls(rows, held))
    assert row.verdict is Verdict.FAIL
    assert row.to_row()["state"] == "false_green"
    assert "before and after" in row.differs


@pytest.mark.parametrize(
    ("expected", "run", "verdict"),
    [
        (None, None, Verdict.UNKNOWN),
        (Expectation(1, "B", "count"), None, Verdict.UNKNOWN),
        (Expectation(1, "B", "quiet"), None, Verdict.OK),
        (None, RUN, Verdict.OK),
        (Expectation(1, "B", "count"), RUN, Verdict.FAIL),
    ],
)
def test_an_empty_panel(expected: Expectation | None, run: Run | None, verdict: Verdict) -> None:
    expectations = {1: expected} if expected else {2: Expectation(2, "B", "count")}
    assert judge_panel(view(), None, Yardstick(expectations, run)).verdict is verdict


def test_an_error_in_its_own_range_is_the_answer() -> None:
    reading = Reading(1, "error", "No data", error="the query time range exceeds the limit")
    held = Yardstick({1: Expectation(1, "B", "count")}, RUN)
    row = judge_panel(replace(view(), reading=reading), view(allow=1, deny=1), held)
    assert row.verdict is Verdict.FAIL
    assert row.told.reading is reading
    assert "exceeds the limit" in row.differs
