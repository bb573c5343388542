"""How panels are judged on a running lab: at their own range, by the lines of the run alone."""

import copy
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from obs_check.app.systems.systems import Systems, open_systems
from obs_check.app.verify.check import Check
from obs_check.app.verify.outcome import Outcome
from obs_check.client.egress import EgressAnswer
from obs_check.config import load_config
from obs_check.errors import Unavailable
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run, Sent, new_run_id, plan_events
from obs_check.lab.faults.panel import panel
from obs_check.lab.faults.registry import find_fault
from obs_check.lab.settings import healthy
from obs_check.lab.stack import Lab
from obs_check.model.verdict import Verdict
from obs_check.model.window import NS, Window
from obs_check.panel.dashboard import load_dashboard
from tests.corpus.diagnosis import Stack, diagnose
from tests.corpus.variants.others import Others

LINE_PANELS = frozenset(range(1, 10))
"""The panels of agent-firewall that are made of lines."""
LOKI = {"type": "loki", "uid": "loki"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("judging")) as running:
        yield running


@contextmanager
def opened(lab: Lab, change: Callable[[dict[str, Any]], None] = lambda _dashboard: None) -> Iterator[Systems]:
    """The systems of a lab, with a dashboard that is changed on this side alone."""
    with open_systems(load_config(lab.config_path, {}), {}) as systems:
        document = copy.deepcopy(dict(systems.board.dashboard.document))
        change(document)
        dashboard = load_dashboard(document, "agent-firewall.json")
        yield replace(systems, board=replace(systems.board, dashboard=dashboard))


def verified(systems: Systems, tells_zeros: bool = False) -> Any:
    check = Check(systems, Outcome("verify"), tells_zeros=tells_zeros)
    check.run(10, 10)
    check.explain()
    return check.outcome.to_json()


