"""promtail's YAML is read into the model, and what is wrong with it is named with its place."""

import textwrap
from pathlib import Path

import pytest
import yaml

from obs_check.errors import ConfigError
from obs_check.model.window import NS
from obs_check.shipper.environment import expand
from obs_check.shipper.read import parse_shipper, read_shipper
from obs_check.shipper.relabel import relabel
from obs_check.shipper.stages.drop import Drop
from obs_check.shipper.stages.match import Match

PLAIN = """\
server: {http_listen_port: 9080}
positions: {filename: /run/positions.yaml, sync_period: 5s}
clients:
  - url: ${LOKI_URL:-http://loki.example:3100/loki/api/v1/push}
    tenant_id: ${TENANT}
    batchwait: 1500ms
    timeout: 10
    external_labels: {cluster: one}
    basic_auth: {username: u, password: hush}
scrape_configs:
  - job_name: boundary
    pipeline_stages:
      - logfmt: {mapping: {msg: }}
      - labels: {msg: }
    static_configs:
      - targets: [localhost]
        labels: {job: boundary, __path__: /tmp/boundary_logs/*.log}
  - job_name: pods
    kubernetes_sd_configs: [{role: pod}]
    relabel_configs:
      - {source_labels: [__meta_kubernetes_pod_name], target_label: pod, replacement: "${1}"}
"""


def test_a_plain_configuration() -> None:
    config = parse_shipper(PLAIN, "promtail.yaml", {"TENANT": "team"})
    assert [job.name for job in config.jobs] == ["boundary", "pods"]
    assert [stage.kind for stage in config.jobs[0].pipeline.stages] == ["logfmt", "labels"]
    assert config.jobs[0].targets == (
        {"__address__": "localhost", "job": "boundary", "__path__": "/tmp/boundary_logs/*.log"},
    )
    assert config.jobs[1].discovery == ("kubernetes_sd_configs",)
    assert config.jobs[1].relabel[0].replacement == "${1}"
    assert (config.positions, config.sync_period) == ("/run/positions.yaml", 5 * NS)
    [client] = config.clients
    assert (client.url, client.tenant) == ("http://loki.example:3100/loki/api/v1/push", "team")
    assert (client.batch_wait, client.timeout, client.external_labels) == (1_500_000_000, 10, {"cluster": "one"})
    assert client.headers["Authorization"].startswith("Basic ")
    assert "hush" not in repr(config) and "Basic" not in repr(config)


def test_without_environment_references_stay() -> None:
    config = parse_shipper("scrape_configs: [{job_name: '${X}'}]", "f", None)
    assert config.jobs[0].name == "${X}"


def config_map(inner: str) -> str:
    return "kind: ConfigMap\ndata:\n  promtail.yaml: |\n" + textwrap.indent(inner, "    ")


def helm_file(inner: str) -> str:
    return "config:\n  file: |\n" + textwrap.indent(inner, "    ")


@pytest.mark.parametrize("wrap", [config_map, helm_file, lambda t: "promtail:\n" + textwrap.indent(helm_file(t), "  ")])
def test_wrapped_configurations_are_found(wrap: "type[str]") -> None:
    config = parse_shipper(wrap(PLAIN), "values.yaml", {})
    assert [job.name for job in config.jobs] == ["boundary", "pods"]


def test_helm_snippets_are_put_together() -> None:
    values = """\
        config:
          clients: [{url: "http://loki.example/loki/api/v1/push"}]
          snippets:
            pipelineStages: [{cri: {}}, {labeldrop: [stream]}]
            scrapeConfigs: |
              - job_name: pods
                pipeline_stages:
                  {{- toYaml .Values.config.snippets.pipelineStages | nindent 4 }}
                kubernetes_sd_configs: [{role: pod}]
        """
    config = parse_shipper(textwrap.dedent(values), "values.yaml", None)
    assert [stage.kind for stage in config.job(None).pipeline.stages] == ["cri", "labeldrop"]
    assert config.clients[0].url == "http://loki.example/loki/api/v1/push"


def test_the_charts_own_job_stands_where_values_name_none() -> None:
    values = 'config: {clients: [{url: "http://loki.example/push"}], snippets: {extraRelabelConfigs: []}}'
    job = parse_shipper(values, "values.yaml", None).job(None)
    assert (job.name, job.roles, [stage.kind for stage in job.pipeline.stages]) == (
        "kubernetes-pods",
        ("pod",),
        ["cri"],
    )
    pod = {
        "__meta_kubernetes_namespace": "coder",
        "__meta_kubernetes_pod_name": "coder-0",
        "__meta_kubernetes_pod_uid": "u-1",
        "__meta_kubernetes_pod_container_name": "coder",
        "__meta_kubernetes_pod_label_app_kubernetes_io_name": "coder",
    }
    labels = relabel(pod, job.relabel)
    assert labels is not None
    assert {name: value for name, value in labels.items() if not name.startswith("__meta")} == {
        "app": "coder",
        "namespace": "coder",
        "job": "coder/coder",
        "pod": "coder-0",
        "container": "coder",
        "__path__": "/var/log/pods/*u-1/coder/*.log",
    }


