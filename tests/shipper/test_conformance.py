"""The stages give what promtail 3.5 gave for the same lines (recorded with -dry-run)."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.documents.yaml_tree import load
from obs_check.shipper.simulate import simulate
from obs_check.shipper.stages.registry import read_stages

CASES = json.loads((Path(__file__).parents[1] / "fixtures/promtail/stages.json").read_text())["cases"]
NOW_NS = 1_795_600_000_000_000_000
# promtail lets lines that do not match overtake those inside a match stage: only the set is defined.
UNORDERED = {"match-nested"}


def json_key(entry: dict[str, Any]) -> str:
    return json.dumps(entry, sort_keys=True)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_a_pipeline_ships_what_promtail_ships(case: dict[str, Any]) -> None:
    [node] = load(yaml.safe_dump(case["stages"]), "stages.yaml")
    shipped = simulate(read_stages(node), case["labels"], case["lines"], NOW_NS)
    got: list[dict[str, Any]] = [
        {"ts": None if s.ts is None else str(s.ts), "labels": s.labels, "line": s.line} for s in shipped
    ]
    want: list[dict[str, Any]] = case["want"]["entries"]
    if case["name"] in UNORDERED:
        got, want = sorted(got, key=json_key), sorted(want, key=json_key)
    assert got == want
