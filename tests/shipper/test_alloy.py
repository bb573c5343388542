"""Alloy's configuration is read into the model, and what is wrong with it is named with its place."""

import textwrap

import pytest

from obs_check.errors import ConfigError
from obs_check.shipper.collect import globs
from obs_check.shipper.glob import fits_pattern
from obs_check.shipper.model import ShipperConfig
from obs_check.shipper.read import is_alloy, parse_shipper

FILES = """\
// Two ways for the lines of one source.
local.file_match "boundary" {
  path_targets = [{"__path__" = "/tmp/boundary_logs/*.log", job = "boundary", cluster = sys.env("CLUSTER")}]
  ignore_older_than = "24h"
}

loki.source.file "boundary" {
  targets    = local.file_match.boundary.targets
  forward_to = [loki.process.boundary.receiver, loki.echo.all.receiver]
}

loki.process "boundary" {
  stage.logfmt { mapping = { decision = "msg", ts = "time" } }
  stage.labels { values = { decision = "" } }
  forward_to = [loki.relabel.team.receiver]
}

loki.relabel "team" {
  rule {
    target_label = "team"
    replacement  = "a" + "b"
  }
  forward_to = [loki.write.one.receiver, loki.write.two.receiver]
}

loki.echo "all" {}

loki.write "one" {
  endpoint {
    url               = "http://one.example/loki/api/v1/push"
    tenant_id         = "t1"
    retry_on_http_429 = false
    basic_auth {
      username = "u"
      password = "hush"
    }
  }
  external_labels = {where = "here"}
}

loki.write "two" {
  endpoint { url = string.format("http://%s.example/push", "two") }
}
"""
PODS = """\
discovery.kubernetes "pods" { role = "pod" }
discovery.relabel "pods" {
  targets = discovery.kubernetes.pods.targets
  rule {
    source_labels = ["__meta_kubernetes_pod_uid", "__meta_kubernetes_pod_container_name"]
    separator     = "/"
    target_label  = "__path__"
    replacement   = "/var/log/pods/*$1/*.log"
  }
}
local.file_match "pods" { path_targets = discovery.relabel.pods.output }
loki.source.file "pods" {
  targets    = concat(local.file_match.pods.targets, [{"__path__" = "/var/log/syslog"}])
  forward_to = [loki.process.pods.receiver]
}
loki.process "pods" {
  stage.cri {}
  stage.match {
    selector = `{stream="stderr"} |= "noise"`
    stage.drop { older_than = "1h" }
  }
  forward_to = []
}
"""


def read(text: str, env: dict[str, str] | None = None) -> ShipperConfig:
    return parse_shipper(text, "config.alloy", env)


def test_the_ways_of_lines_are_jobs() -> None:
    config = read(FILES, {"CLUSTER": "blue"})
    assert [(job.name, job.to) for job in config.jobs] == [
        ("loki.source.file.boundary > loki.process.boundary > loki.relabel.team", ("loki.write.one", "loki.write.two")),
        ("loki.source.file.boundary > loki.echo.all", ("loki.echo.all",)),
    ]
    job = config.jobs[0]
    assert [stage.kind for stage in job.pipeline.stages] == ["logfmt", "labels", "loki.relabel"]
    assert job.targets == ({"__path__": "/tmp/boundary_logs/*.log", "job": "boundary", "cluster": "blue"},)
    assert (job.place, job.ignore_older) == ("config.alloy:7", 24 * 3600 * 10**9)
    one, two = config.clients
    assert (one.name, one.url, one.tenant) == ("loki.write.one", "http://one.example/loki/api/v1/push", "t1")
    assert (one.external_labels, one.drop_rate_limited, two.drop_rate_limited) == ({"where": "here"}, True, False)
    assert two.url == "http://two.example/push"
    assert one.headers["Authorization"].startswith("Basic ") and "hush" not in repr(config)
    assert config.notes == ()


def test_pods_and_files_of_one_source() -> None:
    config = read(PODS)
    assert [job.name for job in config.jobs] == [
        "loki.source.file.pods (loki.source.file.pods)",
        "loki.source.file.pods (discovery.kubernetes.pods)",
    ]
    files, pods = config.jobs
    assert (pods.discovery, pods.roles) == (("kubernetes_sd_configs",), ("pod",))
    assert [rule.replacement for rule in pods.relabel] == ["/var/log/pods/*$1/*.log"]
    assert files.targets == ({"__path__": "/var/log/syslog"},)
    assert [stage.kind for stage in pods.pipeline.stages] == ["cri", "match", "forward_to"]
    assert config.notes == ("config.alloy:22: loki.process.pods: forward_to is empty, its lines go nowhere",)


