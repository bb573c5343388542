"""Which labels lint knows of a folder's shippers, and where it leaves open what else there may be."""

from pathlib import Path

import pytest

from obs_check.lint.run import lint
from obs_check.lint.sources import read_material
from tests.engine_settings import SETTINGS

CLIENTS = "clients: [{url: http://loki.example/loki/api/v1/push}]\n"
DOCKER = (
    CLIENTS
    + """scrape_configs:
  - job_name: docker
    docker_sd_configs: [{host: unix:///var/run/docker.sock}]
    relabel_configs:
      - {source_labels: [__meta_docker_container_name], target_label: container}
    pipeline_stages:
      - match:
          selector: '{job="docker"}'
          stages:
            - labels: {level: ''}
"""
)
PODS = DOCKER.replace(
    "docker_sd_configs: [{host: unix:///var/run/docker.sock}]", "kubernetes_sd_configs: [{role: pod}]"
)
ALLOY = """discovery.docker "d" { host = "unix:///var/run/docker.sock" }
discovery.relabel "r" {
  targets = discovery.docker.d.targets
  rule {
    source_labels = ["__meta_docker_container_name"]
    target_label  = "container"
  }
}
loki.source.docker "a" {
  host          = "unix:///var/run/docker.sock"
  targets       = discovery.relabel.r.output
  labels        = {job = "docker"}
  relabel_rules = discovery.relabel.x.rules
  forward_to    = [loki.write.d.receiver]
}
discovery.relabel "x" {
  targets = []
  rule {
    source_labels = ["__meta_docker_container_log_stream"]
    target_label  = "stream"
  }
}
loki.write "d" { endpoint { url = "http://loki.example/loki/api/v1/push" } }
"""
OF_ENVIRONMENT = {
    "drop": "{older_than: '${X}'}",
    "limit": "{rate: '${X}', burst: '${X}'}",
    "match": "{selector: '${X}', stages: [{drop: {expression: a}}]}",
    "sampling": "{rate: '${X}'}",
    "timestamp": "{source: time, format: RFC3339, location: '${X}'}",
    "json": "{expressions: {a: 'a.${X}'}}",
    "regex": "{expression: '(${X}'}",
    "metrics": "{a: {type: '${X}'}}",
}
"""Stages of which nobody knows here what they do."""
PARTS = {
    "faro": 'faro.receiver "f" { output { logs = [loki.write.d.receiver] } }\n',
    "traces": 'faro.receiver "f" { output { logs = [] } }\n',
    "exporter": 'otelcol.exporter.loki "l" { forward_to = [loki.write.d.receiver] }\n',
    "batch": 'otelcol.processor.batch "b" { output { logs = [otelcol.exporter.otlphttp.x.input] } }\n',
    "metrics": 'prometheus.scrape "m" { forward_to = [prometheus.remote_write.m.receiver] }\n'
    'prometheus.remote_write "m" { }\n',
    "exported": 'otelcol.exporter.otlphttp "x" { client { endpoint = "http://loki.example/otlp" } }\n',
}


FILES = (
    CLIENTS
    + """scrape_configs:
  - job_name: files
    static_configs: [{labels: {job: files, __path__: /var/log/a.log}}]
    pipeline_stages:
      - logfmt: {mapping: {time: }}
"""
)


def told(path: Path) -> list[str]:
    """What is said of a file or folder, whatever the rule."""
    material, _, broken = read_material([path], [], None, None, {}, SETTINGS)
    return [error.message for error in broken] + [issue.claim for issue in lint(material).issues]


def unset(folder: Path, query: str) -> list[str]:
    """The labels that no job sets, as it is said of a query."""
    (folder / "q.logql").write_text(query + "\n", "utf-8")
    found = lint(read_material([folder], [], None, None, {}, SETTINGS)[0]).issues
    return [issue.claim for issue in found if issue.rule == "label-not-set"]


