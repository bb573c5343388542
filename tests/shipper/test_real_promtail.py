"""The same configuration and lines through the real promtail."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from obs_check.shipper.read import read_shipper
from obs_check.shipper.simulate import simulate

CONFIG = {
    "clients": [{"url": "http://127.0.0.1:9/loki/api/v1/push"}],
    "scrape_configs": [
        {
            "job_name": "boundary",
            "pipeline_stages": [
                {"logfmt": {"mapping": {"decision": "msg", "ts": "time"}}},
                {"timestamp": {"source": "ts", "format": "RFC3339Nano"}},
                {"labels": {"decision": None}},
                {"drop": {"source": "decision", "value": "NOISE"}},
            ],
            "static_configs": [{"labels": {"job": "boundary"}}],
        }
    ],
}
LINES = [f"time=2026-11-20T00:00:0{n}Z msg={m}" for n, m in [(1, "ALLOW"), (2, "NOISE"), (3, "DENY")]]


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("promtail") is None, reason="promtail is not on PATH")
def test_promtail_ships_the_same(tmp_path: Path) -> None:
    path = tmp_path / "promtail.yaml"
    path.write_text(yaml.safe_dump(CONFIG))
    command = ["promtail", f"-config.file={path}", "-dry-run", "-stdin", "-server.disable=true"]
    # promtail may end before its last line is printed, so a line follows that does not count.
    text = "\n".join([*LINES, "time=2026-11-20T00:00:09Z msg=END", ""])
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=30, check=False, cwd=tmp_path)
    printed = re.findall(r"\{([^}]*)\}\t(.*)", re.sub(r"\x1b\[[0-9;]*m", "", done.stdout))
    real = [(dict(re.findall(r'(\w+)="([^"]*)"', labels)), line) for labels, line in printed if "END" not in line]
    ours = simulate(read_shipper(path, None).job(None).pipeline, {"job": "boundary"}, LINES, 0)
    assert json.dumps(real) == json.dumps(
        [({"decision": s.labels["decision"], "job": "boundary"}, s.line) for s in ours]
    )
