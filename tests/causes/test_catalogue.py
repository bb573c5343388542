"""Every cause has a file that is named after it, a page, a fault and a case; nothing of these stands alone."""

import re
from pathlib import Path

import pytest
import yaml

from obs_check.causes.registry import LAST_CAUSES, PANEL_CAUSES, RUN_CAUSES, TRUTHS, VIEW_CAUSES
from obs_check.evidence.cause import PanelCause, RunCause, ViewCause
from obs_check.lab.faults.registry import FAULTS

ROOT = Path(__file__).parents[2]
EVERY: tuple[RunCause | ViewCause | PanelCause, ...] = (*RUN_CAUSES, *VIEW_CAUSES, *PANEL_CAUSES, *LAST_CAUSES, *TRUTHS)
CAUSES = {cause.id: cause for cause in EVERY}
SECTIONS = ["Why", "How it is proved", "Confused with", "Fix", "Example"]


@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_is_a_class_a_page_a_fault_and_a_case(cause: str) -> None:
    module = f"obs_check.causes.{cause.replace('-', '_')}"
    assert type(CAUSES[cause]).__module__ == module
    page = (ROOT / f"docs/causes/{cause}.md").read_text("utf-8")
    assert page.startswith(f"# {cause}\n\n")
    assert re.findall(r"^## (.+)$", page, re.M) == SECTIONS
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
