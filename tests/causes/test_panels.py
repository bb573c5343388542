"""Panels over a few lines: the cause that is named first, its fix, and what the panel reads with it.

tests/causes/panels/*.yaml has cases by name: {streams: [{labels, lines or lines_of, metadata, ago_s, every_s}] (else
coderd's and boundary's), panels: [parts of a panel, `expr` in short], variables, limits: limits of Loki, cause of the
first panel ("" for none), also: causes that may be named behind it, claim: [texts], fix: [texts of summary or diff],
safety, reads: what the panels show with every edit that is proposed, which is the truth about the lines}.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.app.diagnose.explain_panel import broken_targets
from obs_check.app.systems.systems import Systems
from obs_check.app.verify.check import Check
from obs_check.app.verify.outcome import Outcome
from obs_check.causes.panel import datasource_missing, time_range
from obs_check.causes.select import label_name_absent, label_value_absent
from obs_check.client.egress import EgressAnswer
from obs_check.evidence.context import BrokenPanel, JudgedPanels
from obs_check.evidence.questions import LinesOf
from obs_check.follow.run import Run, Sent, plan_events
from obs_check.model.entry import LogStream
from obs_check.model.event import Event
from obs_check.model.paths import AbsolutePath
from obs_check.model.window import MS, NS, Window
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.expect import Expectation
from obs_check.panel.request import dashboard_range
from obs_check.standin.loki.limits import Limits
from tests.causes.staged import NOW_NS, SOURCE, dashboard, diagnosed, staged, stream, with_fixes
from tests.fakes import NOTHING_KNOWN

CODER = {"namespace": "coder", "app": "coder"}
BOUNDARY = {"job": "boundary", "filename": "/tmp/boundary_logs/b.log"}
KEYS = {"streams", "panels", "variables", "limits", "cause", "also", "claim", "fix", "safety", "reads"}
PROMETHEUS = {"uid": "p", "name": "P", "type": "prometheus", "isDefault": True}
AT_NS = NOW_NS - 1800 * NS
RUN = Run(
    "abcdef",
    tuple(
        Sent(replace(event, sent_ns=AT_NS), EgressAnswer(200, event.decision))
        for event in plan_events("abcdef", 1, 1, "http://a.example/", "http://b.example/")
    ),
    Window(AT_NS, AT_NS + NS),
)
FILES = sorted((Path(__file__).parent / "panels").glob("*.yaml"))
CASES = {f"{file.stem}: {name}": case for file in FILES for name, case in yaml.safe_load(file.read_text()).items()}


def coderd(number: int) -> str:
    """12 allowed requests, then 12 denied ones; hosts take turns."""
    host = ("a.example.com", "b.example.com")[number % 2]
    fields = {
        "decision": "allow" if number < 12 else "deny",
        "owner": "admin",
        "http_method": "GET",
        "http_url": f"https://{host}/?n={number}",
    }
    document = {"level": "info", "msg": "boundary_request", "logger_names": ["coderd", "agentrpc"], "fields": fields}
    return json.dumps(document, separators=(",", ":"))


def boundary(number: int) -> str:
    """8 allowed requests, then 8 denied ones; three hosts take turns."""
    level, decision = ("INFO", "ALLOW") if number < 8 else ("WARN", "DENY")
    host = f"h{number % 3}.example"
    pairs = f"level={level} msg={decision} method=GET url=http://{host}/ host={host} took={number}ms"
    return f'time=2026-01-01T00:00:{number:02}Z {pairs} rule="domain={host}"'


LINES = {"coderd": [coderd(n) for n in range(24)], "boundary": [boundary(n) for n in range(16)]}


def streams_of(case: dict[str, Any]) -> list[LogStream]:
    given = case.get("streams")
    if given is None:
        return [stream(CODER, LINES["coderd"]), stream(BOUNDARY, LINES["boundary"])]
    return [
        stream(
            one["labels"],
            one["lines"] if "lines" in one else LINES[one["lines_of"]],
            one.get("metadata"),
            one.get("ago_s", 1800),
            one.get("every_s", 1),
        )
        for one in given
    ]


def check(case: dict[str, Any], systems: Systems) -> None:
    """Diagnose the case's dashboard, which the systems have, and make the fixes."""
    outcome = diagnosed(systems)
    causes = [finding.cause for finding in outcome.findings]
    assert causes[:1] == [case["cause"]][: bool(case["cause"])], (causes, outcome.unexplained)
    assert set(causes) <= {case["cause"], *case.get("also", [])}
    reads = [view.reading.text for view in with_fixes(systems, outcome)]
    if "reads" in case:
        assert reads == case["reads"]
    if not case["cause"]:
        return
    finding = outcome.findings[0]
    for text in case.get("claim", []):
        assert text in finding.claim
    for text in case.get("fix", []):
        assert text in f"{finding.fix.summary}\n{finding.fix.diff}".replace('\\"', '"').replace("\\\\", "\\")
    assert finding.fix.safety == case["safety"]