def test_what_is_not_connected_or_not_read_is_noted() -> None:
    config = read(
        """\
        loki.source.journal "j" { forward_to = [otelcol.receiver.loki.x.receiver] }
        otelcol.receiver.loki "x" {}
        loki.process "lonely" { forward_to = [] }
        loki.source.file "f" {
          targets    = [{"__path__" = "/tmp/*.log", host = constants.hostname}]
          forward_to = []
        }
        """
    )
    assert [note.split(": ", 1)[1] for note in config.notes] == [
        "lines leave for otelcol.receiver.loki.x.receiver, which is not read",
        "loki.source.journal.j: how it finds lines and labels them is not read",
        "loki.source.file.f: forward_to is empty, its lines go nowhere",
        "host: constants.hostname is known only where Alloy runs; its name stands here",
        "loki.source.file.f takes /tmp/*.log for the name of one file: wildcards need local.file_match, or file_match "
        "{ enabled = true }",
        "loki.process.lonely: no source forwards to it",
    ]


def indented(text: str, spaces: int) -> str:
    return textwrap.indent(text, " " * spaces)


@pytest.mark.parametrize(
    "wrapped",
    [
        "kind: ConfigMap\ndata:\n  config.alloy: |\n" + indented(FILES, 4),
        "alloy:\n  configMap:\n    content: |-\n" + indented(FILES, 6),
        "alloy:\n  alloy:\n    configMap:\n      content: |\n" + indented(FILES, 8),
        "kind: Namespace\n---\nkind: ConfigMap\ndata:\n  a.alloy: |\n" + indented(FILES, 4),
    ],
)
def test_wrapped_configurations_are_found(wrapped: str) -> None:
    config = parse_shipper(wrapped, "values.yaml", {})
    offset = wrapped[: wrapped.index("// Two ways")].count("\n")
    assert config.jobs[0].place == f"values.yaml:{offset + 7}"
    with pytest.raises(ConfigError, match=f"values.yaml:{offset + 13}: loki.process.boundary: 'stagelogfmt'"):
        parse_shipper(wrapped.replace("stage.logfmt", "stagelogfmt"), "values.yaml", {})


def test_files_of_one_config_map_are_one_configuration() -> None:
    first, second = FILES.split('loki.relabel "team"')
    text = "kind: ConfigMap\ndata:\n  a.alloy: |\n" + indented(first, 4) + "\n  b.alloy: |\n"
    text += indented('loki.relabel "team"' + second, 4)
    assert "loki.write.one" in {name for job in parse_shipper(text, "c.yaml", {}).jobs for name in job.to or ()}


def test_the_dialect_is_told_by_name_and_text() -> None:
    assert is_alloy("", "x.river") and is_alloy(FILES, "-") and is_alloy('logging {\n level = "info"\n}', "config")
    assert not is_alloy("scrape_configs: []\n", "-")
    assert not is_alloy("data:\n  c.alloy: |\n" + indented(FILES, 4), "x.yaml")
    assert is_alloy(FILES, "x.yaml"), "a block at the left edge is not YAML"
    assert is_alloy("// logs\n" + indented(FILES, 4), "x.yml"), "nor is one in front of all else"
    assert parse_shipper("scrape_configs: []\n", "-", None) == parse_shipper("scrape_configs: []\n", "-", None)


WRITE = 'loki.write "w" {}'


def process(stage: str) -> str:
    return 'loki.process "p" {\n  forward_to = []\n  ' + stage + "\n}\n"


