"""Faults on real programs, as a person meets them: found, mended by `--apply`, and confirmed by a new run."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from obs_check.cli.main import main
from tests.real import real_pipeline
from tests.real.real_pipeline import RealPipeline

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(bool(real_pipeline.missing()), reason=real_pipeline.missing()),
]


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPipeline]:
    with RealPipeline(tmp_path_factory.mktemp("pipeline")) as running:
        yield running


def rule_removed(pipeline: RealPipeline) -> None:
    """The rule of the allowed host is taken out of boundary's allowlist."""
    document = yaml.safe_load(pipeline.boundary.config.read_text())
    document["allowlist"] = ["domain=dev.example"]
    pipeline.boundary.config.write_text(yaml.safe_dump(document))


def info_dropped(pipeline: RealPipeline) -> None:
    """A stage against noise drops coderd's INFO lines, and so every decision."""
    document = yaml.safe_load(pipeline.promtail.config.read_text())
    document["scrape_configs"][0]["pipeline_stages"] += [
        {"json": {"expressions": {"level": "level"}}},
        {"drop": {"source": "level", "value": "INFO"}},
    ]
    pipeline.promtail.config.write_text(yaml.safe_dump(document))


FAULTS: list[tuple[str, Callable[[RealPipeline], None], Callable[[RealPipeline], None]]] = [
    ("egress.allow-denied", rule_removed, RealPipeline.restart_boundary),
    ("shipper.stage-drops", info_dropped, RealPipeline.reload_promtail),
]


@pytest.mark.parametrize(("cause", "break_it", "take_up"), FAULTS, ids=[cause for cause, *_ in FAULTS])
def test_a_fault_is_named_first_mended_and_confirmed(
    pipeline: RealPipeline,
    cause: str,
    break_it: Callable[[RealPipeline], None],
    take_up: Callable[[RealPipeline], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    break_it(pipeline)
    take_up(pipeline)
    before, config = tmp_path / "before.json", ["--config", str(pipeline.config_path)]
    code = main(["diagnose", "--inject", "--apply", "--also-review", "--yes", "--save", str(before), *config])
    assert code == 1, capsys.readouterr()
    assert json.loads(before.read_text())["findings"][0]["cause"] == cause
    take_up(pipeline)
    code = main(["confirm", str(before), *config])
    assert code == 0, capsys.readouterr()
