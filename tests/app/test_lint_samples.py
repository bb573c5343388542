"""What lint says of queries and stages on samples, each case right in itself: what a person knows who wrote both."""

import json
from pathlib import Path

import pytest

from obs_check.lint.run import lint
from obs_check.lint.sources import read_material
from tests.engine_settings import SETTINGS

JSON = '{"level":"info","msg":"a=1 b=two","user":"ann"}\n{"level":"error","msg":"a=2 b=three","user":"bob"}\n'
LISTS = '{"items":[{"name":"a"},{"name":"b"}],"level":"info"}\n'
NGINX = '10.0.0.1 - - [01/May/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 12\n'
PREFIX = (
    "[{regex: {expression: '^(?P<level>\\w+) (?P<rest>.*)$'}}, {labels: {level: }}, {output: {source: rest}}]",
    'INFO {"a":1,"b":2}\nERROR {"a":2,"b":2}\n',
)
TRACE = (
    "[{regex: {expression: 'trace:(?P<trace>\\w+)'}}, {replace: {expression: '( trace:\\w+)', replace: ''}},"
    " {structured_metadata: {trace: }}]",
    "level=info a=1 trace:x\nlevel=warn a=2 trace:y\n",
)


def found(folder: Path, stages: str, lines: str, query: str) -> list[str]:
    """Rules and claims for a query on the lines of a sample, with one job where there are stages."""
    (folder / "a.log").write_text(lines, "utf-8")
    (folder / "q.logql").write_text(query + "\n", "utf-8")
    if stages:
        (folder / "p.yaml").write_text(
            "clients: [{url: http://loki.example/loki/api/v1/push}]\n"
            "scrape_configs:\n"
            "  - job_name: api\n"
            "    static_configs: [{labels: {job: api, __path__: /var/log/api.log}}]\n"
            f"    pipeline_stages: {stages}\n",
            "utf-8",
        )
    read, *_ = read_material([folder], [f"""{{job="api"}}={folder / "a.log"}"""], None, None, {}, SETTINGS)
    return [f"{issue.rule}: {issue.claim}".replace(f" ({folder}/", " (") for issue in lint(read).issues]


@pytest.mark.parametrize(
    ("stages", "lines", "query"),
    [
        ("", f"Starting api 1.2\n{JSON}", '{job="api"} | json | __error__="" | user="ann"'),
        ("", JSON, '{job="api"} | json | line_format "{{.msg}}" | logfmt | b="two"'),
        ("", JSON, 'sum by (pod, level) (count_over_time({job="api"} | json [5m]))'),
        (*PREFIX, 'sum by (level, filename) (count_over_time({job="api"} | json | level="ERROR" | a=2 [5m]))'),
        (*TRACE, '{job="api"} | logfmt | trace="x" | level="info"'),
        ("[{json: {expressions: {level: }}}, {labels: {level: }}, {match: {selector: '{level=\"error\"}', stages: "
         "[{json: {expressions: {msg: }}}, {output: {source: msg}}]}}]", JSON, '{job="api", level="info"} | json'),
        ("", JSON, '{job="api"} | json | level="error" or severity="error"'),
        ("", '{"level":"info","error":"","at":{"x":null}}\n', '{job="api"} | json | error!="" | at_x=1'),
        ("", '{"level":"info","error":"","at":{"x":null}}\n', '{job="api"} | json e="error", x="at.x"'),
        ("", 'level=info msg=a err=""\n', '{job="api"} | logfmt | err!=""'),
        ("", LISTS, '{job="api"} | json name="items[0].name", items | name="a" | items!=""'),
        ("", JSON, 'sum(rate({job="api"} | json [5m])) / sum(rate({job="api"} | json | user="ann" [5m]))'),
    ],
    ids=[
        "a banner in front of JSON", "logfmt inside JSON", "grouped by labels that nobody gave", "labels of the stream",
        "structured metadata", "the selector takes the JSON alone", "or for lines of another form",
        "JSON fields without a value", "chosen ones", "a logfmt field without a value", "in a list", "a quotient",
    ],
)  # fmt: skip
def test_nothing_is_found(stages: str, lines: str, query: str, tmp_path: Path) -> None:
    assert found(tmp_path, stages, lines, query) == []