def source(targets: str) -> str:
    return f'loki.source.file "f" {{\n  targets = {targets}\n  forward_to = []\n}}\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1", "config.alloy:1: a: only blocks stand at the top"),
        ("# comment", "config.alloy:1: '#' does not fit here (a comment starts with //)"),
        ("loki.proces \"p\" {}", "unknown component of Alloy (did you mean loki.process?)"),
        ("loki.process {}", "config.alloy:1: loki.process needs a label"),
        ('loki.echo "a" {}\nloki.echo "a" {}', "config.alloy:2: a second loki.echo.a, the first is on line 1"),
        ('loki.echo "a" {', "'}' is missing: a block is not closed"),
        ('loki.echo "a-b" {}', "the label 'a-b' is not a name"),
        ('loki.echo "a" {} loki.echo "b" {}', "the end of the line is expected, here is 'loki'"),
        (process('forward_too = []'), "config.alloy:3: loki.process.p: 'forward_too' is not an attribute here (did"),
        (process('stage.jsn {}'), "stage.jsn is not a stage of Alloy (did you mean stage.json?)"),
        (process('stage.json { expresions = {} }'), "'expresions' is not an attribute here (did you mean expr"),
        (process('stage.json { expressions = {a = "b["} }'), "alloy:3: loki.process.p > stage.json: expressions"),
        (process('stage.json = 1'), "an attribute's name has no dots"),
        (process('stage.regex { expression = "(" }'), "is not RE2"),
        (process('stage.regex { expression = "\\d" }'), "\\d in a string is not an escape"),
        (process('stage.regex {}'), "loki.process.p > stage.regex: expression is missing"),
        (process('stage.labels { values = ["a"] }'), "values needs {...}"),
        (process('stage.label_drop { values = [] }'), "values is empty"),
        (process('stage.labels { values = null }'), "alloy:3: loki.process.p > stage.labels: values is missing"),
        (process('stage.cri { max_partial_lines = 0 }'), "must be above 0"),
        (process('stage.drop { longer_than = "5 apples" }'), "not a size: '5 apples'"),
        (process('stage.drop { longer_than = 5 }'), "5 has no unit (write 5B)"),
        ('local.file_match "m" { path_targets = "x" }', "config.alloy:1: a list of targets is needed"),
        ('loki.echo "e" { a = 1 }', "loki.echo.e: 'a' is not an attribute here"),
        ('loki.echo "1x" {}', "the label '1x' is not a name"),
        (process('stage.template { source = "a"\n template = "{{ .x" }'), "config.alloy:4"),
        (process('stage.match { selector = "{a=\\"b\\"}" }'), "stages is missing"),
        (process('stage.match {\n selector = "{"\n action = "drop"\n}'), "not a selector"),
        (
            process('stage.timestamp {\n source = "t"\n format = "Unix"\n action_on_duplicate_timestamp = "x" }'),
            "neither keep nor fudge",
        ),
        (process('stage.truncate {}'), "a rule block is missing"),
        (process('stage.truncate { rule { limit = "1B"\n suffix = "..." } }'), "longer than the suffix"),
        (process('stage.pattern { pattern = "a" }'), "not a pattern: at least one capture"),
        (process('stage.metrics { metric.timer {} }'), "metric.timer is not a metric"),
        (source("[{a = 1}]"), "the label a of a target is not a string"),
        (source("local.file_match.gone.targets"), "local.file_match.gone.targets: no such component"),
        (source("3"), "a list of targets is needed"),
        (source('[\n{a = "b"}\n]'), "a comma is missing at the end of the line"),
        (source('[{a: "b"}]'), "':' does not fit here"),
        (source("concatt([])"), "concatt is not a function of Alloy (did you mean concat?)"),
        (source('[{a = 1 + "b"}]'), "+ does not take a number and a string"),
        (
            source("discovery.relabel.r.output") + 'discovery.relabel "r" { targets = discovery.relabel.r.output }',
            "discovery.relabel.r refers to itself",
        ),
        (
            source("discovery.relabel.r.targets") + 'discovery.relabel "r" { targets = [] }',
            "write discovery.relabel.r.output",
        ),
        ('loki.write "w" { endpoint {} }', "loki.write.w > endpoint: url is missing"),
        ('loki.write "w" { endpoints { url = "x" } }', "'endpoints' is not a block here (did you mean endpoint?)"),
        (source("[]").replace("[]\n}", "loki.write.w.receiver\n}") + WRITE, "write [loki.write.w.receiver]"),
        (source("[]").replace("[]\n}", "[loki.write.w]\n}") + WRITE, "write loki.write.w.receiver"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "taken", "left"),
    [
        ("/l/[!a]?.log", ("/l/ab.log", "/l/!b.log"), ("/l/bb.log",)),
        ("/l/[^a]?.log", ("/l/bb.log",), ("/l/ab.log",)),
        ("/l/[a!]?.log", ("/l/ab.log", "/l/!b.log"), ("/l/bb.log",)),
    ],
)
def test_a_class_of_a_pattern_is_turned_by_a_caret_alone(
    pattern: str, taken: tuple[str, ...], left: tuple[str, ...]
) -> None:
    config = read(
        f"""
        local.file_match "f" {{ path_targets = [{{"__path__" = "{pattern}", job = "x"}}] }}
        loki.source.file "f" {{
          targets    = local.file_match.f.targets
          forward_to = [loki.write.w.receiver]
        }}
        loki.write "w" {{ endpoint {{ url = "http://loki.example/loki/api/v1/push" }} }}
        """
    )
    [glob] = globs(config.jobs)
    assert [path for path in (*taken, *left) if fits_pattern(glob, path)] == list(taken)
