"""What the corpus named with programs from PATH in the lab: none wrongly.

tests/real/native.yaml is written by `python -m tests.corpus --native NAME ... --table FILE`. A run has the `programs`
with their versions; each of its `faults` what was `expected` and `named` first, and the verdict: `right`,
`unexplained`, or `apart` for what such a program cannot be told.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.causes.registry import CAUSES
from obs_check.lab.native import PROGRAMS

ROOT = Path(__file__).parents[2]
RUNS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "native.yaml").read_text("utf-8"))
IDS = ["+".join(f"{name}-{version}" for name, version in run["programs"].items()) for run in RUNS]


@pytest.mark.parametrize("run", RUNS, ids=IDS)
def test_nothing_was_named_wrongly(run: dict[str, Any]) -> None:
    assert set(run["programs"]) <= set(PROGRAMS)
    known = {cause.id for cause in CAUSES}
    for row in run["faults"]:
        assert row["verdict"] in {"right", "unexplained", "apart"}, row
        assert ("why" in row) == (row["verdict"] == "apart"), row
        if row["verdict"] == "right":
            assert row.get("named", "") == row["expected"], row
            assert row["expected"] in known | {""}, row
    counted = Counter(row["verdict"] for row in run["faults"])
    assert counted["right"] / (counted["right"] + counted["unexplained"]) >= 0.95


def test_all_that_loki_and_promtail_can_be_told_was_seeded() -> None:
    runs = [one for one in RUNS if set(one["programs"]) == {"loki", "promtail"}]
    assert {run["programs"]["loki"][:3] for run in runs} == {"3.5", "3.7"}
    assert all(len(run["faults"]) > 100 for run in runs)


def test_the_documentation_counts_as_the_table_does() -> None:
    told = " ".join((ROOT / "docs/lab.md").read_text("utf-8").split())
    for run in RUNS:
        programs = ", ".join(f"{name} {version}" for name, version in run["programs"].items())
        judged = Counter(row["verdict"] for row in run["faults"])
        seeded = judged["right"] + judged["unexplained"]
        assert f"{programs}: {judged['right']} of {seeded} right, {judged['apart']} cannot be told" in told