def test_template_lines_of_the_chart_that_are_left_out_are_noted() -> None:
    values = """\
        config:
          file: |
            scrape_configs:
              - job_name: pods
                {{- if .Values.extra }}
                pipeline_stages:
                  {{- toYaml .Values.config.snippets.pipelineStages | nindent 6 }}
                {{- end }}
        """
    config = parse_shipper(textwrap.dedent(values), "values.yaml", None)
    assert [stage.kind for stage in config.job(None).pipeline.stages] == ["cri"]
    assert config.notes == ("values.yaml:5: a line of the chart's template is left out: {{- if .Values.extra }}",)


def test_limits_that_are_not_simulated_are_noted() -> None:
    text = "scrape_configs: []\nlimits_config:\n  max_streams: 20\n  readline_rate: 10\n  max_line_size: 8B\n"
    config = parse_shipper(text, "f", None)
    assert config.notes == ("f:3: limits_config.max_streams: 20 may drop lines, which is not simulated",)
    assert (config.max_line_size, config.truncates) == (8, False)


def test_other_texts_in_a_config_map_are_passed_over() -> None:
    text = "kind: ConfigMap\ndata:\n  run.sh: |\n    x: [\n  promtail.yaml: |\n    scrape_configs: []\n"
    assert parse_shipper(text, "cm.yaml", None).jobs == ()


def test_an_error_inside_a_config_map_names_the_line_of_the_outer_file() -> None:
    text = config_map("scrape_configs:\n  - job_nam: x\n")
    with pytest.raises(ConfigError) as caught:
        parse_shipper(text, "cm.yaml", None)
    assert str(caught.value).startswith("cm.yaml:5: scrape_configs[0].job_nam: unknown key 'job_nam'")
    assert "did you mean job_name" in str(caught.value)


JOB = "scrape_configs:\n- job_name: x\n  pipeline_stages:\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "f.yaml:1: not YAML"),
        ("a: 1", "no promtail configuration"),
        ("scrape_configs:\n- {}\n", "f.yaml:2: scrape_configs[0]: job_name is missing"),
        ("scrape_configs: [{job_name: a}, {job_name: a}]", "a second job is named 'a'"),
        ("scrape_configs: []\nclients:\n- {}\n", "f.yaml:3: clients[0]: url is missing"),
        ("scrape_configs: []\nclients: [{url: '10.0.0.1:3100/x'}]", "has no scheme"),
        ("scrape_configs: []\nclients: [{url: 'http://l.example', batchwait: 1 second}]", "not a duration: '1 second'"),
        ("scrape_configs: []\nscrape_configs: []\n", "stands twice"),
        ("scrape_configs:\n- job_name: x\n  static_configs: [{labels: {a: b, a: c}}]\n", "the key 'a' stands twice"),
        ("scrape_configs: []\nclient_s: []\n", "did you mean clients?"),
        (JOB + "  - jsn: {}\n", "f.yaml:4: scrape_configs[0].pipeline_stages[0].jsn: unknown key 'jsn'"),
        (JOB + "  - cri\n", "a stage is a mapping"),
        (JOB + "  - {cri: {}, docker: {}}\n", "a stage has one key"),
        (JOB + "  - json: {}\n", "expressions is missing"),
        (JOB + "  - json: {expressions: {a: 'b['}}\n", "not a JMESPath expression"),
        (JOB + "  - json: {expressions: {a: b}, source: ''}\n", "source is empty"),
        (JOB + "  - regex: {expression: '('}\n", "is not RE2"),
        (JOB + "  - labels: {a-b: }\n", "not a label name"),
        (JOB + "  - timestamp: {source: t, format: RFC3339, location: Mars/Base}\n", "not a time zone"),
        (JOB + "  - timestamp: {source: t, format: RFC3339, action_on_failure: x}\n", "neither fudge nor skip"),
        (JOB + "  - drop: {}\n", "one of source, expression"),
        (JOB + "  - drop: {value: x}\n", "one of source"),
        (JOB + "  - drop: {source: a, longer_than: 5 apples}\n", "not a size"),
        (JOB + "  - match: {selector: '{a=\"b\"} | json', stages: [{cri: {}}]}\n", "only |= != |~ !~ may follow"),
        (JOB + "  - match: {selector: '{a=\"b\"}'}\n", "stages is missing"),
        (JOB + "  - match: {selector: '{a=\"b\"}', action: toss}\n", "neither keep nor drop"),
        (JOB + "  - tenant: {value: a, source: b}\n", "exactly one of"),
        (JOB + "  - limit: {rate: 0, burst: 1}\n", "above 0"),
        (JOB + "  - sampling: {rate: 2}\n", "not between"),
        (JOB + "  - metrics: {m: {type: Timer}}\n", "neither Counter"),
        ("scrape_configs: [{job_name: x, relabel_configs: [{action: replce}]}]", "not a relabel action"),
        ("scrape_configs: [{job_name: x, relabel_configs: [{regex: a}]}]", "needs target_label"),
        ("scrape_configs: [{job_name: '${A:x}'}]", "write ${NAME}"),
        ("scrape_configs: [{job_name: x, syslog: {pipeline_stages: []}}]", "syslog.pipeline_stages: unknown key"),
        ("scrape_configs: [{job_name: x, journal: {match: a}}]", "did you mean matches?"),
        ("data: {{ .Values.x }}\n  scrape_configs: []", "render it with `helm template`"),
        ("scrape_configs: [{job_name: x, kubernetes_sd_configs: [{rol: pod}]}]", "did you mean role?"),
        ("scrape_configs: [{job_name: x, kubernetes_sd_configs: [{role: pods}]}]", "not a role of Kubernetes: 'pods'"),
        ("scrape_configs: [{job_name: x, kubernetes_sd_configs: [{namespaces: {names: [a]}}]}]", "role is missing"),
        ("scrape_configs: [{job_name: x, docker_sd_configs: [{refresh_interval: 5s}]}]", "host is missing"),
        ("scrape_configs: []\ntarget_config: {syncperiod: 5s}\n", "did you mean sync_period?"),
        ("scrape_configs: []\nclients: [{url: 'http://l.example', basic_auth: {user: a}}]\n", "did you mean username?"),
        (
            "scrape_configs: [{job_name: x, relabel_configs: [{action: labeldrop, source_labels: [a], regex: b}]}]",
            "labeldrop takes no source_labels",
        ),
        (
            "scrape_configs: [{job_name: x, relabel_configs: [{action: keepequal, target_label: a, regex: b}]}]",
            "keepequal takes no regex",
        ),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_shipper(text, "f.yaml", {})
    assert message in str(caught.value)


