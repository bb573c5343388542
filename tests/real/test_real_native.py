"""The lab with programs from PATH: healthy it is quiet, and broken it is named and mended.

Nearly all of the time is real programs' own: a Loki is ready after some ten seconds, promtail and Prometheus look for
what they read after five, and a hop without its lines is waited for. So a few stacks that have each program in them;
every fault is in native.yaml.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from obs_check.app.demo import Demo, run_demo
from obs_check.lab.native.grafana import MISSING, home
from obs_check.lab.stack import Lab, LabShape
from obs_check.model.verdict import Verdict

pytestmark = [pytest.mark.real, pytest.mark.slow]
WHOLE: Sequence[str] = ("boundary", "promtail", "loki", "prometheus", "grafana")
STACKS: list[Sequence[str]] = [WHOLE, ("boundary", "alloy", "loki")]


def demonstrated(directory: Path, native: Sequence[str], faults: tuple[str, ...]) -> Demo:
    missing = [name for name in native if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not on PATH")
    if "grafana" in native and home() is None:
        pytest.skip(MISSING)
    story = Demo()
    lab = Lab(directory, faults, shape=LabShape(native=native))
    run_demo(story, lab, lambda _text: None, lambda _outcome: None)
    return story


def test_a_healthy_lab_is_quiet(tmp_path: Path) -> None:
    story = demonstrated(tmp_path, WHOLE, ())
    assert (story.verdict, story.before.findings, story.after) == (Verdict.OK, [], None)


@pytest.mark.parametrize("native", STACKS, ids="+".join)
def test_a_broken_one_is_named_mended_and_confirmed(native: Sequence[str], tmp_path: Path) -> None:
    story = demonstrated(tmp_path, native, ("panel-logfmt", "level-warn"))
    assert {f.cause for f in story.before.findings} == {"pipeline.wrong-parser", "file.level-hides-allow"}
    assert story.after is not None
    assert story.after.verdict is Verdict.OK


@pytest.mark.parametrize("fault", ["pods-keep-label", "pods-path-regex"])
def test_a_promtail_that_finds_pods_is_mended_by_its_own_rule(fault: str, tmp_path: Path) -> None:
    story = demonstrated(tmp_path, ("promtail",), (fault,))
    assert {f.cause for f in story.before.findings} == {"shipper.path-not-collected"}
    assert story.after is not None
    assert story.after.verdict is Verdict.OK
    assert "kubernetes_sd_configs" in (tmp_path / "promtail.yaml").read_text()
