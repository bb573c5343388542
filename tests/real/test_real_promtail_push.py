"""The real promtail, unmodified, pushes to the lab's Loki: labels, structured metadata, times and the tenant arrive."""

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from obs_check.lab.loki import LabLoki
from tests.lab.loki_client import LokiClient
from tests.real.promtail_process import RealPromtail

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("promtail") is None, reason="promtail is not on PATH: put one of Loki 3.5 there"),
]


def test_what_promtail_reads_is_in_the_lab(tmp_path: Path) -> None:
    now = time.time_ns() // 10**6 * 10**6
    at = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now // 10**9))}.{now % 10**9 // 10**6:03d}Z"
    log = tmp_path / "boundary.log"
    log.write_text(f'time={at} level=WARN msg=DENY request="GET ü"\ntime={at} level=INFO msg=ALLOW request=x\n')
    stages: list[dict[str, Any]] = [
        {"logfmt": {"mapping": {"time": "", "level": "", "msg": ""}}},
        {"timestamp": {"source": "time", "format": "RFC3339"}},
        {"labels": {"level": ""}},
        {"structured_metadata": {"msg": ""}},
    ]
    with LabLoki() as loki:
        groups = [{"targets": ["localhost"], "labels": {"job": "boundary", "__path__": str(log)}}]
        config = {
            "clients": [{"url": f"{loki.url}/loki/api/v1/push", "batchwait": "100ms", "tenant_id": "team"}],
            "scrape_configs": [{"job_name": "files", "pipeline_stages": stages, "static_configs": groups}],
        }
        client = LokiClient(loki.url, "team")

        def lines() -> list[tuple[str, str, str, str]]:
            answer = client.get("query_range", query='{job="boundary"} | msg!=""').json()["data"]["result"]
            return sorted(
                (s["stream"]["level"], s["stream"]["msg"], ts, line) for s in answer for ts, line in s["values"]
            )

        with RealPromtail(tmp_path, config) as promtail:
            promtail.until(lambda: len(lines()) == 2, "the lab has not got two lines")
        [info, warn] = log.read_text().splitlines()[::-1]
        assert lines() == [("INFO", "ALLOW", str(now), info), ("WARN", "DENY", str(now), warn)]
        series = client.get("series", **{"match[]": '{job="boundary"}'}).json()["data"]
        assert {tuple(sorted(labels)) for labels in series} == {("filename", "job", "level")}
        assert LokiClient(loki.url, "other").get("labels").json() == {"status": "success"}
