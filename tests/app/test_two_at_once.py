"""Two commands that start at the same moment on one stack: each counts its own events and keeps its own run."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from obs_check.app.systems.systems import open_systems
from obs_check.app.verify.check import Check
from obs_check.app.verify.outcome import Outcome
from obs_check.config import load_config
from obs_check.follow.journal import journal_path, read_journal
from obs_check.lab.stack import Lab


@pytest.mark.slow
def test_each_counts_its_own(tmp_path: Path) -> None:
    start = Barrier(2, timeout=60)

    def verify(lab: Lab, allow: int) -> Outcome:
        outcome = Outcome("verify")
        with open_systems(load_config(lab.config_path, {}), {"OBS_CHECK_STATE": str(tmp_path)}) as systems:
            check = Check(systems, outcome)
            before = check.read_before()
            start.wait()
            run = check.inject(allow, 5)
            check.follow(run)
            check.panels(run, before)
        return outcome

    with Lab() as lab, ThreadPoolExecutor(2) as both:
        first, second = both.map(lambda allow: verify(lab, allow), (5, 15))
    for outcome, events in ((first, 10), (second, 20)):
        assert outcome.run is not None
        assert {(hop.hop, len(hop.wanted), len(hop.seen)) for hop in outcome.hops if hop.hop != "panel"} == {
            (hop, events, events) for hop in ("egress", "file", "coderd", "shipper", "loki")
        }
        assert (str(outcome.verdict), outcome.exit_code) == ("ok", 0)
        assert read_journal(journal_path(tmp_path, outcome.run.id)) == (outcome.run, events)
