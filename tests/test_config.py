"""obs-check.yaml: what it says, and the one line that a wrong one gets."""

import json
from pathlib import Path

import pytest

from obs_check.config import ClusterConfig, Config, host_port, load_config, parse_config, state_directory
from obs_check.config.section import Secret
from obs_check.errors import ConfigError
from obs_check.model.paths import AbsolutePath

FULL = """
grafana: {url: https://grafana.example/sub/, token: {env: GRAFANA_TOKEN}, org_id: 2}
cluster: {context: staging, kubeconfig: kubeconfig}
dashboard: other
expect: expect.yaml
loki: {url: http://loki.example:3100, tenant: team-a, datasource: loki-uid, bearer: {file: bearer}}
boundary: {logs: logs/boundary-*.log, config: /etc/boundary.yaml, proxy: http://127.0.0.1:8080, ca: ca.pem}
coderd: {logs: /var/log/pods/*/*/*.log}
shipper: {kind: alloy, url: http://127.0.0.1:9080, config: alloy.river, positions: positions.yaml}
inject: {allow_url: http://allowed.example, deny_url: http://denied.example:81, settle_s: 1.5}
timeouts: {hop_s: 5}
"""


def test_every_key_is_read(tmp_path: Path) -> None:
    (tmp_path / "bearer").write_text("secret-value\n")
    config = parse_config(FULL, tmp_path / "obs-check.yaml", {"GRAFANA_TOKEN": "t0ken"})
    assert config.grafana is not None and config.grafana.token is not None and config.loki.bearer is not None
    assert (config.grafana.url, config.grafana.org_id) == ("https://grafana.example/sub", 2)
    assert config.grafana.token.reveal() == "t0ken"
    assert config.loki.bearer.reveal() == "secret-value"
    assert "t0ken" not in repr(config) and "secret-value" not in repr(config)
    assert (config.dashboard, config.expect) == ("other", tmp_path / "expect.yaml")
    assert config.cluster == ClusterConfig("staging", AbsolutePath(tmp_path / "kubeconfig"))
    assert config.boundary.logs == str(tmp_path / "logs/boundary-*.log")
    assert config.boundary.config == Path("/etc/boundary.yaml")
    assert (config.shipper.kind, config.inject.settle_s, config.timeouts.hop_s) == ("alloy", 1.5, 5.0)
    assert config.hosts == {
        "grafana.example:443",
        "loki.example:3100",
        "127.0.0.1:8080",
        "127.0.0.1:9080",
        "allowed.example:80",
        "denied.example:81",
    }


