"""The whole job on the lab, for every fault: the cause that the fault belongs to is named, and its fix works."""

from pathlib import Path
from typing import Any

import pytest

from obs_check.app.demo import Demo, run_demo
from obs_check.lab.faults import DEFAULT_FAULTS, FAULTS, Fault
from obs_check.lab.stack import Lab
from obs_check.model.verdict import Verdict


def tell(directory: Path, *fault_ids: str) -> tuple[Demo, dict[str, Any]]:
    story = Demo()
    run_demo(story, Lab(directory, fault_ids), lambda _text: None, lambda _outcome: None)
    return story, story.to_json()


@pytest.mark.slow
def test_a_healthy_pipeline_has_no_finding_and_every_panel_reads_the_run(tmp_path: Path) -> None:
    story, document = tell(tmp_path)
    assert story.verdict is Verdict.OK, document
    assert document["findings"] == []
    assert {h["verdict"] for h in document["hops"]} == {"ok"}
    assert {p["verdict"] for p in document["panels"]} == {"ok"}
    assert story.after is None


@pytest.mark.slow
def test_the_three_faults_of_the_real_deployment_are_found_fixed_and_confirmed(tmp_path: Path) -> None:
    story, document = tell(tmp_path, *DEFAULT_FAULTS)
    assert {f["cause"] for f in document["findings"]} == {
        "pipeline.wrong-parser",
        "file.level-hides-allow",
        "shipper.path-not-collected",
    }
    assert all(f["probes"] and f["fix"]["diff"] for f in document["findings"])
    broken = [p for p in document["panels"] if p["verdict"] == "fail"]
    assert broken
    assert all(p["cause"] for p in broken), broken
    assert document["unexplained"] == []
    assert story.verdict is Verdict.OK, document["after"]["panels"]
    assert {p["verdict"] for p in document["after"]["panels"]} == {"ok"}
    assert {row["change"] for row in document["comparison"]} <= {"fixed", "unchanged"}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.id)
def test_the_cause_of_a_fault_is_named_first(fault: Fault, tmp_path: Path) -> None:
    _, document = tell(tmp_path, fault.id)
    errors = [f["cause"] for f in document["findings"] if f["severity"] == "error"]
    assert errors[:1] == [fault.cause], document["findings"]