def dashboard_of(case: dict[str, Any]) -> dict[str, Any]:
    return dashboard(case["panels"], templating={"list": case.get("variables", [])})


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_panel(case: dict[str, Any]) -> None:
    assert case.keys() <= KEYS
    with staged(dashboard_of(case), streams_of(case), Limits(**case.get("limits", {}))) as systems:
        check(case, systems)


def test_what_a_person_has_to_mend_is_right_in_the_file_that_the_dashboard_comes_from(tmp_path: Path) -> None:
    expr = 'sum(count_over_time({namespace="coder"} | json owner="fields.owner" | owner=~"%s" [$__range]))'
    good, broken = (dashboard([{"expr": expr % value}]) for value in ("adm.*", "$user"))
    file = tmp_path / "staged.json"
    file.write_text(json.dumps(good))
    with staged(broken, [stream(CODER, LINES["coderd"])]) as systems:
        from_file = replace(systems, config=replace(systems.config, source=AbsolutePath(file)))
        outcome = diagnosed(from_file)
        assert [f.cause for f in outcome.findings] == ["panel.variable-empty", "panel.dashboard-drift"]
        assert not outcome.findings[0].fix.edits
        assert [view.reading.text for view in with_fixes(systems, outcome)] == ["24"]


@pytest.mark.parametrize(
    ("saved", "named", "path"),
    [
        ({"timepicker": {"nowDelay": "1h"}}, "its now is delayed by 1h (`nowDelay`)", ("timepicker", "nowDelay")),
        ({"time": {"from": "now-2h", "to": "now-1h"}}, "every event of the run came after that", ("time", "to")),
    ],
    ids=["delayed", "ended"],
)
def test_what_ends_the_range_in_front_of_a_run_is_what_the_fix_takes_away(
    saved: dict[str, Any], named: str, path: tuple[str, ...]
) -> None:
    document = dashboard([{"expr": 'count_over_time({namespace="coder"} [$__range])'}], **saved)
    sent = Event("abc123", 1, "allow", "GET", "http://a.example/", "a.example", NOW_NS)
    run = Run("abc123", (Sent(sent, EgressAnswer(200, "allow")),), Window(NOW_NS, NOW_NS))
    with staged(document, [stream(CODER, LINES["coderd"])]) as systems:
        (view,) = systems.board.read(NOW_NS)

        def look(
            document: Mapping[str, object],
            broken: BrokenPanel,
            window: Window | None = None,  # noqa: ARG001 (the protocol's signature)
        ) -> BrokenPanel:
            whole = load_dashboard(dict(document), "staged")
            ends = dashboard_range(whole, NOW_NS).to_ms * MS
            return replace(broken, differs="" if ends >= NOW_NS else broken.differs)

        seen = replace(NOTHING_KNOWN, dashboard=document, run=run, panels=JudgedPanels(paths={1: "B"}), look_again=look)
        found = time_range.ENDED.find(seen, BrokenPanel(view.panel, view.request, view.reading, "no", view.probes))
    assert found is not None
    assert named in found.claim
    assert [getattr(edit, "path", ()) for edit in found.fix.edits] == [path]


def test_a_delayed_now_is_taken_away_safely() -> None:
    """The panel is looked at in the range that it has without it."""
    document = dashboard([{"type": "logs", "expr": '{job="b"}'}], timepicker={"nowDelay": "50m"})
    document["time"] = {"from": "now-3h", "to": "now"}
    with staged(document, [stream({"job": "b"}, [f"GET /?obs={tag}" for tag in RUN.tags()])]) as systems:
        check = Check(replace(systems, expectations={1: Expectation(1, "B", "lines")}), Outcome("verify", RUN))
        check.panels(RUN)
        check.explain()
    (found,) = check.outcome.findings
    assert found.cause == "panel.time-range"
    assert "in a range that ends now the panel reads 2 lines" in found.claim
    assert found.fix.safety == "safe"


