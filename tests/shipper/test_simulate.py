"""Stages that the recorded cases do not reach, traces, and the command."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from obs_check.cli.shipper import shipper
from obs_check.documents.yaml_tree import load
from obs_check.errors import InputError, UsageError
from obs_check.shipper.logfmt import BadLogfmt, pairs
from obs_check.shipper.simulate import run
from obs_check.shipper.stages.match import parse_selector
from obs_check.shipper.stages.registry import read_stages

NOW = 1_795_600_000_000_000_000


def ship(stages: list[Any], *lines: str) -> Any:
    [node] = load(yaml.safe_dump(stages), "stages.yaml")
    return run(read_stages(node), {"job": "j"}, lines, NOW)


def test_structured_metadata_moves_labels() -> None:
    stages: list[Any] = [{"logfmt": {"mapping": {"a": ""}}}, {"structured_metadata": {"a": "", "job": ""}}]
    [one] = ship(stages, "a=1").shipped
    assert (one.labels, one.metadata) == ({}, {"a": "1", "job": "j"})


def test_event_log_messages() -> None:
    stages = [
        {"json": {"expressions": {"message": ""}}},
        {"eventlogmessage": {}},
        {"labels": {"Key_One": "", "job": "job_extracted"}},
    ]
    [one] = ship(stages, json.dumps({"message": "Key One: v \r\njob: x\r\nno colon"})).shipped
    assert one.labels == {"job": "x", "Key_One": "v"}


def test_limit_by_label_counts_each_value() -> None:
    stages: list[Any] = [
        {"logfmt": {"mapping": {"u": ""}}},
        {"labels": {"u": ""}},
        {"limit": {"rate": 1, "burst": 1, "drop": True, "by_label_name": "u"}},
    ]
    result = ship(stages, "u=a", "u=a", "u=b", "none")
    assert [s.line for s in result.shipped] == ["u=a", "u=b", "none"]
    assert result.dropped == {"ratelimit_drop_stage": 1}


@pytest.mark.parametrize(("rate", "kept"), [(0, 0), (1, 3)])
def test_sampling_at_its_ends(rate: int, kept: int) -> None:
    assert len(ship([{"sampling": {"rate": rate}}], "a", "b", "c").shipped) == kept


def test_cri_partial_lines_are_kept_apart_by_stream() -> None:
    parts = [(1, "stdout", "P", "a"), (2, "stderr", "P", "x"), (3, "stdout", "F", "b"), (4, "stderr", "P", "y")]
    lines = [f"2026-11-20T00:00:0{second}Z {stream} {flag} {text}" for second, stream, flag, text in parts]
    result = ship([{"cri": {}}], *lines)
    assert [s.line for s in result.shipped] == ["ab"]
    assert [e.outcome for e in result.effects if e.stage == "1 cri"] == ["held", "held", "kept", "held"]


def test_a_trace_says_what_each_stage_did() -> None:
    stages: list[Any] = [
        {"logfmt": {"mapping": {"m": "msg"}}},
        {"match": {"selector": '{job="j"} |= "DENY"', "action": "drop", "drop_counter_reason": "denied"}},
    ]
    effects = ship(stages, "msg=ALLOW", "msg=DENY").effects
    assert [(e.number, e.stage, e.outcome, e.reason) for e in effects] == [
        (1, "1 logfmt", "kept", ""),
        (1, "2 match", "kept", ""),
        (2, "1 logfmt", "kept", ""),
        (2, "2 match", "dropped", "denied"),
    ]
    assert effects[0].changes == (("extracted m", None, "ALLOW"),)


CONFIG = """\
scrape_configs:
- job_name: boundary
  pipeline_stages:
  - logfmt: {mapping: {msg: , ts: time}}
  - timestamp: {source: ts, format: RFC3339}
  - drop: {source: msg, value: DENY}
  - output: {source: msg}
  static_configs:
  - labels: {job: boundary, __path__: /x}
