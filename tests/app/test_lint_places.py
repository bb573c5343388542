"""Where findings of a shipper's stages stand, and what of several files together is read."""

from pathlib import Path

from obs_check.lint.run import lint
from obs_check.lint.sources import read_material
from tests.engine_settings import SETTINGS

ALIKE = """\
loki.source.docker "c" {
  host       = "unix:///var/run/docker.sock"
  targets    = []
  forward_to = [loki.process.one.receiver]
}
loki.process "one" {
  stage.drop {
    older_than = "10h"
  }
  stage.json {
    expressions = { trace_id = "" }
  }
  forward_to = []
}
loki.source.file "s" {
  targets    = [{__path__ = "/a"}]
  forward_to = [loki.process.two.receiver]
}
loki.process "two" {
  stage.drop {
    older_than = "10h"
  }
  stage.json {
    expressions = { trace_id = "" }
  }
  stage.labels {
    values = { trace_id = "" }
  }
  forward_to = []
}
"""


def test_a_stage_stands_in_its_own_component(tmp_path: Path) -> None:
    (tmp_path / "c.alloy").write_text(ALIKE, "utf-8")
    found = lint(read_material([tmp_path / "c.alloy"], [], None, None, {}, SETTINGS)[0]).issues
    assert [(issue.rule, issue.spot.line) for issue in found] == [
        ("stage-without-effect", 21),
        ("high-cardinality-label", 27),
    ]


def test_a_label_is_no_end_of_a_longer_one(tmp_path: Path) -> None:
    """`alloy fmt` sets the signs of a block below each other."""
    names = ["zip", "ip_kind", "ip", "zip2"]
    values = "".join(f"      {name:10} = null,\n" for name in names)
    groups = " ".join(f"(?P<{name}>.+)" for name in names)
    stages = f'  stage.regex {{ expression = "{groups}" }}\n  stage.labels {{\n    values = {{\n{values}    }}\n  }}\n'
    start = ALIKE.index("  stage.drop")
    (tmp_path / "c.alloy").write_text(f"{ALIKE[:start]}{stages}  forward_to = []\n}}\n", "utf-8")
    (issue,) = lint(read_material([tmp_path / "c.alloy"], [], None, None, {}, SETTINGS)[0]).issues
    assert (issue.rule, issue.spot.line) == ("high-cardinality-label", 12)


OF_THREE = """\
loki.source.file "f" {
  targets    = [{__path__ = "/x.log", job = "a"}]
  forward_to = [loki.process.p.receiver]
}
loki.source.file "g" {
  targets    = [{__path__ = "/y.log", job = "b", pod = "x"}]
  forward_to = [loki.process.p.receiver]
}
loki.source.syslog "s" {
  listener { address = "127.0.0.1:1514" }
  forward_to = [loki.process.p.receiver]
}
loki.process "p" {
  stage.match {
    selector = "{job=\\"a\\"}"
    stage.static_labels { values = {z = "1"} }
  }
  stage.structured_metadata { values = {pod = ""} }
  stage.drop { older_than = "1h" }
  stage.json { expressions = {trace_id = ""} }
  stage.labels { values = {trace_id = ""} }
  stage.replace {
    expression = "(a)"
    replace    = "$1"
  }
  stage.timestamp {
    source = "trace_id"
    format = "YYYY"
  }
  forward_to = []
}
"""


def test_what_is_there_for_one_source_is_told_of_no_other(tmp_path: Path) -> None:
    (tmp_path / "c.alloy").write_text(OF_THREE, "utf-8")
    found = lint(read_material([tmp_path / "c.alloy"], [], None, None, {}, SETTINGS)[0]).issues
    rules = ["taken-literally", "timestamp-format", "high-cardinality-label"]
    assert [issue.rule for issue in found] == rules


ANCHOR = """\
scrape_configs:
  - job_name: a
    static_configs: [{labels: {job: a, __path__: /x.log}}]
    pipeline_stages: &p
      - match: {selector: '{job="a"}', stages: [{static_labels: {z: one}}]}
      - match: {selector: '{job="c"}', stages: [{static_labels: {z: one}}]}
      - json: {expressions: {level: level}, sources: b}
  - job_name: b
    static_configs: [{labels: {job: b, __path__: /y.log}}]
    pipeline_stages: *p
"""


