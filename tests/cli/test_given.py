"""Grafana, dashboard and Loki by options and by the environment, where there is no obs-check.yaml."""

import json
import shlex
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml

from obs_check.app.systems import systems
from obs_check.cli.main import main
from obs_check.config import load_config
from obs_check.config.given import Given, given_config
from obs_check.errors import UsageError
from obs_check.lab.parts import TOKEN_FILE
from obs_check.lab.stack import Lab

GRAFANA = "https://grafana.example"
FILE = "grafana: {url: 'https://grafana.example', token: {env: OWN}}\nloki: {url: 'http://loki.example', tenant: a}\n"
SENT = "inject: {allow_url: 'http://a.example/', deny_url: 'http://d.invalid/'}\n"
AMBIENT = {"GRAFANA_URL": GRAFANA, "GRAFANA_TOKEN": "glsa-1", "LOKI_ADDR": "http://loki.example/", "LOKI_ORG_ID": "t"}


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("empty")
def test_the_environment_says_it_without_a_file() -> None:
    config, said = given_config(None, AMBIENT, Given())
    assert config.grafana is not None and config.grafana.token is not None
    assert (config.grafana.url, config.grafana.token.reveal()) == (GRAFANA, "glsa-1")
    assert (config.loki.url, config.loki.tenant) == ("http://loki.example", "t")
    assert said == [
        "there is no obs-check.yaml: Grafana is $GRAFANA_URL, https://grafana.example",
        "Grafana's token is $GRAFANA_TOKEN",
        "there is no obs-check.yaml: Loki is $LOKI_ADDR, http://loki.example, with $LOKI_ORG_ID",
    ]


def test_a_file_is_not_mixed_with_the_environment(empty: Path) -> None:
    (empty / "obs-check.yaml").write_text(FILE)
    config, said = given_config(None, {**AMBIENT, "GRAFANA_URL": "https://other.example"}, Given())
    own = load_config(None, {})
    assert (config.loki, said) == (own.loki, [])
    assert config.grafana is not None and own.grafana is not None
    assert config.grafana.url == own.grafana.url


def test_options_win_and_a_secret_goes_to_its_own_host(empty: Path) -> None:
    (empty / "obs-check.yaml").write_text(FILE)
    given = Given(grafana=f"{GRAFANA}/d/abc/a-title?viewPanel=4", loki="http://loki.example/", proxy="environment")
    config, said = given_config(None, {"OWN": "glsa-2", **AMBIENT}, given)
    assert config.grafana is not None and config.grafana.token is not None
    assert (config.grafana.url, config.grafana.token.source) == (GRAFANA, "environment variable OWN")
    assert (config.dashboard, config.loki.tenant, config.boundary.proxy, said) == ("abc", "a", "environment", [])

    config, said = given_config(None, AMBIENT, Given(grafana="https://other.example", loki="http://other.example"))
    assert config.grafana is not None
    assert (config.path, config.grafana.token, config.loki.tenant) == (None, None, None)
    assert said == [
        "obs-check.yaml is about https://grafana.example and is left out",
        "$GRAFANA_TOKEN is for $GRAFANA_URL and is not sent to https://other.example; set both to the same Grafana",
    ]


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize(
    ("given", "env", "words"),
    [
        (Given(grafana="grafana.example"), {}, "--grafana: the URL has to begin with http"),
        (Given(loki="http://u:p@loki.example"), {}, "--loki: the URL has credentials"),
        (Given(proxy="here"), {}, "--proxy: the URL has to begin"),
        (Given(allow_url="x"), {}, "--allow-url: the URL has to begin"),
        (Given(), {"GRAFANA_URL": "ftp://x"}, "$GRAFANA_URL: the URL has to begin"),
        (Given(), {"LOKI_ADDR": "http://u:p@loki.example"}, "$LOKI_ADDR: the URL has credentials"),
    ],
)
def test_what_is_no_url(given: Given, env: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError) as error:
        given_config(None, env, given)
    assert words in error.value.message
    assert "u:p" not in str(error.value)


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize(
    ("query", "panel", "left_out"),
    [
        ("", None, ()),
        ("?orgId=1&viewPanel=4", 4, ()),
        ("?viewPanel=panel-4&refresh=5s", 4, ()),
        ("?viewPanel=4&viewPanel=5", None, ("viewPanel",)),
        ("?viewPanel=four", None, ("viewPanel",)),
        ("?from=now-6h&to=now&var-owner=joe&var-owner=ann", None, ("from", "to", "var-owner")),
    ],
)
def test_what_an_address_shows_is_read_or_said_to_be_left_out(
    query: str, panel: int | None, left_out: tuple[str, ...]
) -> None:
    given = Given(grafana=f"{GRAFANA}/d/abc/title{query}")
    address = given.address()
    assert address is not None
    assert (address.uid, address.panel, address.left_out) == ("abc", panel, left_out)
    assert [all(name in sentence for name in left_out) for sentence in address.told()] == [True] * bool(left_out)
    assert given_config(None, {}, given)[1] == address.told()
    other = Given(grafana=given.grafana, dashboard="other").address()
    assert other is not None
    assert (other.panel, "viewPanel" in other.left_out) == (None, "viewPanel" in query)


