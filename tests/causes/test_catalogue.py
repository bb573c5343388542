"""Every cause has a file that is named after it, a page, a fault and a case; nothing of these stands alone."""

import re
import runpy
from pathlib import Path

import pytest
import yaml

from obs_check.causes.registry import CAUSES as EVERY
from obs_check.lab.faults.registry import FAULTS
from obs_check.model.finding import Observation, Proof
from obs_check.model.probe import Probe

ROOT = Path(__file__).parents[2]
CAUSES = {cause.id: cause for cause in reversed(EVERY)}
SECTIONS = [["Why", how, "Confused with", "Fix", "Example"] for how in ("How it is proved", "How it is seen")]


def test_a_proof_has_two_sides() -> None:
    probe = Probe("loki", "count", 1, 0)
    assert Proof((probe,), (probe,)).probes == (probe, probe)
    for half in (lambda: Proof((probe,), ()), lambda: Proof((), (probe,)), lambda: Observation(())):
        with pytest.raises(ValueError):
            half()


@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_is_a_file_a_page_a_fault_and_a_case(cause: str) -> None:
    module = f"obs_check.causes.{cause.replace('-', '_')}"
    assert CAUSES[cause].prove.__module__ == module
    page = (ROOT / f"docs/causes/{cause}.md").read_text("utf-8")
    assert page.startswith(f"# {cause}\n\n")
    assert re.findall(r"^## (.+)$", page, re.M) in SECTIONS
    example = page.rpartition("## Example")[2]
    assert cause in example
    faults = {fault.id for fault in FAULTS if fault.cause == cause}
    assert faults
    cases = [yaml.safe_load(path.read_text()) for path in (ROOT / f"tests/cases/{cause}").glob("*.yaml")]
    assert {fault for case in cases for fault in case["faults"]} >= faults


def test_nothing_stands_for_a_cause_that_is_not_there() -> None:
    assert {fault.cause for fault in FAULTS} == set(CAUSES)
    assert {path.stem for path in (ROOT / "docs/causes").glob("*.md")} - {"README"} == set(CAUSES)
    assert {path.name for path in (ROOT / "tests/cases").iterdir() if path.is_dir() and path.name[0] != "_"} == set(
        CAUSES
    )
    assert len({fault.id for fault in FAULTS}) == len(FAULTS)


def test_the_index_and_the_readme_count_them() -> None:
    script = runpy.run_path(str(ROOT / "docs/write_causes.py"))
    index = script["TARGET"].read_text("utf-8")
    assert index == script["written"](), "write it again: python docs/write_causes.py"
    counts = re.search(r"^(\d+) of the (\d+) causes are proved, (\d+) observed\.$", index, re.M)
    assert counts is not None
    proved, every, observed = map(int, counts.groups())
    assert proved + observed == every == len(CAUSES)
    assert f"{every} causes between a tool call and a pixel, {proved} proved and {observed} observed," in " ".join(
        (ROOT / "README.md").read_text("utf-8").split()
    )