@pytest.mark.parametrize(
    "file", ["obs-check.yaml", "./obs-check.yaml", "../here/obs-check.yaml", "/{here}/obs-check.yaml"]
)
def test_a_path_means_the_same_wherever_the_file_is_named_from(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    text = "{boundary: {logs: ../logs/*.log, config: ./b.yaml}, shipper: {config: p/../p.yaml}, lint: {root: .}}"
    config = parse_config(text, Path(file.replace("/{here}", str(here))), {})
    assert config.boundary.logs == str(tmp_path / "logs/*.log")
    assert (config.boundary.config, config.shipper.config) == (here / "b.yaml", here / "p.yaml")
    assert config.lint.root == here


def test_two_dots_behind_a_link_stay(tmp_path: Path) -> None:
    (tmp_path / "far/away").mkdir(parents=True)
    (tmp_path / "link").symlink_to("far/away")
    config = parse_config("boundary: {logs: link/../*.log}", tmp_path / "x.yaml", {})
    assert config.boundary.logs == str(tmp_path / "link/../*.log")


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "loki:\n"])
def test_an_empty_file_means_the_defaults(text: str) -> None:
    config = parse_config(text, Path("x.yaml"), {})
    assert (config.dashboard, config.loki.uid, config.inject.settle_s) == ("agent-firewall", "loki", 6.0)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("lokki: {}", "x.yaml:1: unknown key 'lokki'", "did you mean loki?"),
        ("loki:\n  urll: http://a.example", "x.yaml:2: loki: unknown key 'urll'", "did you mean url?"),
        ("checks: {run: x}", "x.yaml:1: checks has to be a list", "begin each with - "),
        ("checks: [{name: x}]", "x.yaml:1: checks[0].run is missing", "add run:"),
        ("checks: [{run: x, expct: y}]", "x.yaml:1: checks[0]: unknown key 'expct'", "did you mean expect?"),
        ("checks:\n- {run: x}\n- {run: x}", "x.yaml:3: two checks are called x", "give one of them another name"),
        ("checks: [{run: x, exit: -1}]", "x.yaml:1: exit is not an exit code", "a number from 0 to 255"),
        ("zzz: 1", "x.yaml:1: unknown key 'zzz'", "known here: boundary"),
        ("loki:\n  url: 'x", "x.yaml:2:10: broken YAML", ""),
        ("loki: [1]", "x.yaml:1: loki has to be a mapping", ""),
        ("- 1", "x.yaml:1: the file has to be a mapping", ""),
        ("grafana: {org_id: 1}", "x.yaml:1: grafana has no url", ""),
        (
            "grafana:\n  url: https://g.example\n  token: glsa_abc",
            "x.yaml:3: grafana.token holds a value",
            "{env: NAME}",
        ),
        ("loki: {url: http://u:pw@loki.example}", "x.yaml:1: loki.url holds credentials", "refer to a token"),
        ("loki: {url: loki.example}", "x.yaml:1: loki.url is not an http or https URL", "https://"),
        ("loki: {url: 'http://a.example:99999'}", "x.yaml:1: loki.url is not an http or https URL", ""),
        ("loki: {bearer: {env: A, file: b}}", "x.yaml:1: loki.bearer needs exactly one of env, file and command", ""),
        ("loki: {bearer: {enw: A}}", "x.yaml:1: loki.bearer: unknown key 'enw'", "did you mean env?"),
        ("timeouts: {hop_s: soon}", "x.yaml:1: timeouts.hop_s is not a number of seconds", "30"),
        ("timeouts: {hop_s: nan}", "x.yaml:1: timeouts.hop_s is not a number of seconds", "30"),
        ("shipper: {kind: fluentd}", "x.yaml:1: shipper.kind is neither promtail nor alloy", ""),
        ("grafana: {url: http://g.example, org_id: one}", "x.yaml:1: grafana.org_id is not a whole number", ""),
        ("loki: {}\nloki: {}", "x.yaml:2: loki is given twice", ""),
        ("dashboard: \x01", "x.yaml: broken YAML", ""),
    ],
)
def test_a_wrong_file_gets_one_line(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, Path("x.yaml"), {})
    assert caught.value.message.startswith(message)
    assert hint in caught.value.hint
    assert "\n" not in str(caught.value)
    assert "glsa_abc" not in str(caught.value) and "pw" not in caught.value.message


def test_where_the_file_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_config(None, {}) == Config()
    named = tmp_path / "named.yaml"
    named.write_text("dashboard: named")
    assert load_config(None, {"OBS_CHECK_CONFIG": str(named)}).dashboard == "named"
    (tmp_path / "obs-check.yaml").write_text("dashboard: default")
    assert load_config(None, {}).dashboard == "default"
    assert load_config(named, {}).dashboard == "named"
    with pytest.raises(ConfigError, match=r"absent\.yaml: No such file"):
        load_config(tmp_path / "absent.yaml", {})
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(tmp_path / "binary.yaml", {})


