"""The whole job on the lab: faults are found, fixed and confirmed, a healthy pipeline is left in peace, and what is
kept can be checked by whoever was not there."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from obs_check.app.demo import Demo, run_demo
from obs_check.app.systems.injection import Sending
from obs_check.app.systems.systems import open_systems
from obs_check.app.verify.check import Check
from obs_check.app.verify.document import Document
from obs_check.app.verify.inputs import wrong_clock
from obs_check.app.verify.outcome import Outcome
from obs_check.config import load_config
from obs_check.lab.faults.registry import DEFAULT_FAULTS
from obs_check.lab.stack import Lab
from obs_check.model.verdict import Verdict
from obs_check.report.json import dumps
from tests.undocumented import undocumented


def tell(directory: Path, *fault_ids: str) -> tuple[Demo, Any]:
    story = Demo()
    run_demo(story, Lab(directory, fault_ids), lambda _text: None, lambda _outcome: None)
    return story, story.to_json()


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Demo, Any]:
    return tell(tmp_path_factory.mktemp("healthy"))


@pytest.mark.slow
def test_a_healthy_pipeline_has_no_finding_and_every_panel_reads_the_run(healthy: tuple[Demo, dict[str, Any]]) -> None:
    story, document = healthy
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
    assert undocumented(document, msgspec.json.schema(Document)) == set()


def exchanges(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("exchange"), dict):
            yield value["exchange"]
        for item in value.values():
            yield from exchanges(item)
    elif isinstance(value, list):
        for item in value:
            yield from exchanges(item)


@pytest.mark.slow
def test_a_green_run_keeps_what_it_stands_on(healthy: tuple[Demo, dict[str, Any]]) -> None:
    """From a request of a person to the raw answer of each system, without access to any of them."""
    document = json.loads(dumps(healthy[1]))
    msgspec.convert(document, Document)
    assert undocumented(document, msgspec.json.schema(Document)) == set()
    asked = list(exchanges(document))
    assert len(asked) >= 40
    assert document["answers_left_out"] == 0
    assert {one["sha256"] for one in asked} == set(document["answers"])
    for digest, answer in document["answers"].items():
        assert sha256(answer.encode()).hexdigest() == digest
    tags = {event["tag"] for event in document["events"]}
    for panel in document["panels"]:
        proof = panel["proof"]
        assert [target["text"] for target in proof["targets"]], panel
        read = {reading["of"]: reading for reading in proof["readings"]}
        assert {"before", "range"} <= set(read)
        for reading in read.values():
            assert reading["range"]["start_ns"] < reading["range"]["end_ns"]
            sent = [query for request in reading["requests"] for query in request["body"]["queries"]]
            raw = [probe["exchange"] for probe in reading["probes"] if "exchange" in probe]
            assert sent
            assert raw
            assert all(json.loads(document["answers"][one["sha256"]])["results"] for one in raw)
        if "run" in read:
            needle = f"obs={document['run']}-"
            assert all(needle in json.dumps(p["exchange"]["body"]) for p in read["run"]["probes"] if "exchange" in p)
            made = [tag for value in read["run"]["values"] for tag in value["events"]]
            assert made
            assert set(made) <= tags
    decisions = next(panel for panel in document["panels"] if panel["id"] == 1)["proof"]["readings"][-1]["values"]
    assert {value["name"]: len(value["events"]) for value in decisions} == {"Allowed": 10, "Denied": 10}
    for hop in document["hops"]:
        assert {event["tag"] for event in hop["events"]} <= tags
        assert all(event["seen_ns"] for event in hop["events"])
        if hop["hop"] in ("file", "coderd", "loki", "panel"):
            assert all(event["tag"] in line["line"] for event in hop["events"] for line in event["lines"])
            assert all(event["lines"] for event in hop["events"])
    assert {row["role"]: bool(row["text"]) for row in document["inputs"]["files"]} == dict.fromkeys(
        ("obs-check", "expectations", "dashboard-source", "boundary", "shipper"), True
    )
    assert document["inputs"]["dashboard"]["model"]["uid"] == "agent-firewall"
    assert {"obs-check", "python", "grafana"} <= set(document["versions"])
    assert wrong_clock(document["clocks"]) == ""
    assert {clock["system"] for clock in document["clocks"]} == {"grafana", "shipper"}


@pytest.mark.slow
def test_the_lab_boundary_wraps_the_probe(tmp_path: Path) -> None:
    with Lab(tmp_path) as lab, open_systems(load_config(lab.config_path, {}), {}) as systems:
        run = Check(systems, Outcome("demo")).inject(5, 5, Sending("boundary"))
        # It has ended with the probe.
        (written,) = [path for path in (tmp_path / "boundary_logs").glob("*.log") if run.needle in path.read_text()]
        assert "Command completed, shutting down" in written.read_text()
    assert run.through is not None
    assert (run.through.wrap.kind, run.through.via) == ("landjail", "boundary")
    assert all(one.as_expected for one in run.sent)
