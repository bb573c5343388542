"""One mistake in several panels is one finding with everyone's edits; a question that they share is one proof."""

from typing import Any

import pytest

from obs_check.app.verify.check import Check
from obs_check.app.verify.outcome import Outcome
from obs_check.documents.patch import patch_text
from obs_check.evidence.dashboard_edit import dashboard_fix
from obs_check.evidence.group import group_findings
from obs_check.model.finding import Finding, Fix, Observation, Subject, TargetEdit
from obs_check.model.probe import Probe
from tests.causes.staged import dashboard, staged, stream

DASHBOARD = {
    "panels": [{"id": n, "targets": [{"refId": "A", "expr": f'{{a="{n}"}} | logfmt'}]} for n in (1, 2, 3)],
}
SHARED = Probe("loki", "shared", 20, 0)


def finding(panel: int, group: str) -> Finding:
    before = f'{{a="{panel}"}} | logfmt'
    edit = TargetEdit(panel, "A", before, before.replace("logfmt", "json"))
    fix = dashboard_fix(f"use json in {panel}", "d", DASHBOARD, [edit])
    probes = (SHARED, Probe("loki", f"own {panel}", 0, 0))
    return Finding(
        "pipeline.wrong-parser",
        "error",
        "panel",
        Subject("d", panel),
        "c",
        Observation(probes),
        fix,
        (panel,),
        group=group,
    )


def test_findings_of_a_group_are_one() -> None:
    (one,) = group_findings([finding(2, "json"), finding(1, "json"), finding(3, "json")], "d", DASHBOARD)
    assert one.panels == (1, 2, 3)
    assert [p.request for p in one.probes] == ["shared", "own 2", "own 1", "own 3"]
    assert len(one.fix.edits) == 3
    assert one.fix.diff.count("+      ") == 3


def test_other_mistakes_of_a_cause_stay_apart() -> None:
    found = group_findings([finding(1, "json"), finding(2, "regexp")], "d", DASHBOARD)
    assert [f.panels for f in found] == [(1,), (2,)]


def test_without_a_group_the_fix_decides() -> None:
    one = Finding("a.b", "error", "file", Subject(), "c", Observation((SHARED,)), Fix("do it"))
    assert len(group_findings([one, one], "d", DASHBOARD)) == 1


def test_the_dashboard_is_written_once_for_a_mistake_of_many_panels(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    def counted(name: str, *texts: Any, **more: Any) -> str:
        written.append(name)
        return patch_text(name, *texts, **more)

    monkeypatch.setattr("obs_check.evidence.dashboard_edit.patch_text", counted)
    board = dashboard([{"expr": 'count_over_time({job="b"} | json | level="error" [5m])'} for _ in range(9)])
    with staged(board, [stream({"job": "b"}, ["level=error n=1"] * 5, ago_s=60)]) as systems:
        check = Check(systems, Outcome("diagnose"))
        check.panels(None)
        check.explain()
    (found,) = check.outcome.findings
    assert (found.cause, len(found.panels), len(written)) == ("pipeline.wrong-parser", 9, 1)