def test_the_same_on_a_command_line() -> None:
    assert Given(grafana=GRAFANA, allow_url="http://a.example/x y").options() == (
        " --grafana https://grafana.example --allow-url 'http://a.example/x y'"
    )


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab"), ("panel-logfmt",)) as found:
        yield found


@pytest.mark.usefixtures("empty")
def test_verify_and_diagnose_without_a_file(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = yaml.safe_load(lab.config_path.read_text("utf-8"))
    monkeypatch.setenv("GRAFANA_TOKEN", (lab.directory / TOKEN_FILE).read_text("utf-8").strip())
    url, inject = own["grafana"]["url"], own["inject"]
    sending = [
        "--proxy",
        own["boundary"]["proxy"],
        "--allow-url",
        inject["allow_url"],
        "--deny-url",
        inject["deny_url"],
    ]
    code = main(["verify", "--grafana", f"{url}/d/agent-firewall", *sending, "--allow", "2", "--deny", "2"])
    shown = capsys.readouterr()
    assert code == 1, shown.err
    assert "Grafana's token is $GRAFANA_TOKEN" in shown.err
    assert "no `expect` is set: 12 panels must read what obs-check ships for its own dashboard" in shown.err
    assert "pipeline.wrong-parser" in shown.out
    assert f"--grafana {url}/d/agent-firewall --proxy" in " ".join(shown.out.split())

    monkeypatch.setenv("GRAFANA_URL", url)
    assert main(["diagnose", "-o", "json"]) in (0, 1)
    shown = capsys.readouterr()
    assert f"Grafana is $GRAFANA_URL, {url}" in shown.err
    assert json.loads(shown.out)["panels"]

    one = f"{url}/d/agent-firewall?viewPanel=7&from=now-1h"
    assert main(["diagnose", "--grafana", one, "-o", "json"]) in (0, 1)
    shown = capsys.readouterr()
    assert "from of the dashboard's address is left out" in shown.err
    # What obs-check ships for the dashboard is what it must read.
    assert [(row["id"], row["path"]) for row in json.loads(shown.out)["panels"]] == [(7, "B")]
    assert main(["confirm", "last", "--grafana", one, *sending]) == 1
    assert "all panels are read, not 7 alone" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", ["diagnose --grafana {}", "query '{{a=`b`}}' --loki {}", "shipper status --shipper-url {}"]
)
def test_a_name_that_nobody_has_is_one_sentence(
    command: str, empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = socket.getaddrinfo

    def resolve(host: Any, *arguments: Any, **options: Any) -> Any:
        if host in ("obs.example", b"obs.example"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert main(shlex.split(command.format("http://obs.example"))) == 3
    first, hint = capsys.readouterr().err.splitlines()
    assert first.endswith(": the name obs.example cannot be resolved from here")
    assert hint.startswith("hint: is it spelt right")
    assert not list(empty.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("verify --save no/such.json", "no/such.json: No such file or directory"),
        ("verify --save .", "is a directory"),
        ("verify --junit no/such.xml", "no/such.xml: No such file"),
        ("diagnose --inject --save no/such.json", "no/such.json: No such file"),
        ("diagnose --patch no/such.diff", "no/such.diff: No such file"),
        ("inject --save no/such.json", "no/such.json: No such file"),
        ("inject --count 3 --save no/such.json", "no/such.json: No such file"),
        ("demo --keep file", "file: is a file, no directory"),
    ],
)
def test_where_a_result_goes_is_looked_at_first(
    arguments: str, words: str, empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty / "file").touch()
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        (empty / "obs-check.yaml").write_text(f"grafana: {{url: '{url}'}}\nboundary: {{proxy: '{url}'}}\n{SENT}")
        assert main(arguments.split()) == 2
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert words in capsys.readouterr().err
    assert {path.name for path in empty.iterdir()} == {"file", "obs-check.yaml"}


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("diagnose", "--grafana URL --dashboard UID"),
        ("verify", "set GRAFANA_URL and GRAFANA_TOKEN"),
        ("inject", "--allow-url URL"),
        ("decisions --to d", "LOKI_ADDR"),
    ],
)
def test_without_anything_it_says_what_to_type(arguments: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments.split()) == 2
    told = capsys.readouterr().err
    assert "there is no obs-check.yaml here" in told
    assert words in told and "obs-check init https://grafana.example" in told


@pytest.mark.parametrize("command", [["verify"], ["diagnose"], ["watch", "--listen", "127.0.0.1:0"]])
@pytest.mark.usefixtures("empty")
def test_pods_of_a_file_are_taken_wherever_causes_are_asked(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def opened(*_: object, pods: Path | None, **__: object) -> NoReturn:
        raise UsageError(f"opened with {pods}", "")

    monkeypatch.setattr(systems, "open_systems", opened)
    assert main([*command, "--grafana", GRAFANA, "--dashboard", "d", "--pods", "pods.json"]) == 2
    assert "opened with pods.json" in capsys.readouterr().err
