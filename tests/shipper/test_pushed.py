"""Every stage with its options, and nasty lines: what promtail 3.5.9 pushed of them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from obs_check.documents.yaml_tree import load
from obs_check.shipper.simulate import simulate
from obs_check.shipper.stages.registry import read_stages
from tests.shipper.shipped import as_recorded

FIXTURE = Path(__file__).parents[1] / "fixtures/promtail/pushed.json.gz"
CASES = json.loads(gzip.decompress(FIXTURE.read_bytes()))["cases"]
NOW_NS = 1_795_600_000_000_000_000


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"][:60])
def test_a_pipeline_pushes_what_promtail_pushed(case: dict[str, Any]) -> None:
    [node] = load(json.dumps(case["stages"], ensure_ascii=False), "stages.yaml")
    shipped = simulate(read_stages(node), {**case["labels"], "filename": "/f"}, case["lines"], NOW_NS)
    assert as_recorded(shipped) == case["want"]
