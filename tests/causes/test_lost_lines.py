"""What the causes of the shipper do when its configuration cannot be read, or when nothing was lost."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from obs_check.causes.context import Context, Files, GrafanaProbes, LokiProbes
from obs_check.causes.lost_lines import losses
from obs_check.errors import ConfigError
from obs_check.follow.hop import HopSeen, PathName
from obs_check.follow.run import Run
from obs_check.model.probe import Probe
from obs_check.model.window import Window
from obs_check.panel.datasource import Datasources

TAGS = ("abc123-1-allow", "abc123-2-deny")
LINES = [f"time=x msg=ALLOW url=http://a.example/?obs={tag}" for tag in TAGS]


def hops(in_loki: tuple[str, ...], path: PathName = "A") -> tuple[HopSeen, ...]:
    answer = {"files": {"/tmp/boundary_logs/b.log": 2}, "searched": 1, "sample": LINES}
    file = HopSeen(path, "file", TAGS, dict.fromkeys(TAGS, 1), probes=[Probe("file", "lines", answer, 1)])
    return file, HopSeen(path, "loki", TAGS, dict.fromkeys(in_loki, 1))


def nobody(*_: Any) -> Any:
    raise AssertionError("no system is asked")


def made_context(files: Files, hops: tuple[HopSeen, ...]) -> Context:
    loki = LokiProbes(nobody, nobody, nobody, nobody)
    questions: dict[str, Any] = {one.name: nobody for one in fields(GrafanaProbes)}
    grafana = GrafanaProbes(**{**questions, "datasources": Datasources({})})
    return Context("d", {}, loki, lambda: 2, grafana, files, run=Run("abc123", (), Window(0, 1)), hops=hops)


def test_a_configuration_that_is_not_there_is_an_error_only_where_lines_were_lost(tmp_path: Path) -> None:
    files = Files(shipper_config=tmp_path / "none.yaml")
    assert losses(made_context(files=files, hops=hops(TAGS))) == []
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read: No such file") as caught:
        losses(made_context(files=files, hops=hops(TAGS[:1])))
    assert "shipper.config" in caught.value.hint


def test_lost_lines_are_those_of_the_tags_that_loki_does_not_have(tmp_path: Path) -> None:
    config = tmp_path / "promtail.yaml"
    config.write_text("scrape_configs: []\n")
    ((rules, one),) = losses(made_context(files=Files(shipper_config=config), hops=hops(TAGS[:1])))
    assert rules.config.jobs == ()
    assert one.lost == (TAGS[1],)
    assert one.lost_lines == [LINES[1]]
