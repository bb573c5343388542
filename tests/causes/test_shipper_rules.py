"""Changed configurations: the same change in promtail's YAML and in Alloy's syntax, plain and in a ConfigMap."""

import difflib
from pathlib import Path

import pytest
import yaml

from obs_check.documents.yaml_edit import with_item
from obs_check.evidence.shipper_rules import Rules
from obs_check.model.finding import FileEdit
from obs_check.shipper.read import parse_shipper

LOG = "/var/log/pods/coder_coder-0_0f3b/coder/0.log"
LINE = '2026-11-25T01:00:00Z stderr F {"level":"INFO","msg":"boundary_request"}'
PROMTAIL = """\
clients:
  - url: http://loki.example/api/v1/push  # the gateway
    basic_auth:
      username: shipper
      password: hunter2
    tenant_id: team-b
scrape_configs:
  - job_name: pods
    pipeline_stages:
      - cri: {}
      - match:
          selector: '{namespace="coder"}'
          stages:
            - drop:
                expression: INFO
      - timestamp:
          source: time
          format: RFC3339
          location: Europe/Berlin
    static_configs:
      - labels:
          namespace: coder
          __path__: /var/log/pods/*/*/*.log
"""
ALLOY = """\
local.file_match "pods" {
  path_targets = [{ "__path__" = "/var/log/pods/*/*/*.log", "namespace" = "coder" }]
}

loki.source.file "pods" {
  targets    = local.file_match.pods.targets
  forward_to = [loki.process.pods.receiver]
}

// what becomes of a line
loki.process "pods" {
  forward_to = [loki.process.times.receiver]

  stage.cri { }

  stage.match {
    selector = "{namespace=\\"coder\\"}"

    stage.drop {
      expression = "INFO"
    }
  }
}

loki.process "times" {
  forward_to = [loki.write.default.receiver]

  stage.timestamp {
    source   = "time"
    format   = "RFC3339"
    location = "Europe/Berlin"
  }
}

loki.write "default" {
  endpoint {
    url       = "http://loki.example/api/v1/push"
    tenant_id = "team-b"
  }
}
"""
CONFIG_MAP = "kind: ConfigMap\ndata:\n  {name}: |\n{text}"


def wrapped(name: str, text: str) -> str:
    indented = "".join(f"    {row}" if row.strip() else row for row in text.splitlines(keepends=True))
    return CONFIG_MAP.format(name=name, text=indented)


def read(kind: str) -> Rules:
    texts = {
        "promtail.yaml": PROMTAIL,
        "config.alloy": ALLOY,
        "promtail-map.yaml": wrapped("promtail.yaml", PROMTAIL),
        "alloy-map.yaml": wrapped("config.alloy", ALLOY),
    }
    return Rules.read(Path(kind), texts[kind], {})


def gone(before: Rules, after: Rules | None) -> list[str]:
    """Rows that are not there any more; no other row may have changed."""
    assert after is not None
    rows = list(difflib.ndiff(before.text.splitlines(), after.text.splitlines()))
    assert not [row for row in rows if row.startswith("+ ")]
    return [row[2:].strip() for row in rows if row.startswith("- ")]