@pytest.mark.parametrize(
    ("name", "text", "query", "said"),
    [
        ("p.yaml", DOCKER, '{container="a"}', []),
        ("p.yaml", DOCKER, '{filename="/a"}', ["no job sets the label filename"]),
        ("p.yaml", DOCKER, '{level="error"}', ["no job sets the label level"]),
        ("p.yaml", PODS, '{filename="/a"}', []),
        ("p.yaml", PODS + "      - cri: {}\n", '{stream="stderr"}', []),
        ("p.yaml", DOCKER + "      - cri: {}\n", '{stream="stderr"}', ["no job sets the label stream"]),
        ("p.yaml", DOCKER + "      - docker: {}\n", '{stream="stderr"}', []),
        ("c.alloy", ALLOY, '{container="a", job="docker", stream="stderr"}', []),
        ("c.alloy", ALLOY, '{job="a"}', ['no job sets job to "a"']),
        ("c.alloy", ALLOY, '{filename="/a"}', ["no job sets the label filename"]),
        ("c.alloy", ALLOY + PARTS["traces"], '{job="a"}', ['no job sets job to "a"']),
        ("c.alloy", ALLOY + PARTS["metrics"], '{job="a"}', ['no job sets job to "a"']),
        ("c.alloy", ALLOY + PARTS["faro"], '{job="a"}', []),
        ("c.alloy", ALLOY + PARTS["exporter"], '{job="a"}', []),
        ("c.alloy", ALLOY + PARTS["exported"] + PARTS["batch"], '{job="a"}', []),
    ],
)
def test_labels_are_those_of_the_source(name: str, text: str, query: str, said: list[str], tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    assert unset(tmp_path, query) == said


@pytest.mark.parametrize("kind", OF_ENVIRONMENT)
def test_a_stage_that_hangs_on_the_environment_may_do_anything(kind: str, tmp_path: Path) -> None:
    stage = f"      - {kind}: {OF_ENVIRONMENT[kind]}\n"
    labels = "      - labels: {of_it: other}\n"
    old = "      - drop: {older_than: 1h}\n" if kind == "timestamp" else ""
    (tmp_path / "p.yaml").write_text(FILES + stage + labels + old, "utf-8")
    assert told(tmp_path / "p.yaml") == []
    assert unset(tmp_path, '{a="b", job="x"}') == []


def test_settings_of_the_environment_are_no_errors(tmp_path: Path) -> None:
    endpoint = (
        'url = "http://l.example/loki/api/v1/push"\n batch_wait = sys.env("X")\n max_backoff_retries = sys.env("X")'
    )
    source = 'targets = []\n forward_to = []\n file_match {\n enabled = true\n ignore_older_than = sys.env("X")\n }'
    alloy = f'loki.source.file "f" {{\n {source}\n}}\nloki.write "w" {{\n endpoint {{\n {endpoint}\n }}\n}}\n'
    (tmp_path / "c.alloy").write_text(alloy, "utf-8")
    unknown = ", ".join(f"{name}: '${{X}}'" for name in ("batchwait", "batchsize", "timeout"))
    client = f"{{url: http://l.example, {unknown}, backoff_config: {{max_retries: '${{X}}'}}}}"
    (tmp_path / "p.yaml").write_text(FILES.replace("{url: http://loki.example/loki/api/v1/push}", client), "utf-8")
    assert told(tmp_path) == []


@pytest.mark.parametrize(
    "rule",
    [
        "{source_labels: [job], regex: '${X}', action: keep}",
        "{source_labels: [env], regex: prod, action: keep}",
        "{source_labels: [job], regex: '${X}', target_label: env}",
    ],
)
def test_a_rule_that_hangs_on_the_environment_may_choose_anything(rule: str, tmp_path: Path) -> None:
    text = FILES.replace("job: files,", "job: files, env: '${X}',").replace(
        "    pipeline_stages:", f"    relabel_configs: [{rule}]\n    pipeline_stages:"
    )
    match = """      - match: {selector: '{job="${X}"}', stages: [{labels: {job: job}}]}\n"""
    (tmp_path / "p.yaml").write_text(text + match, "utf-8")
    assert told(tmp_path / "p.yaml") == []
    assert unset(tmp_path, '{job="files", env="prod"}') == []


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("services: {a: {image: grafana/loki}}\n", False),
        ("services:\n  a:\n    logging:\n      driver: loki\n", True),
        ("services:\n  a:\n    logging:\n      driver: json-file\n  loki: {}\n", False),
        ("exporters:\n  otlphttp: {endpoint: http://loki/otlp}\nservice:\n  pipelines:\n    logs:\n      x: 1\n", True),
        ("exporters:\n  otlp: {}\nservice:\n  pipelines:\n    traces: {}\n# loki\n", False),
        ("logs:\n  configs:\n  - name: a\n    scrape_configs: []\n    clients: [{url: http://loki:3100}]\n", True),
        ("datasources:\n- name: Loki\n  type: loki\n", False),
        ("sinks:\n  a:\n    type: loki\n", True),
        ("env:\n  LOKI_URL: http://loki.example/loki/api/v1/push\n", True),
        ("env:\n- name: OUR_LOKI\n  value: http://loki.example/loki/api/v1/push\n", False),
        ("paths: [/loki/api/v1/push]\n# http://loki.example/loki/api/v1/push\n", False),
        ("positions: {}\nscrape_configs: [{job_name: a, job_nam: b}]\n", True),
        ("exporters:\n  otlphttp:\n    endpoint: http://loki.example:3100/otlp\n", True),
        ("services:\n  a:\n    image: timberio/vector:0.40\n    # to loki\n", True),
        ("kind: ClusterOutput\nspec:\n  loki: {url: http://loki.example}\n", True),
        ("kind: ClusterLogForwarder\nspec:\n  outputs:\n  - type: loki\n", True),
        ("receivers:\n- loki:\n    url: http://loki.example\n", True),
        ("data:\n  fluent.conf: |\n    [OUTPUT]\n      Name loki\n", True),
    ],
)
def test_lines_that_another_program_brings_may_have_any_label(text: str, is_open: bool, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(DOCKER + "# ${OUR_LOKI}\n", "utf-8")
    (tmp_path / "z.yaml").write_text(text, "utf-8")
    assert (unset(tmp_path, '{job="a"}') == []) is is_open


def test_detected_level_is_no_label_whoever_brings_the_lines(tmp_path: Path) -> None:
    (tmp_path / "c.alloy").write_text(ALLOY + PARTS["faro"], "utf-8")
    for query, count in {'{detected_level="a"}': 1, '{job="docker", detected_level=~".*"}': 0}.items():
        assert len(unset(tmp_path, query)) == count


@pytest.mark.parametrize(
    ("name", "text", "is_open"),
    [
        ("bin/forward", "curl http://127.0.0.1:3100/loki/api/v1/push\n", True),
        ("package.json", '{"dependencies": {"pino-loki": "2"}}', True),
        ("pom.xml", "<artifactId>loki-logback-appender</artifactId>", True),
        ("fluent-bit.conf", "[OUTPUT]\n    Name loki\n    Host loki\n", True),
        ("fluent.conf", "<match **>\n  @type loki\n</match>\n", True),
        ("vector.toml", '[sinks.out]\ntype = "loki"\n', True),
        ("logstash.conf", 'output {\n  loki {\n    url => "http://loki.example"\n  }\n}\n', True),
        ("telegraf.conf", "[[outputs.loki]]\n", True),
        ("rsyslog.conf", 'action(type="omhttp" restpath="loki/api/v1/push")\n', True),
        ("nginx.conf", "upstream loki {\n  server loki:3100;\n}\n", False),
        ("daemon.json", '{"log-driver": "loki"}', True),
        ("appsettings.json", '{"Serilog": {"WriteTo": [{"Name": "GrafanaLoki"}]}}', True),
        ("requirements.txt", "python-logging-loki==0.3.1\n", True),
        ("go.mod", "require github.com/grafana/loki-client-go v0.1.0\n", True),
        ("node_modules/a.js", "/loki/api/v1/push", False),
        ("README.md", "/loki/api/v1/push", False),
        ("a.py", "query('/loki/api/v1/query_range')", False),
    ],
)
def test_an_application_may_push_by_itself(name: str, text: str, is_open: bool, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(DOCKER, "utf-8")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text, "utf-8")
    assert (unset(tmp_path, '{job="a"}') == []) is is_open


@pytest.mark.parametrize(
    ("stage", "query", "fits"),
    [
        ("labelallow: [job, env]", '{env="prod"}', True),
        ("labeldrop: [env]", '{env="prod"}', True),
        ("labeldrop: [env]", '{env="dev"}', False),
        ("static_labels: {env: dev}", '{env="prod"}', False),
        ("match: {selector: '{job=\"files\"}', stages: [{static_labels: {env: dev}}]}", '{env="prod"}', True),
    ],
)
def test_clients_add_labels_behind_all_stages(stage: str, query: str, fits: bool, tmp_path: Path) -> None:
    text = FILES.replace("push}]", "push, external_labels: {env: prod}}]") + f"      - {stage}\n"
    (tmp_path / "p.yaml").write_text(text, "utf-8")
    assert (unset(tmp_path, query) == []) is fits


@pytest.mark.parametrize(("query", "fits"), [('{c="1"}', True), ('{c="2"}', True), ('{c="3"}', False)])
def test_each_client_adds_its_own_labels(query: str, fits: bool, tmp_path: Path) -> None:
    clients = ", ".join(f"{{url: http://loki{n}.example, external_labels: {{c: {n}}}}}" for n in (1, 2))
    (tmp_path / "p.yaml").write_text(FILES.replace(CLIENTS, f"clients: [{clients}]\n"), "utf-8")
    assert (unset(tmp_path, query) == []) is fits


@pytest.mark.parametrize(
    "value", ["{{ inventory_hostname }}", "${X:-localhost}", "$X", "%X%", "__X__", "<X>", "@X@", "<%= x %>"]
)
def test_what_is_filled_in_may_be_anything(value: str, tmp_path: Path) -> None:
    text = FILES.replace("job: files,", f"job: files, host: '{value}',")
    (tmp_path / "p.yaml").write_text(text, "utf-8")
    assert unset(tmp_path, '{host="web1"}') == []
    assert unset(tmp_path, '{host="web1", job="other"}') == ['no job sets job to "other"']


def test_the_values_that_jobs_set_are_told(tmp_path: Path) -> None:
    jobs = [f"  - {{job_name: j{n}, static_configs: [{{labels: {{job: {n}}}}}]}}" for n in "abcdefg"]
    (tmp_path / "p.yaml").write_text("\n".join([CLIENTS + "scrape_configs:", *jobs]), "utf-8")
    (tmp_path / "q.logql").write_text('{job="gg"}\n', "utf-8")
    (issue,) = lint(read_material([tmp_path], [], None, None, {}, SETTINGS)[0]).issues
    assert issue.remedy == "jobs set it to g, a, b, c, d and 2 more"


def taken(folder: Path, *paths: str) -> list[str]:
    """What is said of paths that are taken twice, each of a job of its own."""
    job = "  - job_name: j{0}\n    static_configs: [{{labels: {{__path__: '{1}'}}}}]"
    jobs = [job.format(*one) for one in enumerate(paths)]
    (folder / "p.yaml").write_text("\n".join([CLIENTS + "scrape_configs:", *jobs]), "utf-8")
    found = lint(read_material([folder / "p.yaml"], [], None, None, {}, SETTINGS)[0]).issues
    return [issue.rule for issue in found]


@pytest.mark.parametrize(
    ("one", "other", "twice"),
    [
        ("/var/log/a.log', __host__: 'a", "/var/log/a.log', __host__: 'b", False),
        ("/var/log/{auth.log,secure}", "/var/log/**/*.log", True),
        ("/var/log/{auth.log,secure}", "/var/log/{messages,secure}", True),
        ("/var/log/{auth.log,secure}", "/var/log/{messages,syslog}", False),
        ("{/var/log/a.log,/var/log/b.log}", "{/var/log/a.log,/var/log/b.log}", False),
        ("{/var/log/a.log,/var/log/b.log}", "/var/log/*.log", False),
        ("/var/log/a.log", "/var/log/[ab].log", True),
        ("/var/log/{a", "/var/log/{a", False),
    ],
)
def test_braces_are_opened(one: str, other: str, twice: bool, tmp_path: Path) -> None:
    assert taken(tmp_path, one, other) == ["file-taken-twice"] * twice


def test_a_path_of_many_jobs_is_told_once_a_job(tmp_path: Path) -> None:
    assert taken(tmp_path, *["/var/log/a.log"] * 5) == ["file-taken-twice"] * 4


@pytest.mark.parametrize(
    ("stages", "unbounded"),
    [
        ("[{labels: {ip: }}]", False),
        ("[{labels: {ip: ip}}]", False),
        ("[{json: {expressions: {ip: }}}, {labels: {ip: }}]", True),
        ("[{json: {expressions: {ip: }}}, {labels: {zip: ip}}]", True),
        ("[{regex: {expression: '(?P<ip>.+)'}}, {labels: {ip: }}]", True),
        ("[{logfmt: {mapping: {trace_id: }}}, {labels: {trace_id: }}]", True),
        (
            "[{logfmt: {mapping: {uid: , host_ip: , RequestAddr: }}}, {labels: {uid: , host_ip: , x: RequestAddr}}]",
            False,
        ),
        ("[{logfmt: {mapping: {route: }}}, {labels: {path: route}}]", False),
        ("[{logfmt: {mapping: {path: }}}, {labels: {path: }}]", True),
        (
            "[{logfmt: {mapping: {path: }}}, {regex: {source: path, expression: '^(?P<path>/.)'}}, {labels: {path: }}]",
            False,
        ),
        ("[{regex: {expression: '(?P<path>/api|/health) (?P<size>small|large)'}}, {labels: {path: , size: }}]", False),
        (
            "[{logfmt: {mapping: {path: }}}, {template: {source: path, template: '{{ ToUpper .Value }}'}}, "
            "{labels: {path: }}]",
            False,
        ),
    ],
)
def test_a_label_is_unbounded_as_the_value_that_it_takes(stages: str, unbounded: bool, tmp_path: Path) -> None:
    """As promtail 3.5.9 has it: a stage may take what the target says."""
    target = "static_configs: [{labels: {job: c, ip: 10.0.0.1, __path__: /var/log/a.log}}]"
    job = f"{CLIENTS}scrape_configs:\n  - job_name: j\n    {target}\n    pipeline_stages: {stages}\n"
    (tmp_path / "p.yaml").write_text(job, "utf-8")
    found = lint(read_material([tmp_path / "p.yaml"], [], None, None, {}, SETTINGS)[0]).issues
    assert [issue.rule for issue in found] == ["high-cardinality-label"] * unbounded


@pytest.mark.parametrize(
    ("discovery", "source", "unbounded"),
    [
        ("kubernetes_sd_configs: [{role: pod}]", "__meta_kubernetes_pod_ip", True),
        ("kubernetes_sd_configs: [{role: pod}]", "__address__", True),
        ("kubernetes_sd_configs: [{role: pod}]", "__meta_kubernetes_pod_host_ip", False),
        ("docker_sd_configs: [{host: unix:///var/run/docker.sock}]", "__meta_docker_port_public_ip", False),
        ("file_sd_configs: [{files: [a.json]}]", "__address__", False),
    ],
)
def test_addresses_of_pods_alone_do_not_stay(discovery: str, source: str, unbounded: bool, tmp_path: Path) -> None:
    rule = f"{{source_labels: [a, {source}], target_label: ip}}"
    job = f"{CLIENTS}scrape_configs:\n  - job_name: j\n    {discovery}\n    relabel_configs: [{rule}]\n"
    (tmp_path / "p.yaml").write_text(job, "utf-8")
    assert (
        told(tmp_path / "p.yaml")
        == [f"job j makes a label of {source}: streams of their own for every pod"] * unbounded
    )


def test_what_an_idle_parser_would_set_is_told_once(tmp_path: Path) -> None:
    stages = "      - json: {expressions: {span_id: }, source: output}\n      - labels: {span_id: }\n"
    (tmp_path / "p.yaml").write_text(FILES + stages, "utf-8")
    (claim,) = told(tmp_path / "p.yaml")
    assert claim == "job files: no stage in front of `json` extracts 'output': it extracts nothing"


TWO_WAYS = """\
loki.source.file "f" {
  targets    = [{"__path__" = "/tmp/a.log", "job" = "a"}]
  forward_to = [loki.process.a.receiver, loki.process.b.receiver]
}
loki.process "a" {
  %s
  forward_to = [loki.write.default.receiver]
}
loki.process "b" {
  %s
  forward_to = [loki.write.default.receiver]
}
loki.write "default" {
  endpoint { url = "http://loki.example/loki/api/v1/push" }
}
"""
CALLS = """\
loki.source.file "%s" {
  targets    = [{"__path__" = string.format("/var/log/%%s.log", sys.env("%s"))}]
  forward_to = [loki.write.default.receiver]
}
"""


def test_calls_with_other_arguments_are_other_paths(tmp_path: Path) -> None:
    write = TWO_WAYS[TWO_WAYS.index('loki.write "default"') :]
    (tmp_path / "c.alloy").write_text(CALLS % ("a", "A") + CALLS % ("b", "B") + write, "utf-8")
    assert told(tmp_path / "c.alloy") == []


DROP = 'stage.drop { expression = "DEBUG" }'
MATCH = 'stage.match {\n selector = "{job!~\\"DEBUG\\"}"\n action = "drop"\n }'


@pytest.mark.parametrize(
    ("one", "other", "twice"),
    [
        ("", "", True),
        (DROP, "", False),
        (DROP, MATCH, False),
        (DROP, "stage.sampling { rate = 0.5 }", False),
        ('stage.tenant { value = "a" }', 'stage.tenant { value = "b" }', False),
        ('stage.tenant { value = "a" }', 'stage.tenant { value = "a" }', True),
    ],
)
def test_two_ways_of_a_source_may_share_its_lines(one: str, other: str, twice: bool, tmp_path: Path) -> None:
    (tmp_path / "c.alloy").write_text(TWO_WAYS % (one, other), "utf-8")
    found = lint(read_material([tmp_path / "c.alloy"], [], None, None, {}, SETTINGS)[0]).issues
    assert [issue.rule for issue in found] == ["file-taken-twice"] * twice
    assert all("take one out of `forward_to`" in issue.remedy for issue in found)


UID = "{source_labels: [__meta_kubernetes_pod_uid], target_label: pod_uid}"


@pytest.mark.parametrize(
    ("behind", "stages", "told"),
    [
        ("{source_labels: [__meta_kubernetes_pod_name], target_label: pod}", "[]", True),
        ("{source_labels: [__meta_kubernetes_pod_name], target_label: pod_uid}", "[]", False),
        ("{action: labelmap, regex: __meta_(.+)}, {action: labeldrop, regex: pod_uid}", "[]", False),
        ("{action: labeldrop, regex: pod_uid_2}", "[{labeldrop: [pod]}]", True),
        ("{action: labeldrop, regex: x}", "[{labeldrop: [pod_uid]}]", False),
        ("{action: labeldrop, regex: x}", "[{json: {expressions: {kind: }}}, {labels: {pod_uid: kind}}]", False),
    ],
)
def test_a_label_of_a_pod_may_be_gone_behind_its_rule(behind: str, stages: str, told: bool, tmp_path: Path) -> None:
    job = f"relabel_configs: [{UID}, {behind}]\n    pipeline_stages: {stages}\n"
    text = f"{CLIENTS}scrape_configs:\n  - job_name: j\n    kubernetes_sd_configs: [{{role: pod}}]\n    {job}"
    (tmp_path / "p.yaml").write_text(text, "utf-8")
    found = lint(read_material([tmp_path / "p.yaml"], [], None, None, {}, SETTINGS)[0]).issues
    assert [issue.rule for issue in found] == ["high-cardinality-label"] * told


@pytest.mark.parametrize(
    ("target", "rule"),
    [
        ("docker_sd_configs: [{host: unix:///var/run/docker.sock}]", "stage-without-effect"),
        ("static_configs: [{labels: {job: a, __path__: /a.log}}]", "stage-key-unknown"),
    ],
)
def test_a_stage_that_is_to_go_has_no_key_to_go(target: str, rule: str, tmp_path: Path) -> None:
    job = f"job_name: j\n    {target}\n    pipeline_stages: [{{docker: {{use_incoming_timestamp: false}}}}]\n"
    (tmp_path / "p.yaml").write_text(f"{CLIENTS}scrape_configs:\n  - {job}", "utf-8")
    found = lint(read_material([tmp_path / "p.yaml"], [], None, None, {}, SETTINGS)[0]).issues
    assert [issue.rule for issue in found] == [rule]
