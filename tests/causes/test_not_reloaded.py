"""A shipper that still runs with the configuration that it read before the file was changed."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from obs_check.client.answered import Answered
from obs_check.client.exposition import parse_exposition
from obs_check.client.shipper.alloy_state import alloy_state
from obs_check.client.shipper.promtail_state import promtail_state
from obs_check.errors import Unavailable
from obs_check.evidence.context import Context, Named
from obs_check.evidence.not_reloaded import not_reloaded
from obs_check.model.probe import Probe
from obs_check.model.shipping import ShipperState
from tests.fakes import made_context

STARTED = 1_767_225_600
PROMTAIL = f"process_start_time_seconds {STARTED}\npromtail_config_reload_success_total "
ALLOY = f"process_start_time_seconds {STARTED - 900}\nalloy_config_last_load_success_timestamp_seconds {STARTED}\n"


class Metrics:
    """A shipper that has these metrics, and does not answer without any."""

    def __init__(self, metrics: str) -> None:
        self.metrics = metrics

    def state(self) -> Answered[ShipperState]:
        read = alloy_state if self.metrics.startswith(ALLOY) else promtail_state
        if not self.metrics:
            raise Unavailable("shipper: it does not answer", "")
        return Answered(read(1, parse_exposition(self.metrics)), Probe("shipper", "GET /metrics", {}, 1))


def context_of(path: Path, metrics: str, changed_s: float) -> Context:
    path.write_text("scrape_configs: []\n")
    os.utime(path, (changed_s, changed_s))
    return replace(made_context(Named(shipper_config=path), ()), shipper=Metrics(metrics))


@pytest.mark.parametrize(
    ("metrics", "later_s", "kind"),
    [
        (f"{PROMTAIL}0\n", 60, "promtail"),
        (f"{PROMTAIL}0\n", -60, ""),
        (f"{PROMTAIL}0\n", 1, ""),
        (f"{PROMTAIL}1\n", 60, ""),
        (f"process_start_time_seconds {STARTED}\n", 60, ""),
        (ALLOY, 60, "alloy"),
        (ALLOY, -60, ""),
        ("", 60, ""),
    ],
    ids=["changed", "before", "with the start", "reloaded", "untold", "alloy", "alloy reloaded", "no answer"],
)
def test_it_is_said_only_where_the_times_show_it(metrics: str, later_s: float, kind: str, tmp_path: Path) -> None:
    said = not_reloaded(context_of(tmp_path / "shipper.yaml", metrics, STARTED + later_s))
    if not kind:
        assert said == ""
    else:
        assert said.startswith(f"{kind} read its configuration at 2026-01-01T00:00:00Z, and {tmp_path}/shipper.yaml ")
        assert "was changed at 2026-01-01T00:01:00Z: restart or reload it" in said