def test_a_secret_is_read_when_needed_and_never_shown(tmp_path: Path) -> None:
    config = parse_config("loki: {bearer: {env: MISSING}}", tmp_path / "x.yaml", {})
    assert config.loki.bearer is not None
    with pytest.raises(ConfigError, match="environment variable MISSING is empty or not set"):
        config.loki.bearer.reveal()
    config = parse_config("loki: {bearer: {file: gone}}", tmp_path / "x.yaml", {})
    assert config.loki.bearer is not None
    with pytest.raises(ConfigError, match="gone: the secret cannot be read"):
        config.loki.bearer.reveal()
    assert "hush" not in repr(Secret("env X", lambda: "hush"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [("https://A.example", "a.example:443"), ("http://a.example:81/x", "a.example:81"), ("http://[::1]:3", "::1:3")],
)
def test_host_port(url: str, expected: str) -> None:
    assert host_port(url) == expected


def test_a_secret_is_read_once_and_blanks_around_it_are_off() -> None:
    answers = ["t0ken \r\n", "another"]
    secret = Secret("file token", lambda: answers.pop(0))
    assert (secret.reveal(), secret.reveal(), answers) == ("t0ken", "t0ken", ["another"])


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("canary-1\ncanary-2", "character 9 is a line break"),
        ("canary-1\r\n\r\nX: y", "character 9 is a line break"),
        ("\ufeffcanary-1", "character 1 is a byte order mark"),
        ("canary-\xe9", "character 8 is not ASCII"),
        ("canary\x00-1", "character 7 is a control character"),
        ("canary\t-1", "character 7 is a control character"),
        ("canary\x7f-1", "character 7 is a control character"),
        ("\xa0canary", "character 1 is not ASCII"),
        (" \n", "is empty or not set"),
    ],
)
def test_a_secret_that_no_header_can_carry_is_refused_without_being_shown(value: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Secret("file token", lambda: value).reveal()
    assert caught.value.message.startswith("file token")
    assert says in caught.value.message
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ({"OBS_CHECK_STATE": "/own", "XDG_STATE_HOME": "/xdg", "HOME": "/home/me"}, "/own"),
        ({"XDG_STATE_HOME": "/xdg", "HOME": "/home/me"}, "/xdg/obs-check"),
        ({"XDG_STATE_HOME": "xdg", "HOME": "/home/me"}, "/home/me/.local/state/obs-check"),
        ({}, None),
    ],
)
def test_where_runs_are_kept(env: dict[str, str], wanted: str | None) -> None:
    assert state_directory(env) == (Path(wanted) if wanted else None)


COMMANDS: list[tuple[list[str], str]] = [
    (["sh", "-c", "echo 's3cret in stderr' >&2; exit 4"], "ended with 4"),
    (["./no-such-program"], "cannot be used: No such file or directory"),
    (["printf", r"\377"], "cannot be used: it printed what is not UTF-8 text"),
    (["true"], "is empty or not set"),
    (["printf", r"a\nb"], "character 2 is a line break, which no header can carry"),
]


def test_a_secret_may_come_from_a_command_that_is_run_once(tmp_path: Path) -> None:
    program = tmp_path / "print-it"
    program.write_text("#!/bin/sh\necho x >> ran\nprintf '%s\\n' \"$1\"\n")
    program.chmod(0o755)
    text = 'grafana: {url: https://grafana.example, token: {command: [./print-it, "it is $HOME"]}}'
    config = parse_config(text, tmp_path / "obs-check.yaml", {"PATH": "/usr/bin:/bin"})
    assert config.grafana is not None and config.grafana.token is not None
    assert not (tmp_path / "ran").exists()
    assert [config.grafana.token.reveal() for _ in range(2)] == ["it is $HOME"] * 2
    assert (tmp_path / "ran").read_text() == "x\n"
    assert "it is" not in repr(config)


@pytest.mark.parametrize(("command", "words"), COMMANDS)
def test_a_command_that_gives_no_secret_is_named_without_what_it_said(
    command: list[str], words: str, tmp_path: Path
) -> None:
    text = f"loki: {{url: http://loki.example, bearer: {{command: {json.dumps(command)}}}}}"
    config = parse_config(text, tmp_path / "obs-check.yaml", {"PATH": "/usr/bin:/bin"})
    assert config.loki.bearer is not None
    with pytest.raises(ConfigError) as raised:
        config.loki.bearer.reveal()
    assert raised.value.message.startswith(f"{tmp_path / 'obs-check.yaml'}:1: the command of loki.bearer")
    assert words in raised.value.message
    assert "s3cret" not in str(raised.value)
