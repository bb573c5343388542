"""Files of boundary of which only those of its children are left."""

from dataclasses import replace
from pathlib import Path

import pytest

from obs_check.causes.file import empty_child_file_only
from obs_check.client.egress import EgressAnswer
from obs_check.evidence.context import Files
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run, Sent, plan_events
from obs_check.model.probe import Probe
from obs_check.model.window import Window
from tests.causes.test_lost_lines import made_context

EVENTS = plan_events("abc123", 0, 2, "http://allowed.example/", "http://denied.invalid/")
RUN = Run("abc123", tuple(Sent(e, EgressAnswer(403, e.decision)) for e in EVENTS), Window(0, 1))
START = 'time=2026-11-25T01:48:57.1Z level=INFO msg="Executing target command" command=[agent]\n'


@pytest.mark.parametrize(
    ("text", "files"),
    [("", 1), (START, 1), ("time=2026-11-25T01:48:57.1Z level=WARN msg=DENY\n", 0)],
    ids=["at warn", "at info", "boundary's own"],
)
def test_a_file_that_is_gone_meanwhile_counts_for_nothing(text: str, files: int, tmp_path: Path) -> None:
    there, gone, config = tmp_path / "boundary-1.log", tmp_path / "boundary-2.log", tmp_path / "boundary.yaml"
    there.write_text(text)
    config.write_text(f"log_dir: {tmp_path}\n")
    known = Files(boundary_config=config, boundary_glob=f"{tmp_path}/*.log", matching=lambda _glob: [there, gone])
    hop = HopSeen("A", "file", tuple(RUN.tags()), probes=[Probe("file", "", {}, 1)])
    found = empty_child_file_only.find(replace(made_context(known, (hop,)), run=RUN))
    assert (found is not None) is bool(files)
    if found is not None:
        assert f"every file there ({files}) is that of a child process" in found.claim
