"""A run is followed to the same causes, however the paths in obs-check.yaml and those of the shipper are written."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.app.systems.systems import open_systems
from obs_check.app.verify.check import Check
from obs_check.app.verify.outcome import Outcome
from obs_check.config import load_config
from obs_check.lab.stack import Lab


def verified(config: Path) -> Any:
    with open_systems(load_config(config, {}), {}) as systems:
        check = Check(systems, Outcome("verify"))
        check.run(10, 10)
        check.explain()
        return check.outcome.to_json()


@pytest.mark.slow
def test_a_configuration_that_is_named_by_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Lab(tmp_path, ("drop-allow", "namespace-not-set")):
        monkeypatch.chdir(tmp_path)
        document = verified(Path("obs-check.yaml"))
    assert [found["cause"] for found in document["findings"]] == ["shipper.stage-drops", "shipper.label-not-set"]
    assert {hop["verdict"] for hop in document["hops"] if hop["hop"] == "shipper"} == {"ok"}


@pytest.mark.slow
def test_files_that_the_shipper_reads_under_another_name(tmp_path: Path) -> None:
    """Its own paths lead through the directory, those of obs-check through a link to it."""
    link = tmp_path / "link"
    link.symlink_to("lab")
    with Lab(tmp_path / "lab", ("wrong-zone",)) as lab:
        document = yaml.safe_load(lab.config_path.read_text())
        document["boundary"]["logs"] = str(link / "boundary_logs/*.log")
        document["coderd"]["logs"] = str(link / "../lab/var/log/pods/*/*/*.log")
        lab.config_path.write_text(yaml.safe_dump(document))
        document = verified(lab.config_path)
    assert [found["cause"] for found in document["findings"]] == ["shipper.timestamp-out-of-window"]
    shipper = [hop for hop in document["hops"] if hop["hop"] == "shipper"]
    assert [hop["verdict"] for hop in shipper] == ["ok", "ok"]
    assert not any("last started" in hop["note"] for hop in shipper)
