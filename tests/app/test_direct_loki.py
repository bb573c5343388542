"""Causes of the ingestion where Loki can be asked directly: its own counters and its own configuration count."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.app.systems.systems import open_systems
from obs_check.app.verify.check import Check
from obs_check.app.verify.outcome import Outcome
from obs_check.config import load_config
from obs_check.lab.faults.registry import find_fault, wait_for
from obs_check.lab.stack import Lab
from obs_check.model.window import NS


def diagnose(directory: Path, fault: str) -> Any:
    """As tests.corpus.diagnosis, with `loki.url` in the configuration."""
    with Lab(directory, (fault,)) as lab:
        promtail = yaml.safe_load((directory / "promtail.yaml").read_text())
        document = yaml.safe_load(lab.config_path.read_text())
        document["loki"]["url"] = promtail["clients"][0]["url"].removesuffix("/loki/api/v1/push")
        lab.config_path.write_text(yaml.safe_dump(document))
        with open_systems(load_config(lab.config_path, {}), {}) as systems:
            check = Check(systems, Outcome("verify"))
            run = check.inject(*find_fault(fault).events)
            check.follow(run)
            systems.pause(wait_for((fault,)))
            check.panels(run)
            check.explain()
            return check.outcome.to_json()


@pytest.mark.slow
def test_what_loki_counted_as_discarded_is_told(tmp_path: Path) -> None:
    (finding,) = diagnose(tmp_path, "line-too-long")["findings"]
    assert finding["cause"] == "ingest.discarded"
    assert "20 lines of the run (line_too_long); it counted 20 of them" in finding["claim"]
    assert any(probe["request"] == "GET /metrics" and probe["system"] == "loki" for probe in finding["probes"])


@pytest.mark.slow
def test_how_long_loki_keeps_lines_is_told(tmp_path: Path) -> None:
    (finding,) = diagnose(tmp_path, "short-retention")["findings"]
    assert finding["cause"] == "ingest.retention-passed"
    assert finding["claim"].endswith("its `retention_period` is 5 s")
    (probe,) = [probe for probe in finding["probes"] if probe["request"] == "GET /config"]
    assert probe["answer"] == {"retention_period_ns": 5 * NS, "retention_enabled": True}