@pytest.mark.parametrize(
    ("lines", "query", "claim"),
    [
        (f"Starting\n{JSON}", '{job="api"} | json | usr="ann"', "no line has the field 'usr', which the query uses"),
        (JSON, '{job="api"} | line_format "{{.msg}}" | json | a=1', "`| json` stands before lines that are empty"),
        (JSON, 'sum(rate({job="api"} | json | usr="ann" [5m])) / sum(rate({job="api"} [5m]))',
         "no line has the field 'usr', which the query uses"),
        (NGINX, '{job="api"} | pattern `<ip> - <_> (<_>) "<m> ` | m="GET"',
         "`| pattern` takes 'm', which the query uses, from no line"),
        (LISTS, 'sum by (items_name) (count_over_time({job="api"} | json [5m]))',
         "no line has the field 'items_name', which the query uses"),
    ],
    ids=["a banner in front of JSON", "nothing is left of the lines", "in a quotient", "half a pattern fits",
         "grouped by a field in a list"],
)  # fmt: skip
def test_the_fault_is_found(lines: str, query: str, claim: str, tmp_path: Path) -> None:
    [one] = found(tmp_path, "", lines, query)
    assert one.split(": ", 1)[1] == f"{claim} (a.log)"


LEVELS = "2026-05-01T10:00:00Z level=info a=1\n2026-05-01T10:00:01Z level=error a=2\n"
LEVEL, TIME = "{logfmt: {mapping: {level: }}}", "{regex: {expression: '^(?P<ts>[^ ]+)'}}"
QUERY = '{job="api"} | json | user="ann"'


@pytest.mark.parametrize(
    ("stages", "lines", "query", "said"),
    [
        (f"[{LEVEL}, {{drop: {{source: level, value: ERROR}}}}]", LEVELS, '{job="api"}',
         ["drops-nothing: job api: `drop` drops none of the lines of a.log: level is 'error' there and not 'ERROR'"]),
        (f"[{LEVEL}, {{drop: {{source: level, value: debug}}}}]", LEVELS, '{job="api"}', []),
        ("[{sampling: {rate: 0}}]", LEVELS, '{job="api"}',
         ["drops-all: job api: `sampling` drops all 2 lines of a.log"]),
        (f"[{TIME}, {{timestamp: {{source: ts, format: '2006-01-02T15:04:05Z', location: Asia/Tokyo}}}}]", LEVELS,
         '{job="api"}', ["timestamp-format: job api: format '2006-01-02T15:04:05Z' takes the Z of UTC for a letter, "
                         "and reads the times in Asia/Tokyo"]),
        (f"[{TIME}, {{timestamp: {{source: ts, format: '2006-01-02T15:04:05Z'}}}}]", LEVELS, '{job="api"}', []),
        (f"[{TIME}, {{timestamp: {{source: ts, format: UnixMs}}}}]", "1767225600 a=1\n", '{job="api"}',
         ["timestamp-format: job api: format 'UnixMs' reads '1767225600' of a.log as 1970-01-21"]),
        (f"[{TIME}, {{timestamp: {{source: ts, format: UnixMs}}}}]", "1767225600123 a=1\n", '{job="api"}', []),
        ("[{pack: {labels: [x]}}]", JSON, QUERY,
         ["field-not-in-lines: no line has the field 'user', which the query uses"]),
        ("[{pack: {labels: [x]}}]", JSON, '{job="api"} | unpack | json | user="ann"', []),
    ],
    ids=["a drop in another case", "a drop that just finds none", "a sampling of nothing", "a zone that is passed over",
         "a letter in UTC", "another unit", "its own unit", "packed", "unpacked"],
)  # fmt: skip
def test_what_a_pipeline_does_to_the_lines(
    stages: str, lines: str, query: str, said: list[str], tmp_path: Path
) -> None:
    told = (one for one in found(tmp_path, stages, lines, query) if not one.startswith("value-not-extracted"))
    assert [one.partition(" (")[0].replace(f"{tmp_path}/", "") for one in told] == said


