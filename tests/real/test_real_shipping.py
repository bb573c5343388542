"""The same configuration and file give the same entries in a real Loki as in the simulation, for both shippers."""

import json
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.shipper.read import read_shipper
from obs_check.shipper.relabel import relabel
from obs_check.shipper.simulate import simulate
from tests.real.alloy_process import RealAlloy
from tests.real.loki_process import RealLoki
from tests.real.promtail_process import RealPromtail

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("loki") is None, reason="loki is not on PATH"),
]
ADDED_BY_LOKI = {"service_name", "detected_level"}
SECONDS = 30
# Every line has a time of its own, so that both shippers keep it: lines of one time would be set apart by Alloy.
START_S = int(time.time()) - 3600


def stamp(number: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(START_S + number)) + ".5Z"


def pod_lines() -> list[str]:
    logs = [
        {"level": "INFO", "msg": "boundary_request", "fields": {"decision": "allow", "owner": "ann", "n": 1.5}},
        {"level": "WARN", "msg": "boundary_request", "fields": {"decision": "deny", "owner": "bob", "ok": True}},
        {"level": "DEBUG", "msg": "noise"},
    ]
    lines = [f"{stamp(n)} stdout F {json.dumps(log)}" for n, log in enumerate(logs)]
    half = json.dumps({"level": "INFO", "fields": {"decision": "allow", "owner": "par <& tial"}})
    lines += [f"{stamp(10)} stderr P {half[:20]}", f"{stamp(11)} stderr F {half[20:]}"]
    return [*lines, f'{stamp(12)} stdout F no json é \\ "quoted"']


PROMTAIL_STAGES: list[dict[str, Any]] = [
    {"cri": {}},
    {
        "json": {
            "expressions": {"level": "", "decision": "fields.decision", "owner": "fields.owner", "size": "fields.n"}
        }
    },
    {"drop": {"source": "level", "value": "DEBUG", "drop_counter_reason": "debug"}},
    {"template": {"source": "level", "template": '{{ .Value | ToLower | default "none" }}'}},
    {"labels": {"level": "", "decision": ""}},
    {"structured_metadata": {"owner": "", "size": ""}},
    {
        "match": {
            "selector": '{decision="deny"}',
            "stages": [
                {"replace": {"expression": '"owner": "(\\w+)"', "replace": "{{ .Value | Sha2Hash `salt` | trunc 8 }}"}}
            ],
        }
    },
    {"labeldrop": ["filename"]},
]
ALLOY = """\
local.file_match "pods" {
  path_targets = [{"__path__" = "%(log)s", job = "pods", shipper = "alloy"}]
}
loki.source.file "pods" {
  targets    = local.file_match.pods.targets
  forward_to = [loki.process.pods.receiver]
}
loki.process "pods" {
  stage.cri {}
  stage.json {
    expressions = {level = "", decision = "fields.decision", owner = "fields.owner", size = "fields.n"}
  }
  stage.drop {
    source              = "level"
    value               = "DEBUG"
    drop_counter_reason = "debug"
  }
  stage.template {
    source   = "level"
    template = `{{ .Value | ToLower | default "none" }}`
  }
  stage.labels { values = {level = null, decision = ""} }
  stage.structured_metadata { values = {owner = "", size = ""} }
  stage.match {
    selector = `{decision="deny"}`
    stage.replace {
      expression = "\\"owner\\": \\"(\\\\w+)\\""
      replace    = "{{ .Value | Sha2Hash `salt` | trunc 8 }}"
    }
  }
  stage.label_drop { values = ["filename"] }
  forward_to = [loki.write.loki.receiver]
}
loki.write "loki" {
  endpoint {
    url        = "%(url)s/loki/api/v1/push"
    batch_wait = "100ms"
  }
}
"""


@pytest.fixture(scope="module")
def loki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealLoki]:
    with RealLoki(tmp_path_factory.mktemp("loki")) as found:
        yield found


def in_loki(loki: RealLoki, shipper: str, wanted: int) -> list[tuple[str, str, dict[str, str], dict[str, str]]]:
    """(time in ns, line, labels, structured metadata) of all entries of a shipper, when `wanted` are there."""
    end, pause = time.monotonic() + SECONDS, threading.Event()
    while True:
        answer = loki.http.get(
            "/loki/api/v1/query_range",
            params={"query": f'{{shipper="{shipper}"}}', "start": str(START_S), "limit": "1000"},
            headers={"X-Loki-Response-Encoding-Flags": "categorize-labels"},
        ).json()
        entries = [
            (ts, line, labels(stream["stream"]), labels(categories.get("structuredMetadata", {})))
            for stream in answer["data"]["result"]
            for ts, line, categories in stream["values"]
        ]
        if len(entries) >= wanted:
            return sorted(entries, key=repr)
        assert time.monotonic() < end, entries
        pause.wait(0.2)


def labels(given: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if name not in ADDED_BY_LOKI}


def simulated(config: Path, log: Path) -> list[tuple[str, str, dict[str, str], dict[str, str]]]:
    job = read_shipper(config, None).job(None)
    target = relabel(job.targets[0], job.relabel)
    assert target is not None
    own = {name: value for name, value in target.items() if not name.startswith("__")} | {"filename": str(log)}
    shipped = simulate(job.pipeline, own, log.read_text().splitlines(), 0)
    return sorted([(str(s.ts), s.line, s.labels, s.metadata) for s in shipped], key=repr)


def written(directory: Path) -> Path:
    log = directory / "0.log"
    log.write_text("\n".join(pod_lines()) + "\n")
    return log


@pytest.mark.skipif(shutil.which("promtail") is None, reason="promtail is not on PATH")
def test_promtail_ships_what_is_simulated(loki: RealLoki, tmp_path: Path) -> None:
    log = written(tmp_path)
    target = {"job": "pods", "shipper": "promtail", "__path__": str(log)}
    config = {
        "clients": [{"url": f"{loki.url}/loki/api/v1/push", "batchwait": "100ms"}],
        "scrape_configs": [
            {"job_name": "pods", "pipeline_stages": PROMTAIL_STAGES, "static_configs": [{"labels": target}]}
        ],
    }
    path = tmp_path / "dry.yaml"
    path.write_text(yaml.safe_dump(config))
    want = simulated(path, log)
    with RealPromtail(tmp_path, config):
        assert in_loki(loki, "promtail", len(want)) == want
    assert len(want) == 4


@pytest.mark.skipif(shutil.which("alloy") is None, reason="alloy is not on PATH")
def test_alloy_ships_what_is_simulated(loki: RealLoki, tmp_path: Path) -> None:
    log = written(tmp_path)
    config = ALLOY % {"log": log, "url": loki.url}
    path = tmp_path / "dry.alloy"
    path.write_text(config)
    want = simulated(path, log)
    with RealAlloy(tmp_path, config):
        assert in_loki(loki, "alloy", len(want)) == want
    assert len(want) == 4
