"""The head of a run: SUCCESS takes every part, and a part that broke says which, why and what is needed."""

from dataclasses import replace
from io import StringIO
from typing import Any

import pytest

from obs_check.app.systems.health import Health
from obs_check.app.verify.document import Document
from obs_check.app.verify.outcome import Outcome
from obs_check.app.verify.result import result_of
from obs_check.app.verify.verdicts import PanelVerdict
from obs_check.client.answer import as_type
from obs_check.client.egress import EgressAnswer
from obs_check.client.executors.health import CheckResult
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run, Sent, plan_events
from obs_check.model.verdict import Verdict
from obs_check.model.window import Window
from obs_check.report.markdown import to_markdown
from obs_check.report.screen import next_step, print_document
from tests.app.test_outages import views

EVENTS = plan_events("abcdef", 1, 1, "http://allowed.example/", "http://denied.invalid/")
RUN = Run("abcdef", tuple(Sent(e, EgressAnswer(200, e.decision)) for e in EVENTS), Window(0, 1))
WRONG = replace(RUN, sent=(RUN.sent[0], Sent(EVENTS[1], EgressAnswer(200, "allow"))))
DOUBT = replace(RUN, sent=(RUN.sent[0], Sent(EVENTS[1], EgressAnswer(None, "not_known"))))
GOOD = HopSeen("A", "loki", tuple(RUN.tags()), dict.fromkeys(RUN.tags(), 1))
LOST = HopSeen("A", "loki", tuple(RUN.tags()), {RUN.tags()[0]: 1})
AWAY = HopSeen("A", "loki", tuple(RUN.tags()), unknown="loki does not answer")
WORKS, BROKE = (
    CheckResult("git", True, "as it has to be"),
    CheckResult("git", False, "it ended with 128", "fatal: no route"),
)
HEALTHY = Health([WORKS], [WORKS])
SUCCESS, NEGATIVE, UNDECIDED = "SUCCESS", "DOCUMENTED NEGATIVE", "UNDECIDED"


def outcome(run: Run, hop: HopSeen, health: Health, shown: bool | None = True) -> Outcome:
    verdict = Verdict.OK if shown else Verdict.FAIL
    panels = [] if shown is None else [PanelVerdict(view, "A", verdict, "", "") for view in views({"frames": []})]
    return Outcome("verify", run, [hop], panels, health=health)


HEADS = [
    (outcome(RUN, GOOD, HEALTHY), SUCCESS, {}),
    (outcome(RUN, GOOD, Health()), UNDECIDED, {"healthy": "not asked"}),
    (outcome(RUN, GOOD, HEALTHY, None), UNDECIDED, {"shown": "not asked"}),
    (outcome(RUN, GOOD, Health([WORKS], [BROKE])), NEGATIVE, {"healthy": "fail"}),
    (outcome(RUN, GOOD, Health([BROKE], [BROKE])), NEGATIVE, {"healthy": "fail"}),
    (outcome(RUN, GOOD, Health(unknown=["coder does not answer"])), UNDECIDED, {"healthy": "unknown"}),
    (outcome(RUN, GOOD, Health([WORKS])), UNDECIDED, {"healthy": "unknown"}),
    (outcome(WRONG, GOOD, HEALTHY), NEGATIVE, {"denied": "fail"}),
    (outcome(DOUBT, GOOD, HEALTHY), UNDECIDED, {"denied": "unknown"}),
    (outcome(RUN, LOST, HEALTHY), NEGATIVE, {"audited": "fail"}),
    (outcome(RUN, AWAY, HEALTHY), UNDECIDED, {"audited": "unknown"}),
    (outcome(RUN, GOOD, HEALTHY, False), NEGATIVE, {"shown": "fail"}),
    (outcome(RUN, AWAY, HEALTHY, False), NEGATIVE, {"shown": "fail", "audited": "unknown"}),
]


@pytest.mark.parametrize("number", range(len(HEADS)))
def test_the_head_says_no_more_than_its_parts(number: int) -> None:
    seen, head, not_ok = HEADS[number]
    found = result_of(seen.run, seen.hops, seen.panels, seen.findings, seen.health, "")
    assert found is not None
    assert found["head"] == head
    assert {part["part"]: part["verdict"] for part in found["parts"] if part["verdict"] != "ok"} == not_ok


def test_an_ended_command_has_not_succeeded() -> None:
    seen = HEADS[0][0]
    found = result_of(seen.run, seen.hops, seen.panels, seen.findings, seen.health, "interrupted")
    assert found is not None and found["head"] == UNDECIDED
    assert result_of(None, [], [], [], Health(), "") is None


def test_what_nobody_answered_is_not_missing() -> None:
    seen = outcome(RUN, AWAY, HEALTHY)
    document: Any = seen.to_json()
    parts = {part["part"]: part["says"] for part in document["result"]["parts"]}
    assert parts["audited"] == "0 of 1 hops have every record, 1 unknown"
    screen = StringIO()
    print_document(document, screen, color=False)
    assert "0 of 1 hops as they should be, 1 unknown" in screen.getvalue()
    assert "missing" not in screen.getvalue()
    early: Any = outcome(RUN, replace(LOST, waiting=True), HEALTHY).to_json()
    audited = next(part for part in early["result"]["parts"] if part["part"] == "audited")
    assert audited["lines"] == ["path A loki: its time was not up"]


def test_what_an_ended_command_did_not_do_is_not_said() -> None:
    seen = outcome(DOUBT, GOOD, Health([WORKS]))
    seen.now_ns, seen.span = (lambda: 9), Window(1, 2)
    seen.stop("interrupted")
    document: Any = seen.to_json()
    healthy, denied, *_ = document["result"]["parts"]
    assert healthy["says"] == "1 check before the run, 0 not as they have to be"
    assert denied["says"] == "0 of 0 requests denied, 1 to be allowed, 0 otherwise, 1 whose answer is not known"
    # It has looked until it was ended.
    assert document["span"] == {"start_ns": 1, "end_ns": 9}
    assert next_step(document) == "obs-check trace abcdef follows what was sent"


def test_a_broken_workspace_is_in_verdict_document_and_export() -> None:
    seen = outcome(RUN, GOOD, Health([WORKS], [BROKE]))
    assert (str(seen.verdict), seen.exit_code) == ("fail", 1)
    document: Any = seen.to_json()
    as_type(document, Document)
    (row,) = document["checks"]
    assert (row["name"], row["verdict"], row["after"]["says"]) == ("git", "fail", "it ended with 128")
    text = to_markdown(document, [])
    assert text.startswith("# DOCUMENTED NEGATIVE, obs-check verify: fail\n")
    assert "**healthy** (fail): 1 check before and after the run, 1 not as they have to be" in text
    assert "- git: fatal: no route" in text
    assert "- why: git, after the run: it ended with 128" in text
    assert "- needed: it worked before: look at what ran in between" in text