DOCKER = '{"log":"level=warn took=3s\\n","stream":"stderr","time":"2026-05-01T10:00:00.5Z"}\n'
PODS = (
    "kubernetes_sd_configs: [{role: pod}]\n"
    "    relabel_configs:\n"
    "      - {action: labelmap, regex: __meta_kubernetes_pod_label_(.+)}\n"
    "      - {source_labels: [__meta_kubernetes_pod_name], target_label: pod}\n"
)
STATIC = "static_configs: [{labels: {job: api, __path__: /var/log/api.log}}]\n"


@pytest.mark.parametrize(
    ("source", "stages", "rules"),
    [
        ("docker_sd_configs: [{host: unix:///var/run/docker.sock}]\n", "[{drop: {older_than: 1h}}]", []),
        ("journal: {labels: {job: api}}\n", "[{drop: {older_than: 1h}}]", []),
        (STATIC, "[{docker: {}}, {drop: {source: filename, expression: debug}}]", []),
        (PODS, "[{docker: {}}, {drop: {source: pod, value: a}}, {drop: {source: app, value: b}}]", []),
        (STATIC, "[{match: {selector: '{job=\"api\"}', stages: [{json: {expressions: {log: }}}, "
                 "{output: {source: log}}]}}]", []),
        (STATIC, "[{docker: {}}, {regex: {expression: '(?P<day>\\d+-\\d+-\\d+)', source: filename}}, "
                 "{timestamp: {source: day, format: '2006-01-02'}}, {drop: {source: day, value: '2026-01-01'}}]", []),
        (STATIC, "[{drop: {older_than: 1h}}]",
         ["container-format", "parser-contradicts-lines", "stage-without-effect"]),
        (STATIC, "[{docker: {}}, {drop: {source: pod, value: a}}]", ["value-not-extracted"]),
    ],
    ids=[
        "Docker's API gives bare lines with times", "the journal gives times", "filename is extracted from the start",
        "labels of discovery are extracted from the start", "unwrapped inside a match by a label of the job",
        "a value taken from filename",
        "a file has wrapped lines without times", "no label and no stage gives it",
    ],
)  # fmt: skip
def test_lines_come_as_the_source_of_a_job_gives_them(
    source: str, stages: str, rules: list[str], tmp_path: Path
) -> None:
    (tmp_path / "p.yaml").write_text(
        f"clients: []\nscrape_configs:\n  - job_name: api\n    {source}    pipeline_stages: {stages}\n", "utf-8"
    )
    (tmp_path / "q.logql").write_text('{job="api"} | logfmt | level="warn"\n', "utf-8")
    (tmp_path / "a.log").write_text(DOCKER, "utf-8")
    read, *_ = read_material([tmp_path], [str(tmp_path / "a.log")], None, None, {}, SETTINGS)
    assert sorted(issue.rule for issue in lint(read).issues if issue.rule != "label-not-set") == rules


PLACES = """\
scrape_configs:
  - job_name: api
    static_configs: [{labels: {job: api, __path__: /var/log/api.log}}]
    pipeline_stages:
      - match:
          selector: '{job="api"}'
          stages:
            - json: {expressions: {ts: at, time: ''}}
            - timestamp:
                source: ts
                format: RFC3339
            - drop:
                expression: "\\\\{"
                longer_than: 1kb
      - match:
          selector: '{job="web"}'
          stages:
            - drop: {longer_than: 1kb}
      - timestamp:
          source: time
          format: RFC3339
      - drop:
          expression: "\\\\{"
"""