def test_a_key_that_stands_twice_in_what_wraps_a_configuration_is_no_fault_of_it() -> None:
    """Helm's values and manifests are not read strictly: the last one counts."""
    inner = "scrape_configs:\n      - job_name: x\n"
    config = parse_shipper(f"labels: {{a: 1, a: 2}}\nconfig:\n  file: y\n  file: |\n      {inner}", "values.yaml", {})
    assert [job.name for job in config.jobs] == ["x"]


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_shipper(tmp_path / "none.yaml", None)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        read_shipper(tmp_path / "binary", None)


def test_a_job_is_chosen_by_name() -> None:
    config = parse_shipper(PLAIN, "f.yaml", {})
    assert config.job("pods").name == "pods"
    for name in (None, "other"):
        with pytest.raises(ConfigError, match="boundary, pods"):
            config.job(name)


def test_merge_keys_and_anchors() -> None:
    text = yaml.safe_dump({"scrape_configs": []}) + "global: &g {a: 1}\noptions: {<<: *g, b: 2}\n"
    assert parse_shipper(text, "f.yaml", None).jobs == ()


# What `promtail -config.expand-env=true -print-config-stderr` showed with A=abBC and nothing else set.
EXPANDED = {
    "${A} $A $$ $${A}": "abBC $A $ ${A}",
    "${B}${B:-d}${B:-${A}}": "dabBC",
    "${B=d}${B:=d}${A:+d}${B:?d}": "ddabBCd",
    "${A:1} ${A:1:2} ${#A}": "bBC bB 4",
    "${A,,} ${A^^} ${A^}": "abbc ABBC AbBC",
    "${A#a} ${A%C} ${A/b/x} ${A//B/x} ${A/#a/x} ${A/%C/x}": "bBC abB axBC abxC xbBC abBx",
    "${B:-http://h.example:1/x}": "http://h.example:1/x",
    "${1}": "${1}",
}


@pytest.mark.parametrize(("text", "want"), EXPANDED.items())
def test_references_are_expanded_as_promtail_does(text: str, want: str) -> None:
    assert expand(text, {"A": "abBC"}, "f") == want


@pytest.mark.parametrize("text", ["${A", "${}", "${ A }", "${A-b}", "${A.b}"])
def test_references_that_promtail_cannot_read_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"f:1: \$\{\.\.\.\}"):
        expand(text, {"A": "abBC"}, "f")


def test_keys_of_stages_that_promtail_passes_over() -> None:
    """Promtail 3.5.9 drops this line, and takes both configurations."""
    text = JOB + "  - match: {selector: '{a=\"b\"}', stages: [{drop: {Expression: x, sourc: y}}]}\n  - cri: {zzz: 1}\n"
    config = parse_shipper(text, "f.yaml", {})
    [match, _] = config.jobs[0].pipeline.stages
    assert isinstance(match, Match)
    assert match.pipeline.stages == (Drop(expression="x"),)
    assert config.notes == (
        "f.yaml:5: promtail passes over the key `zzz` of the stage cri",
        "f.yaml:4: promtail passes over the key `sourc` of the stage drop",
    )