def never_sent(systems: Systems) -> Run:
    """A run of which no line was ever written, though every request was answered as it had to be."""
    wanted = systems.config.inject
    events = plan_events(new_run_id(), 10, 10, wanted.allow_url or "", wanted.deny_url or "")
    now = systems.now_ns()
    sent = (Sent(replace(e, sent_ns=now), EgressAnswer(200, e.decision, "")) for e in events)
    return Run(events[0].run, tuple(sent), Window(now // NS * NS, (now // NS + 1) * NS))


@pytest.mark.slow
def test_the_lines_of_one_run_are_no_proof_of_another(lab: Lab) -> None:
    with opened(lab) as systems:
        assert verified(systems)["verdict"] == "ok"
        check = Check(systems, Outcome("verify"))
        check.panels(never_sent(systems))
        rows = {row.view.panel.id: row for row in check.outcome.panels}
    assert {number for number in LINE_PANELS if rows[number].verdict is not Verdict.FAIL} == set()
    assert "Allowed" in rows[1].view.reading.text
    assert rows[1].shown == "No data"


@pytest.mark.slow
def test_a_counter_is_waited_for_from_the_last_event_on_or_from_what_came_to_coderd(tmp_path: Path) -> None:
    # A lab of its own: what other tests sent may be scraped at any time, and counts as moved.
    with Lab(tmp_path / "lab") as quiet, opened(quiet) as systems:
        limit = systems.config.timeouts.metrics_s
        run, unmoved = never_sent(systems), systems.board.read(systems.now_ns(), None, None)

        def waited(ago_s: float, brought_s: float = 0) -> float:
            pauses: list[float] = []
            later = replace(
                systems,
                pause=pauses.append,
                now_ns=lambda: run.window.end_ns + round((ago_s + sum(pauses)) * NS),
                steady_ns=lambda: round(sum(pauses) * NS),
            )
            brought = dict.fromkeys(run.tags(), run.window.end_ns + round(brought_s * NS))
            Check(later, Outcome("verify", run, [HopSeen("B", "coderd", (), brought)])).panels(run, unmoved)
            return sum(pauses)

        assert waited(ago_s=0) >= limit > waited(ago_s=limit - 0.1) > 0
        assert waited(ago_s=limit) == 0
        assert waited(ago_s=limit, brought_s=limit / 2) >= limit / 2


@pytest.mark.slow
@pytest.mark.parametrize("set_s", [3600, -3600])
def test_nothing_is_claimed_while_the_clock_of_this_machine_is_set(lab: Lab, set_s: int) -> None:
    ahead = [0]
    with opened(lab) as systems:
        check = Check(replace(systems, now_ns=lambda: time.time_ns() + ahead[0]), Outcome("verify"))
        run = check.inject(1, 1)
        ahead[0] = set_s * NS
        with pytest.raises(Unavailable, match=f"clock was set {'ahead' if set_s > 0 else 'back'} by 3,600 s"):
            check.follow(run)
    assert Verdict.FAIL not in {hop.verdict for hop in check.outcome.hops}
    assert [hop.complete for hop in check.outcome.hops if hop.hop in ("file", "coderd")] == [True, True]


@pytest.mark.slow
def test_others_requests_and_another_run_at_the_same_time_leave_a_healthy_pipeline_healthy(lab: Lab) -> None:
    documents: list[dict[str, Any]] = []

    def verify() -> None:
        with opened(lab) as systems:
            documents.append(verified(systems))

    with Others(lab.proxy_url):
        both = [threading.Thread(target=verify) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()
    assert [document["verdict"] for document in documents] == ["ok", "ok"], documents
    for document in documents:
        shown = {row["id"]: row for row in document["panels"]}
        assert shown[1]["of_run"] == "Allowed 10, Denied 10"
        assert shown[1]["reads"] != shown[1]["of_run"]
        assert document["findings"] == []


def seldom(dashboard: dict[str, Any]) -> None:
    """A stream and a rate of lines that come seldom, and a gauge that neither an event nor another target moves;
    nothing is expected of them."""
    stream = '{namespace="coder-workspaces"} |= "boundary"'
    for number, kind, source, expr in (
        (15, "logs", LOKI, stream),
        (16, "timeseries", LOKI, f"sum(count_over_time({stream} [$__interval]))"),
        (17, "stat", {"type": "prometheus", "uid": "prometheus"}, "max(up)"),
    ):
        # A range ends at a whole step, which may lie ahead of the first scrape of a lab that is seconds old.
        how = {"queryType": "range", "range": True} if source == LOKI else {"instant": True, "range": False}
        target = {"refId": "A", "datasource": source, "expr": expr, **how}
        dashboard["panels"].append({"id": number, "type": kind, "title": str(number), "targets": [target]})


@pytest.mark.slow
def test_panels_that_the_run_does_not_feed_may_be_empty_and_still(lab: Lab) -> None:
    with opened(lab, seldom) as systems:
        document = verified(systems, tells_zeros=True)
    rows = {row["id"]: row for row in document["panels"]}
    assert [(rows[n]["reads"], rows[n]["verdict"]) for n in (15, 16)] == [("No data", "ok")] * 2
    assert all("no expectation" in " ".join(rows[n]["notes"]) for n in (15, 16))
    meanings = {row["id"]: row["meaning"] for row in document["control"]}
    assert [meanings[n] for n in (15, 16, 17)] == ["not_fed"] * 3
    assert (document["verdict"], document["unexplained"]) == ("ok", [])


@pytest.mark.slow
def test_an_idle_pipeline_is_unknown_and_one_sentence_says_how_to_find_out(tmp_path: Path) -> None:
    with Lab(tmp_path) as idle, opened(idle, seldom) as systems:
        check = Check(systems, Outcome("diagnose"))
        check.panels(None)
        check.explain()
        document: Any = check.outcome.to_json()
    assert (document["findings"], document["verdict"]) == ([], "unknown")
    (said,) = document["unexplained"]
    assert "`diagnose --inject` sends events and tells" in said
    verdicts = {row["id"]: row["verdict"] for row in document["panels"]}
    assert [verdicts[n] for n in (1, 2, 15, 16, 11)] == ["unknown"] * 4 + ["ok"]


def broken_views(dashboard: dict[str, Any]) -> None:
    """A fault behind the query in five panels."""
    settings = healthy(Path("/lab"))
    settings.dashboard = dashboard
    for fault in ("reduced-field", "columns-gone", "rows-filtered", "series-hidden", "time-shift"):
        find_fault(fault).change(settings)


@pytest.mark.slow
def test_verify_and_diagnose_find_the_same_causes(lab: Lab) -> None:
    named = []
    for tells_zeros in (False, True):
        with opened(lab, broken_views) as systems:
            document = verified(systems, tells_zeros)
        errors = [f for f in document["findings"] if f["severity"] == "error"]
        named.append(sorted((f["cause"], f["panels"], f["fix"]["safety"]) for f in errors))
        assert document["unexplained"] == []
    assert named[0] == [
        ("panel.override-hides", [6], "safe"),
        ("panel.reducer-blank", [1], "safe"),
        ("panel.time-range", [7], "safe"),
        ("panel.transformation-drops", [2], "safe"),
        ("panel.transformation-drops", [3], "safe"),
    ]
    assert named[1] == named[0]


def filtered_and_regrouped(dashboard: dict[str, Any]) -> None:
    """A table without rows, which would have rows of something else without its transformation."""
    settings = healthy(Path("/lab"))
    settings.dashboard = dashboard
    find_fault("rows-filtered").change(settings)
    panel(3, _regrouped)(settings)


def _regrouped(one: dict[str, Any]) -> None:
    target = one["targets"][0]
    target["expr"] = target["expr"].replace("sum by (domain)", "sum by (owner)")


@pytest.mark.slow
def test_what_only_lets_something_else_show_is_not_to_blame(lab: Lab) -> None:
    with opened(lab, filtered_and_regrouped) as systems:
        systems = replace(systems, config=replace(systems.config, source=None))
        document = verified(systems)
    assert "panel.transformation-drops" not in {f["cause"] for f in document["findings"]}
    rows = {row["id"]: row for row in document["panels"]}
    assert rows[3]["verdict"] == "fail"
    assert json.dumps(document["findings"]).count('"safety": "safe"') == 0


def same_query_twice(dashboard: dict[str, Any]) -> None:
    """Queries that read the lines with another parser, and a panel more with one of them, of which nothing is
    expected."""
    settings = healthy(Path("/lab"))
    settings.dashboard = dashboard
    find_fault("panel-logfmt").change(settings)
    first = next(one for one in dashboard["panels"] if one.get("id") == 1)
    dashboard["panels"].append({**copy.deepcopy(first), "id": 18, "title": "the same again"})


@pytest.mark.slow
def test_a_panel_without_an_expectation_is_explained_with_those_that_have_one(lab: Lab) -> None:
    with opened(lab, same_query_twice) as systems:
        document = verified(systems)
    (finding,) = document["findings"]
    assert finding["cause"] == "pipeline.wrong-parser"
    assert finding["panels"] == [1, 2, 3, 4, 5, 6, 7, 18]
    assert document["unexplained"] == []


@pytest.mark.slow
def test_a_panel_that_shows_what_was_decided_is_not_to_blame(tmp_path: Path) -> None:
    """boundary denies what should be allowed, and its configuration is not at hand."""
    found = diagnose(tmp_path, ("rule-too-narrow",), Stack("no-boundary-config"))
    document = found.document
    assert not [cause for cause in found.causes if cause.partition(".")[0] != "egress"]
    failing = [row for row in document["panels"] if row["verdict"] == "fail"]
    assert failing
    explained = {number for finding in document["findings"] for number in finding["panels"]}
    said = " ".join(document["unexplained"])
    assert all(row["id"] in explained or f"panel {row['id']} (" in said for row in failing)