KINDS = ["promtail.yaml", "promtail-map.yaml", "config.alloy", "alloy-map.yaml"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_stage_that_drops_is_found_in_the_simulation_and_taken_out(kind: str) -> None:
    rules = read(kind)
    taken, ran = rules.takes(LOG), rules.run(LOG, [LINE], 0)
    assert taken is not None
    assert ran is not None
    assert ran.shipped == []
    dropped = next(effect.stage for effect in ran.effects if effect.outcome == "dropped")
    after = rules.without_stage(taken.job, dropped)
    rows = gone(rules, after)
    # The match has no other stage, and would be refused without any.
    assert any("INFO" in row for row in rows)
    assert any("selector" in row for row in rows)
    assert after is not None
    fixed = after.run(LOG, [LINE], 0)
    assert fixed is not None
    assert [entry.line for entry in fixed.shipped] == ['{"level":"INFO","msg":"boundary_request"}']


@pytest.mark.parametrize("kind", KINDS)
def test_an_attribute_of_a_stage_is_taken_out(kind: str) -> None:
    rules = read(kind)
    taken = rules.takes(LOG)
    assert taken is not None
    number = 1 + next(n for n, stage in enumerate(taken.job.pipeline.stages) if stage.kind == "timestamp")
    (row,) = gone(rules, rules.without_attribute(taken.job, f"{number} timestamp", "location"))
    assert row.replace(" = ", ": ").replace('"', "") == "location: Europe/Berlin"


@pytest.mark.parametrize("kind", KINDS)
def test_the_address_and_the_tenant_are_changed(kind: str) -> None:
    rules = read(kind)
    old = rules.config.clients[0].url
    after = rules.with_text((*rules.client_place(0), "url"), old, "http://loki.example/loki/api/v1/push")
    assert after is not None
    assert after.config.clients[0].url == "http://loki.example/loki/api/v1/push"
    (row,) = gone(rules, rules.without_text((*rules.client_place(0), "tenant_id"), "team-b"))
    assert row.split()[0].rstrip(":") == "tenant_id"


@pytest.mark.parametrize("kind", KINDS)
def test_a_stage_is_put_in_front(kind: str) -> None:
    rules = read(kind)
    taken = rules.takes(LOG)
    assert taken is not None
    after = rules.with_first_stage(taken.job, "docker")
    assert after is not None
    found = after.takes(LOG)
    assert found is not None
    assert [stage.kind for stage in found.job.pipeline.stages][:2] == ["docker", "cri"]


def test_a_diff_shows_no_secret() -> None:
    rules = read("promtail.yaml")
    fix = rules.fix("no tenant", rules.without_text((*rules.client_place(0), "tenant_id"), "team-b"))
    assert "-    tenant_id: team-b" in fix.diff
    assert "hunter2" not in fix.diff
    assert "password" not in fix.diff


def test_a_helm_template_is_left_to_a_person() -> None:
    text = "config:\n  snippets:\n    pipelineStages:\n      - cri: {}\n"
    rules = Rules.read(Path("values.yaml"), text, {})
    fix = rules.fix("take it out", rules.without_stage(rules.config.jobs[0], "1 cri"))
    assert (fix.safety, fix.diff) == ("manual", "")


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("style", ["|", "|-", "|2-"])
def test_what_stands_behind_a_configuration_in_a_map_stays(style: str, end: str) -> None:
    text = f"{wrapped('promtail.yaml', PROMTAIL).replace('|', style, 1)}  other: 1\nmetadata: {{name: c}}\n"
    rules = Rules.read(Path("promtail-map.yaml"), text.replace("\n", end), {})
    taken = rules.takes(LOG)
    assert taken is not None
    after = rules.edited(lambda old: with_item(old, ("scrape_configs",), 1, {"job_name": "more"}))
    assert after is not None and [job.name for job in after.config.jobs] == ["pods", "more"]
    (edit,) = rules.fix("add a job", after).edits
    assert isinstance(edit, FileEdit)
    before, now = yaml.safe_load(edit.before), yaml.safe_load(edit.after)
    assert {**now, "data": now["data"]["other"]} == {**before, "data": before["data"]["other"]}
    assert edit.after.count("\r\n") == (edit.after.count("\n") if end == "\r\n" else 0)


def test_a_text_of_alloy_that_stands_in_a_comment_only_is_not_changed() -> None:
    text = f'// "http://here.example"\n{ALLOY.replace("http://loki.example/api/v1/push", "http://a.example/push")}'
    rules = Rules.read(Path("config.alloy"), text, {})
    assert rules.with_text((), "http://here.example", "http://there.example") is None


@pytest.mark.parametrize("value", ["true", "2026-13-45", "007"])
def test_a_label_is_found_as_it_is_spelled(value: str) -> None:
    text = PROMTAIL.replace("          namespace: coder", f"          namespace: {value}")
    rules = Rules(Path("promtail.yaml"), text, parse_shipper(text, "promtail.yaml", {}), {})
    assert rules.static_place("namespace", value)[-3:] == (0, "labels", "namespace")
