"""The whole job on the lab: faults are found, fixed and confirmed, and a healthy pipeline is left in peace."""

from pathlib import Path
from typing import Any

import pytest

from obs_check.app.demo import Demo, run_demo
from obs_check.lab.faults.registry import DEFAULT_FAULTS
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
    hops = {
        (row["path"], row["hop"]): (row["before"], row["after"], row["change"]) for row in document["hop_comparison"]
    }
    assert hops["A", "file"] == ("10 of 20", "20 of 20", "fixed")
    assert hops["B", "coderd"] == ("20 of 20", "20 of 20", "unchanged")