@pytest.mark.parametrize(
    ("labels", "cause", "claim"),
    [
        (
            {"namespace": "team-a"},
            label_value_absent,
            "have none of the lines, other streams have other values (team-a)",
        ),
        ({"app": "coder"}, label_name_absent, "the lines are in no stream that has the label `namespace` (labels: app"),
    ],
    ids=["another-value", "without-the-label"],
)
def test_streams_that_are_selected_may_be_quiet_ones(labels: dict[str, str], cause: Any, claim: str) -> None:
    document = dashboard([{"type": "logs", "expr": '{namespace=~"coder|coder-workspaces"}'}])
    streams = [stream({"namespace": "coder-workspaces"}, ["of others"]), stream(labels, ["x obs=abc123-1-allow"])]
    with staged(document, streams) as systems:
        (view,) = systems.board.read(NOW_NS)
        context = replace(
            NOTHING_KNOWN,
            dashboard=document,
            loki=LinesOf(systems.loki, "obs=abc123-"),
            run=Run("abc123", (), Window(NOW_NS, NOW_NS)),
            panels=JudgedPanels(paths={1: "B"}),
        )
        broken = BrokenPanel(view.panel, view.request, view.reading, "no", view.probes)
        found = cause.find(context, next(broken_targets(context, broken)))
    assert found is not None
    assert claim in found.claim


def test_a_calculation_that_only_a_run_shows_to_be_wrong() -> None:
    panel = {"queryType": "instant", "options": {"reduceOptions": {"calcs": ["diff"]}}}
    document = dashboard([{"expr": 'sum(count_over_time({job="b"} [$__range]))', **panel}])
    with staged(document, [stream({"job": "b"}, [f"GET /?obs={tag}" for tag in RUN.tags()])]) as systems:
        check = Check(replace(systems, expectations={1: Expectation(1, "B", "total")}), Outcome("verify", RUN))
        check.panels(RUN)
        check.explain()
    (found,) = check.outcome.findings
    assert (found.cause, found.fix.safety) == ("panel.reducer-blank", "safe")
    assert "the calculation diff makes 0 of the answer; to show the last value that is not null reads 2" in found.claim


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_a_table_of_the_other_decision_is_told_by_the_run(decision: Any) -> None:
    other = {"allow": "deny", "deny": "allow"}[decision]
    lines = [f"decision={event.event.decision} url={event.event.url}" for event in RUN.sent]
    document = dashboard([{"type": "logs", "expr": f'{{job="b"}} | logfmt | decision=`{other}`'}])
    with staged(document, [stream({"job": "b"}, lines)]) as systems:
        check = Check(
            replace(systems, expectations={1: Expectation(1, "B", "lines", decision=decision)}), Outcome("verify", RUN)
        )
        check.panels(RUN)
        check.explain()
    (found,) = check.outcome.findings
    assert (found.cause, found.fix.safety) == ("pipeline.label-filter-kills", "safe")
    assert f"drops the 1 line of {decision} events, which the panel has to show" in found.claim
    assert f'with `| decision="{decision}"` 1 pass' in found.claim


@pytest.mark.parametrize(("written", "known"), [(None, True), ({"uid": "loki"}, False)], ids=["of-none", "of-one"])
def test_a_panel_whose_default_datasource_is_of_another_kind(written: dict[str, str] | None, known: bool) -> None:
    document = dashboard([{"expr": '{job="b"}', "datasource": written}])
    with staged(document, [stream({"job": "b"}, ["x"])]) as systems:
        (view,) = systems.board.read(NOW_NS)

    def look(
        document: Mapping[str, Any],
        broken: BrokenPanel,
        window: Window | None = None,  # noqa: ARG001 (the protocol's signature)
    ) -> BrokenPanel:
        named = document["panels"][0]["datasource"] == {"type": "loki", "uid": "loki"}
        return replace(broken, differs="" if named else "no")

    sources = Datasources({"P": {**PROMETHEUS}, "Loki": {**SOURCE, "isDefault": False}})
    seen = replace(NOTHING_KNOWN, dashboard=document, datasources=sources, look_again=look)
    found = datasource_missing.DEFAULT.find(
        seen, BrokenPanel(view.panel, view.request, view.reading, "no", view.probes)
    )
    assert (found is not None) == known
    if found is not None:
        assert "names no datasource, and the default, 'p', is prometheus; with 'loki' (loki)" in found.claim
