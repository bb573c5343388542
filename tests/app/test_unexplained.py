"""What is said of panels that no cause explains."""

from typing import Any

import pytest

from obs_check.app.diagnose.unexplained import lost_in_words
from obs_check.evidence.context import Named
from obs_check.follow.hop import HopSeen
from tests.causes.staged import dashboard, diagnosed, staged, stream
from tests.fakes import made_context

TAGS = ("abc123-1-allow", "abc123-2-deny")


def hop(name: str, *seen: str) -> HopSeen:
    return HopSeen("B", name, TAGS, dict.fromkeys(seen, 1))


@pytest.mark.parametrize(
    ("hops", "said"),
    [
        (
            (hop("egress", *TAGS), hop("loki")),
            "0 of 2 events are in Loki on path B, 2 at the hop before it (egress): lines are lost between the two, the "
            "queries are not to blame; `coderd.logs`, `shipper` in obs-check.yaml would tell more",
        ),
        (
            (hop("coderd", *TAGS), hop("shipper", *TAGS), hop("loki", TAGS[0])),
            "1 of 2 events are in Loki on path B, 2 at the hop before it (shipper): lines are lost between the two, "
            "the queries are not to blame",
        ),
    ],
)
def test_the_hops_are_named_between_which_lines_are_lost(hops: tuple[HopSeen, ...], said: str) -> None:
    assert lost_in_words(made_context(Named(), hops), "B", [1, 7, 1]) == f"panels 1, 7: {said}"


def test_panels_whose_lines_end_at_one_place_are_told_together() -> None:
    panels = [
        {"expr": 'sum(count_over_time({app="x"} |= "boundary_request" | json | decision="deny" [$__range]))'},
        {"expr": 'sum(count_over_time({app="x"} |= "boundary_request" | json [$__range]))'},
        {"expr": 'sum(count_over_time({app="none-such"} [$__range]))'},
    ]
    with staged(dashboard(panels), [stream({"app": "x"}, ["a", "b"])]) as systems:
        said = diagnosed(systems).unexplained
    assert said == [
        "panels 1, 2, 3 read nothing, which may be true: `diagnose --inject` sends events and tells; no line passes "
        '`{app="x"} |= "boundary_request"` (panels 1, 2), `{app="none-such"}` (panel 3)'
    ]


def test_a_library_panel_that_a_file_does_not_hold_is_unknown() -> None:
    document = dashboard([{"expr": ""}])
    document["panels"][0] |= {"targets": [], "libraryPanel": {"uid": "abc", "name": "Denied"}}
    with staged(document, [stream({"app": "x"}, ["a"])]) as systems:
        outcome: Any = diagnosed(systems).to_json()
    (row,) = outcome["panels"]
    assert (outcome["verdict"], row["verdict"]) == ("unknown", "unknown")
    assert "library panel 'abc', which was not loaded" in row["notes"][0]