def test_a_finding_stands_at_its_own_stage(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(PLACES, "utf-8")
    (tmp_path / "a.log").write_text('{"at":"2026-05-01T10:00:00Z"}\n', "utf-8")
    read, *_ = read_material([tmp_path / "p.yaml"], [str(tmp_path / "a.log")], None, None, {}, SETTINGS)
    rows = PLACES.splitlines()
    found = {issue.rule: (issue.spot.line, rows[issue.spot.line - 1].strip()) for issue in lint(read).issues}
    assert found == {
        "match-never": (16, """selector: '{job="web"}'"""),
        "timestamp-format": (21, "format: RFC3339"),
        "drops-all": (23, 'expression: "\\\\{"'),
    }


ESCAPED = """\
loki.source.file "a" {
  targets    = [{__path__ = "/a.log", job = "api"}]
  forward_to = [loki.process.a.receiver]
}
loki.process "a" {
  forward_to = []
  stage.drop {
    expression = "^\\\\{\\"at"
  }
}
"""


def test_an_escaped_text_of_alloy_is_found(tmp_path: Path) -> None:
    (tmp_path / "c.alloy").write_text(ESCAPED, "utf-8")
    (tmp_path / "a.log").write_text('{"at":"2026-05-01T10:00:00Z"}\n', "utf-8")
    read, *_ = read_material([tmp_path / "c.alloy"], [str(tmp_path / "a.log")], None, None, {}, SETTINGS)
    assert [(issue.rule, issue.spot.line) for issue in lint(read).issues] == [("drops-all", 8)]


BRANCH = (
    "[{match: {selector: '{app=\"web\"}', stages: [{json: {expressions: {msg: }}}, {output: {source: msg}}]}},"
    " {match: {selector: '{app=\"old\"}', action: drop}}]"
)


@pytest.mark.parametrize(
    ("query", "rules"),
    [
        ('{namespace="x", app="web"} | logfmt | a=1', []),
        ('{namespace="x", app="api"} | json | user="ann"', []),
        ('{namespace="x", app="web"} | json | user="ann"', ["parser-contradicts-lines"]),
        ('{namespace="x", app="old"} | logfmt | a=1', []),
    ],
)
def test_a_query_meets_the_branch_of_the_pipeline_that_it_selects(query: str, rules: list[str], tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(
        f"clients: []\nscrape_configs:\n  - job_name: api\n    {PODS}    pipeline_stages: {BRANCH}\n", "utf-8"
    )
    (tmp_path / "q.logql").write_text(query + "\n", "utf-8")
    (tmp_path / "a.log").write_text(JSON, "utf-8")
    read, *_ = read_material([tmp_path], [f"""{{namespace="x"}}={tmp_path / "a.log"}"""], None, None, {}, SETTINGS)
    assert [issue.rule for issue in lint(read).issues] == rules


def test_a_variable_that_only_a_browser_fills_selects_all_lines(tmp_path: Path) -> None:
    target = {"refId": "A", "expr": '{namespace="$ns"} | json | usr="ann"'}
    panel = {"id": 1, "type": "logs", "title": "t", "datasource": {"type": "loki", "uid": "l"}, "targets": [target]}
    (tmp_path / "b.json").write_text(json.dumps({"uid": "b", "title": "b", "schemaVersion": 39, "panels": [panel]}))
    (tmp_path / "a.log").write_text(JSON, "utf-8")
    sample = f"""{{namespace="x"}}={tmp_path / "a.log"}"""
    read, *_ = read_material([tmp_path / "b.json"], [sample], None, None, {}, SETTINGS)
    assert [issue.rule for issue in lint(read).issues] == ["field-not-in-lines"]


@pytest.mark.parametrize(
    ("lines", "rules"),
    [
        ("2026-05-01 10:00:00 a\nTraceback (most recent call last):\n", []),
        ("2026-05-01 10:00:00 a\n2026/05/01 10:00:01 b\n", ["timestamp-format"]),
        ("Traceback (most recent call last):\n", ["timestamp-format"]),
    ],
    ids=["no time at all", "a time of another format", "nothing else"],
)
def test_a_format_is_held_to_times(lines: str, rules: list[str], tmp_path: Path) -> None:
    stages = "[{regex: {expression: '^(?P<ts>\\S+ \\S+)'}}, {timestamp: {source: ts, format: '2006-01-02 15:04:05'}}]"
    assert [one.partition(":")[0] for one in found(tmp_path, stages, lines, '{job="api"}')] == rules