"""
LINES = "time=2026-11-20T00:00:01Z msg=ALLOW\ntime=2026-11-20T00:00:02Z msg=DENY\n"


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "promtail.yaml").write_text(CONFIG)
    (tmp_path / "b.log").write_text(LINES)
    return str(tmp_path / "promtail.yaml")


def test_the_command_prints_a_json_object_a_line(config: str, tmp_path: Path) -> None:
    file = str(tmp_path / "b.log")
    result = CliRunner().invoke(
        shipper, ["dry-run", "--shipper-config", config, "-o", "json", file], catch_exceptions=False
    )
    labels = {"job": "boundary", "filename": file}
    assert json.loads(result.stdout) == {"ts": "1795132801000000000", "labels": labels, "line": "ALLOW"}
    assert "2 lines read, 1 kept, dropped by drop_stage: 1" in result.stderr


def test_the_command_reads_standard_input_with_given_labels(config: str) -> None:
    args = ["dry-run", "--shipper-config", config, "--label", "job=j", "-o", "json", "-"]
    result = CliRunner().invoke(shipper, args, input="\nplain\n", catch_exceptions=False)
    assert json.loads(result.stdout) == {"ts": None, "labels": {"job": "j"}, "line": "plain"}


def test_the_trace_is_a_json_object_a_line(config: str) -> None:
    args = ["dry-run", "--shipper-config", config, "--label", "job=j", "-o", "json", "--trace"]
    result = CliRunner().invoke(shipper, args, input=LINES, catch_exceptions=False)
    first, second = map(json.loads, result.stdout.splitlines())
    assert [stage["stage"] for stage in first["stages"]] == ["1 logfmt", "2 timestamp", "3 drop", "4 output"]
    assert first["stages"][3]["changes"] == [{"what": "line", "before": first["line"], "after": "ALLOW"}]
    assert first["shipped"] == [{"ts": "1795132801000000000", "labels": {"job": "j"}, "line": "ALLOW"}]
    assert second["stages"][2] == {"stage": "3 drop", "outcome": "dropped", "reason": "drop_stage", "changes": []}
    assert second["shipped"] == []


OF_PODS = """\
clients:
- {url: http://loki.example/push, external_labels: {cluster: one, namespace: outside, zone: a}}
- {url: http://loki2.example/push, external_labels: {cluster: one, zone: b}}
scrape_configs:
- job_name: pods
  kubernetes_sd_configs: [{role: pod}]
  pipeline_stages: [{cri: {}}]
  relabel_configs:
  - {source_labels: [__meta_kubernetes_pod_annotation_off], regex: yes, action: drop}
  - {source_labels: [__meta_kubernetes_pod_label_app], target_label: app}
  - {source_labels: [__meta_kubernetes_pod_node_name], target_label: node}
  - {source_labels: [__meta_kubernetes_namespace], target_label: namespace}
  - {source_labels: [__meta_kubernetes_pod_name], target_label: pod}
  - {source_labels: [__meta_kubernetes_pod_container_name], target_label: container}
  - source_labels: [__meta_kubernetes_pod_uid, __meta_kubernetes_pod_container_name]
    separator: /
    target_label: __path__
    replacement: /var/log/pods/*$1/*.log
"""


@pytest.mark.parametrize(
    ("options", "more", "notes"),
    [
        (("--label", "app=coder", "--meta", "pod_node_name=n"), {"app": "coder", "node": "n"}, ""),
        ((), {}, "app hangs on __meta_kubernetes_pod_label_app, which no path tells"),
        (("--meta", "pod_annotation_off=yes"), {}, "drops the target"),
    ],
)
def test_labels_of_a_pod_follow_from_its_path(
    options: tuple[str, ...], more: dict[str, str], notes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.yaml").write_text(OF_PODS)
    file = Path("node/pods/coder_coder-0_0f3b1c52-6a6e-4f0f-9f60-2f7d2f6a9c44/coder/0.log")
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text("2026-11-20T00:00:01Z stderr F x\n")
    monkeypatch.chdir(tmp_path)
    args = ["dry-run", "--shipper-config", "p.yaml", "-o", "json", *options, str(file)]
    result = CliRunner().invoke(shipper, args, catch_exceptions=False)
    labels = {"namespace": "coder", "pod": "coder-0", "container": "coder", "stream": "stderr", "cluster": "one"}
    dropped = "drops" in notes
    wanted = {**({"stream": "stderr", "cluster": "one"} if dropped else labels), "filename": str(tmp_path / file)}
    assert json.loads(result.stdout)["labels"] == {**wanted, **more}
    assert notes in result.stderr
    assert bool(notes) == ("note:" in result.stderr)


def test_a_line_over_the_limit_of_the_shipper_is_cut_or_given_up(tmp_path: Path) -> None:
    """As promtail 3.5.9 did it."""
    config = tmp_path / "p.yaml"
    for cuts, wanted in ((True, ["short", "ééééé\ufffd"]), (False, ["short"])):
        limits = f"limits_config: {{max_line_size: 11B, max_line_size_truncate: {str(cuts).lower()}}}"
        config.write_text(f"{limits}\nscrape_configs: [{{job_name: j}}]\n")
        args = ["dry-run", "--shipper-config", str(config), "-o", "json"]
        result = CliRunner().invoke(shipper, args, input="short\néééééé\n", catch_exceptions=False)
        assert [json.loads(line)["line"] for line in result.stdout.splitlines()] == wanted
        assert ("dropped by line_too_long: 1" in result.stderr) is not cuts


TRACED = """\
scrape_configs:
- job_name: pods
  pipeline_stages:
  - cri: {}
  - multiline: {firstline: ^A}
  - match: {selector: '{stream="stdout"}', stages: [{drop: {expression: gone, drop_counter_reason: noise}}]}
  - pack: {labels: [stream]}
"""


def test_the_trace_tells_of_every_stage(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(TRACED)
    lines = ["1 stdout F A one", "2 stdout P t", "3 stdout F wo", "4 stdout F A gone", "5 stdout F A end"]
    args = ["dry-run", "--shipper-config", str(tmp_path / "p.yaml"), "--label", "job=j", "--trace"]
    result = CliRunner().invoke(shipper, args, input="\n".join(lines), catch_exceptions=False)
    rows = [" ".join(row.split()) for row in result.stdout.splitlines()]
    for wanted in (
        'line "1 stdout F A one" -> "A one"',
        "part of another line: 1 cri holds it",
        "2 multiline held",
        "2 multiline released",
        'line = "A one\\ntwo"',
        "3 match > 1 drop dropped: noise",
        "not shipped: dropped by 3 match (noise)",
        'label stream "stdout" -> gone',
        'shipped the time of reading {job="j"} {"stream":"stdout","_entry":"A end"}',
    ):
        assert wanted in rows
    assert max(map(len, result.stdout.splitlines())) <= 120


def test_the_command_prints_a_table(config: str) -> None:
    result = CliRunner().invoke(shipper, ["dry-run", "--shipper-config", config], input=LINES, catch_exceptions=False)
    assert "2026-11-20T00:00:01" in result.stdout
    assert "ALLOW" in result.stdout and "DENY" not in result.stdout


@pytest.mark.parametrize(
    ("args", "content", "error"),
    [(["--label", "x"], b"", UsageError), ([], b"\0\1", InputError), (["none.log"], b"", InputError)],
)
def test_wrong_input(config: str, args: list[str], content: bytes, error: type[Exception]) -> None:
    result = CliRunner().invoke(shipper, ["dry-run", "--shipper-config", config, *args], input=content)
    assert isinstance(result.exception, error)


@pytest.mark.parametrize(
    ("line", "want"),
    [
        (r'u="a\'b"', "a'b"),
        (r"""u="a\\'b\"" """.strip(), "a\\'b\""),
        (r'u="x\ud83d\ude00"', "x\U0001f600"),
        (r'u="x\ud800"', "x\ufffd"),
    ],
)
def test_the_escapes_of_a_quoted_logfmt_value(line: str, want: str) -> None:
    assert list(pairs(line)) == [("u", want)]


def test_a_control_character_between_quotes_with_an_escape_ends_logfmt() -> None:
    found = pairs('a=1 u="x\\\\\ty" b=2')
    assert next(found) == ("a", "1")
    with pytest.raises(BadLogfmt):
        next(found)


@pytest.mark.parametrize(("literal", "value"), [(r'"\xc3\xbc"', "ü"), (r'"\303\274"', "ü"), (r'"a\tb"', "a\tb")])
def test_the_escapes_of_a_selector(literal: str, value: str) -> None:
    assert parse_selector("{a=" + literal + "}").matchers == (("a", "=", value),)


@pytest.mark.parametrize("literal", [r'"\/"', r'"\d"', r'"\ud800"', r'"\400"'])
def test_an_escape_of_a_selector_that_go_does_not_know(literal: str) -> None:
    with pytest.raises(ValueError, match="an escape that Go does not know"):
        parse_selector("{a=" + literal + "}")
