"""Lines of a run that a rehearsal takes from the files, or makes as those in the files are."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from obs_check.app.diagnose.rehearsal.arriving import formats, read_back, written_lines
from obs_check.app.diagnose.rehearsal.rehearse import Rehearsal
from obs_check.app.systems.asking import context_of
from obs_check.app.verify.look import look_at_panels
from obs_check.app.verify.verdicts import Yardstick
from obs_check.causes.socket import last_batch_lost
from obs_check.client.egress import EgressAnswer
from obs_check.config import CoderdConfig
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run, Sent, plan_events
from obs_check.model.finding import Fix, Observation
from obs_check.model.paths import AbsolutePath, absolute_glob
from obs_check.model.probe import Probe
from obs_check.model.window import NS, Window
from obs_check.panel.expect import Expectation
from tests.causes.staged import NOW_NS, dashboard, staged, stream

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


BY_DECISION = 'sum by (decision) (count_over_time({{{selector}}} {stages} | decision=~".+" [1h]))'
FOR_PEOPLE = BY_DECISION.format(selector='job="coderd"', stages="| logfmt")
OF_JSON_ALONE = BY_DECISION.format(
    selector='job="coderd"', stages='| logfmt | regexp `"http_url":"(?P<url>[^"]+)"` | url=~".+"'
)
OF_NOTHING = BY_DECISION.format(selector='job="codered"', stages="| logfmt")


@pytest.mark.parametrize(
    ("asked", "found"),
    [(OF_NOTHING, ["select.label-value-absent"]), (OF_JSON_ALONE, [])],
    ids=["wrong however coderd writes", "wrong in one way or the other"],
)
def test_only_what_is_wrong_in_every_format_is_said(asked: str, found: list[str], tmp_path: Path) -> None:
    """coderd wrote nothing yet. Most of the panels read what it writes for people, and that may be what is wrong."""
    promtail = tmp_path / "promtail.yaml"
    labels = {"job": "coderd", "__path__": f"{tmp_path}/coderd/*.log"}
    promtail.write_text(yaml.safe_dump({"scrape_configs": [{"job_name": "c", "static_configs": [{"labels": labels}]}]}))
    named = {"legendFormat": "{{decision}}", "queryType": "range"}
    board = dashboard([{"targets": [{"expr": expr, **named}]} for expr in (FOR_PEOPLE, FOR_PEOPLE, asked)])
    wanted = {number: Expectation(number, "B", "count") for number in (1, 2, 3)}
    run = replace(RUN, sent=tuple(replace(one, event=replace(one.event, sent_ns=NOW_NS - 60 * NS)) for one in RUN.sent))
    run = replace(run, window=Window(NOW_NS - 61 * NS, NOW_NS - 59 * NS))
    with staged(board, [stream({"job": "other"}, ["GET /"])]) as empty:
        config = replace(
            empty.config,
            coderd=CoderdConfig(logs=absolute_glob("coderd/*.log", tmp_path)),
            shipper=replace(empty.config.shipper, config=AbsolutePath(promtail)),
        )
        systems, held = replace(empty, config=config, expectations=wanted), Yardstick(wanted, run)
        context = context_of(systems, held, [])
        row = look_at_panels(systems.board, held, NOW_NS, {3})[0]
        seen = Observation((Probe("coderd", "nothing", 0, NOW_NS),))
        upstream = last_batch_lost.CAUSE.finding("c", seen, Fix("f"), (1, 2, 3))
        behind = Rehearsal(systems, context, run).findings_behind(upstream, row)
    assert [one.cause for one in behind] == found
