"""The stages of loki.process give what Grafana Alloy gave for the same lines."""

import json
from pathlib import Path
from typing import Any

import pytest

from obs_check.shipper.read import parse_shipper
from obs_check.shipper.simulate import simulate
from tests.shipper.shipped import as_recorded

CASES = json.loads((Path(__file__).parents[1] / "fixtures/alloy/stages.json").read_text())["cases"]
NOW_NS = 1_795_600_000_000_000_000
CONFIG = """\
loki.source.file "f" {{
  targets    = [{{"__path__" = "/f"}}]
  forward_to = [loki.process.p.receiver]
}}
loki.process "p" {{
  {stages}
  forward_to = [loki.echo.e.receiver]
}}
loki.echo "e" {{}}
"""


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["stages"].split("\n")[0][:40])
def test_a_process_ships_what_alloy_ships(case: dict[str, Any]) -> None:
    [job] = parse_shipper(CONFIG.format(stages=case["stages"]), "c.alloy", {}).jobs
    shipped = simulate(job.pipeline, {**case["labels"], "filename": "/f"}, case["lines"], NOW_NS)
    assert as_recorded(shipped) == case["want"]
