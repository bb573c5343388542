"""The panels of tests/causes/panels over a real Loki: the same causes, and with the fixes the same numbers."""

import copy
import shutil
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from obs_check.model.window import NS
from tests.causes.staged import NOW_NS, SOURCE, over
from tests.causes.test_panels import CASES, check, dashboard_of, streams_of
from tests.real.loki_process import RealLoki

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("loki") is None, reason="loki is not on PATH: put a Loki 3.5 there to compare"),
]


class LokiOfTenants(RealLoki):
    """A tenant for each case, and the labels that Loki adds by itself."""

    def config(self) -> dict[str, Any]:
        config = super().config()
        added = ("discover_service_name", "discover_log_levels")
        limits = {name: value for name, value in config["limits_config"].items() if name not in added}
        return {**config, "auth_enabled": True, "limits_config": limits}


@pytest.fixture(scope="module")
def loki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealLoki]:
    with LokiOfTenants(tmp_path_factory.mktemp("loki")) as running:
        yield running


# A real Loki takes lines of these days only: a line with the day of the fixed clock in its text is of another.
OURS = {name: case for name, case in CASES.items() if "limits" not in case and ":date:" not in str(case["panels"])}


@pytest.mark.parametrize(("number", "case"), list(enumerate(OURS.values())), ids=OURS.keys())
def test_a_panel_over_a_real_loki(number: int, case: dict[str, Any], loki: RealLoki) -> None:
    now_ns, tenant = time.time_ns() // NS * NS, f"case-{number}"
    streams = streams_of(case)
    for one in streams:
        later = now_ns - NOW_NS
        values = [[str(entry.ts + later), entry.line, dict(entry.metadata)] for entry in one.entries]
        body = {"streams": [{"stream": dict(one.labels), "values": values}]}
        headers = {"X-Scope-OrgID": tenant}
        loki.http.post("/loki/api/v1/push", json=body, headers=headers).raise_for_status()
    as_tenant = {"jsonData": {"httpHeaderName1": "X-Scope-OrgID"}, "secureJsonData": {"httpHeaderValue1": tenant}}
    source = {**SOURCE, "url": loki.url, **as_tenant}
    document = copy.deepcopy(dashboard_of(case))
    with httpx.Client(trust_env=False, timeout=60) as http, over(document, [source], http, now_ns) as systems:
        check(case, systems)