def test_what_is_there_for_one_job_is_told_of_no_other(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("clients: [{url: http://loki.example}]\n" + ANCHOR, "utf-8")
    found = lint(read_material([tmp_path / "p.yaml"], [], None, None, {}, SETTINGS)[0]).issues
    assert [issue.spot.line for issue in found if issue.rule == "match-never"] == [7]
    assert [issue.rule for issue in found].count("stage-key-unknown") == 1


UNWRAPPED = """\
scrape_configs:
  - job_name: api
    docker_sd_configs: [{host: unix:///var/run/docker.sock}]
    pipeline_stages: [{docker: {}}, {labels: {level: ''}}]
  - job_name: files
    static_configs: [{labels: {job: a, __path__: /a}}]
    pipeline_stages: [{docker: {}}]
  - job_name: pods
    kubernetes_sd_configs: [{role: pod}]
    pipeline_stages: [{cri: {}}]
"""
SHARED = """\
loki.source.kubernetes "k" {
  targets    = []
  forward_to = [loki.process.own.receiver, loki.process.shared.receiver]
}
loki.source.file "f" {
  targets    = [{__path__ = "/a"}]
  forward_to = [loki.process.shared.receiver]
}
loki.process "shared" {
  stage.cri {}
  forward_to = []
}
loki.process "own" {
  stage.cri {}
  forward_to = []
}
"""


def test_what_comes_by_an_api_has_no_wrapping(tmp_path: Path) -> None:
    for name, text, lines in (("p.yaml", UNWRAPPED, [4]), ("c.alloy", SHARED, [14])):
        (tmp_path / name).write_text(text, "utf-8")
        found = lint(read_material([tmp_path / name], [], None, None, {}, SETTINGS)[0]).issues
        assert [i.spot.line for i in found if "unwraps nothing" in i.claim] == lines


SOURCE = """\
loki.source.file "s" {
  targets    = [{__path__ = "/a", job = "a"}]
  forward_to = [loki.process.std.receiver]
}
"""
PROCESS = 'loki.process "std" {\n  stage.static_labels { values = { env = "x" } }\n  forward_to = []\n}\n'


def test_components_of_other_files_of_a_folder_are_left_open(tmp_path: Path) -> None:
    (tmp_path / "linux").mkdir()
    (tmp_path / "a.alloy").write_text(SOURCE, "utf-8")
    (tmp_path / "linux/b.alloy").write_text(PROCESS, "utf-8")
    (tmp_path / "q.logql").write_text('{job="b"}\n', "utf-8")
    material, _, broken = read_material([tmp_path], [], None, None, {}, SETTINGS)
    assert [error.message for error in broken] == []
    assert material.shippers[0].config.unread == (
        f"{tmp_path}/a.alloy:3: loki.process.std.receiver is in another file",
    )
    assert lint(material).issues == []
    (tmp_path / "linux/b.alloy").unlink()
    (error,) = read_material([tmp_path], [], None, None, {"HOME": str(tmp_path)}, SETTINGS)[2]
    assert error.message == f"{tmp_path}/a.alloy:3: loki.process.std.receiver: no such component in this configuration"


BOARD = '{"title": "t", "schemaVersion": 39, "panels": [{"id": 1, "type": "text"}]}'


def test_a_shipper_in_utf_16_is_read(tmp_path: Path) -> None:
    text = "clients: [{url: http://loki.example/p}]\nscrape_configs: [{job_name: a}]\n"
    (tmp_path / "p.yml").write_bytes(text.encode("utf-16"))
    (tmp_path / "message.json").write_text('{"elements": [{{ range .x }}{"a": 1}{{ end }}]}', "utf-8")
    material, _, broken = read_material([tmp_path], [], None, None, {}, SETTINGS)
    assert ([len(one.config.jobs) for one in material.shippers], broken) == ([1], [])


def test_what_grafana_takes_is_read_and_what_makes_dashboards_is_left(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(f"{BOARD}\n}}F\n", "utf-8")
    (tmp_path / "b.yaml").write_text("title: t\ntemplating: [{name: a}]\npanels: [{title: a, expr: up}]\n", "utf-8")
    (tmp_path / "c.yml").write_text("rule_files: [a]\nscrape_configs:\n- job_name: a\n  ${ADDRESS\n", "utf-8")
    material, skipped, broken = read_material([tmp_path], [], None, None, {}, SETTINGS)
    assert (len(material.boards), len(skipped), broken) == (1, 2, [])
    assert material.notes == (f"{tmp_path}/a.json: what stands behind the dashboard's last brace is left out",)
