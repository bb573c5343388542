"""Lines of a run that a rehearsal takes from the files, or makes as those in the files are."""

from collections.abc import Sequence

import pytest

from obs_check.app.diagnose.rehearsal.arriving import formats, read_back, written_lines
from obs_check.client.egress import EgressAnswer
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run, Sent, plan_events
from obs_check.model.probe import Probe
from obs_check.model.window import Window

EVENTS = plan_events("abcdef", 2, 1, "http://allowed.example/", "http://denied.invalid/")
RUN = Run("abcdef", tuple(Sent(e, EgressAnswer(200, e.decision)) for e in EVENTS), Window(0, 1))
LINES = [f"msg url={event.url}" for event in EVENTS]


def hop(seen: int, shown: Sequence[str], written: int) -> HopSeen:
    """A hop that found `written` lines about `seen` events and kept the text of those shown."""
    tags = RUN.tags()
    answer = {"files": {"/a.log": written}, "searched": 1, "sample": list(shown)}
    return HopSeen("A", "file", tuple(tags), dict.fromkeys(tags[:seen], 1), probes=[Probe("file", "", answer, 1)])


@pytest.mark.parametrize(
    ("at_file", "tags"),
    [
        (hop(3, LINES, 3), [1, 2, 3]),
        (hop(3, LINES[:2], 3), [1, 2]),
        (hop(2, [LINES[0], LINES[1], LINES[0]], 3), [1, 2, 1]),
        (hop(3, LINES[:2], 6), []),
        (hop(0, [], 0), []),
        (None, []),
    ],
    ids=["all", "the first of many", "one twice", "cut off between two about one event", "nothing", "not looked at"],
)
def test_lines_are_taken_where_none_about_the_same_event_can_be_missing(
    at_file: HopSeen | None, tags: list[int]
) -> None:
    assert [event.n for event, _ in read_back(RUN, at_file)] == tags


PODS_LOG = "/var/log/pods/coder_coder-0_0f3b1c52/coder/0.log"


@pytest.mark.parametrize(
    ("last", "begins", "holds"),
    [
        ('2026-11-25T01:00:00Z stderr F {"ts":"x","msg":"boundary_request"}', '{"ts":', '"decision":"allow"'),
        ('{"ts": "x", "msg": "boundary_request"}', '{"ts": ', '"decision": "allow"'),
        ("2026-11-25T01:00:00Z stderr F 2026-11-25 01:00:00.000 [info]  c: boundary_request  a=b", "1970-", "=allow"),
    ],
    ids=["JSON", "JSON with blanks", "for people"],
)
@pytest.mark.parametrize("file", [PODS_LOG, "/var/log/coderd.log"])
def test_coderds_lines_are_made_as_its_last_one_is(file: str, last: str, begins: str, holds: str) -> None:
    (shape,) = formats("B", last)
    lines = [line for _, line in written_lines(RUN, "B", file, shape)]
    prefix = "1970-01-01T00:00:00Z stderr F " if file == PODS_LOG else ""
    assert len(lines) == len(EVENTS)
    assert lines[0].startswith(prefix + begins) and holds in lines[0]


def test_where_coderd_wrote_none_yet_its_format_is_not_known() -> None:
    assert formats("B", "") == ("json", "human")
