"""A canary in every place that can hold a secret, and no command that writes one of them, however it ends."""

import base64
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import duckdb
import pytest
import yaml

from obs_check.cli.main import cli, main
from obs_check.config import STATE_VARIABLE
from obs_check.lab.parts import TOKEN_FILE
from obs_check.lab.stack import Lab
from obs_check.report.github import SUMMARY_VARIABLE
from obs_check.serving import Server
from tests.cli.canaries import BEARER, FILES, WRITTEN, broken, parts

OFFLINE: list[tuple[str, int]] = [
    ("lint promtail.yaml config.alloy board.json --datasources datasources.yaml", 0),
    ("lint promtail.yaml board.json --datasources datasources.yaml -o json", 0),
    ("lint promtail.yaml config.alloy board.json --datasources datasources.yaml -o sarif", 0),
    ("lint promtail.yaml board.json --datasources datasources.yaml -o github --junit lint.xml", 0),
    ("lint board.json --datasources broken/datasources.yaml", 2),
    ("lint broken/promtail.yaml", 2),
    ("lint broken/config.alloy", 2),
    ("lint broken/board.json", 2),
    ("shipper dry-run --shipper-config promtail.yaml boundary.log", 0),
    ("shipper dry-run --shipper-config promtail.yaml --trace boundary.log", 0),
    ("shipper dry-run --shipper-config config.alloy -o json boundary.log", 0),
    ("shipper dry-run --shipper-config broken/promtail.yaml boundary.log", 2),
    ("shipper dry-run --shipper-config broken/config.alloy boundary.log", 2),
    ("shipper targets --shipper-config promtail.yaml --root .", 1),
    ("shipper targets --shipper-config config.alloy --root . -o json", 1),
    ("shipper targets --shipper-config broken/config.alloy --root .", 2),
    ("shipper dry-run --shipper-config promtail.yaml -o json boundary.log", 0),
    ("query {job=`b`}|logfmt --file boundary.log --label job=b -o csv", 0),
    ("query {job=`b`}|logfmt --file boundary.log --label job=b -o jsonl", 0),
    ("query {job=`b`}|=`?` --file boundary.log --label job=b --explain", 0),
    ("query sum(count_over_time({job=`b`}|logfmt[9y]))by(url) --file boundary.log --label job=b --instant", 0),
    ("export kept.json --to out", 0),
    ("export kept.json --to out --format json,md,html,csv,jsonl,parquet,xlsx,junit,sarif", 0),
    ("export broken/kept.json --to out", 2),
    ("trace kept.json", 2),
    ("confirm broken/kept.json", 2),
    ("diagnose --dashboard broken/board.json --config c.yaml", 2),
    ("query {job=~`.+`} --loki http://user:canary-url-b81c@loki.example", 2),
    ("test board.test.yaml", 1),
    ("test broken/board.test.yaml", 2),
    ("init http://user:canary-url-b81c@grafana.example --yes", 2),
    ("init http://user:canary-url-b81c@grafana.example/d/board", 2),
    ("doctor --config promtail.yaml", 2),
    ("decisions --to out --config c.yaml", 3),
    ("lab reload --dir broken", 2),
    ("runs", 0),
    ("bundle make kept.json", 0),
    ("bundle verify kept.json", 2),
    ("dashboard http://user:canary-url-b81c@x.example", 2),
    ("diagnose --grafana http://user:canary-url-b81c@grafana.example", 2),
    ("explain http://user:canary-url-b81c@x.example", 2),
    ("demo --fault http://user:canary-url-b81c@x.example", 2),
    ("lab up --fault http://user:canary-url-b81c@x.example", 2),
    ("lab loki --listen http://user:canary-url-b81c@x.example", 2),
]
WRONG_CONFIGS = {
    "a value": f"grafana: {{url: http://grafana.example, token: {WRITTEN['token']}}}",
    "a value for a name": f"grafana: {{url: http://g.example, token: {{env: {WRITTEN['name']}}}}}",
    "a value for a file": f"grafana: {{url: http://g.example, token: {{file: {WRITTEN['name']}}}}}",
    "user and password in the URL": f"grafana: {{url: http://user:{WRITTEN['url']}@grafana.example}}",
    "an alias": f"grafana: {{url: http://grafana.example, token: *{WRITTEN['token']}}}",
    "a tag": f"grafana: {{url: http://grafana.example, token: {{file: !{WRITTEN['token']} x}}}}",
    "no colon": f"grafana:\n  token {WRITTEN['token']}\n",
}


def test_what_is_packed_is_looked_into(tmp_path: Path) -> None:
    duckdb.sql(f"copy (select 'canary' as a) to '{tmp_path}/a.parquet' (compression zstd)")
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sheet.xml", "canary" * 9)
    assert [any(b"canary" in part for part in parts(path)) for path in tmp_path.iterdir()] == [True, True]


@pytest.fixture
def ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs a command where all the files are; fails where anything that it wrote holds a canary."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOKI_BEARER", BEARER)
    monkeypatch.setenv("SEC", WRITTEN["env"])
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv(SUMMARY_VARIABLE, str(tmp_path / "summary.md"))
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    Path("broken").mkdir()
    for name, text in FILES.items():
        Path(name).write_text(text)
        Path("broken", name).write_text(broken(text) if any(s in text for s in WRITTEN.values()) else text)
    Path("c.yaml").write_text("grafana: {url: 'http://127.0.0.1:9'}\n")

    def run(*args: object, canaries: tuple[str, ...] = ()) -> tuple[int, str]:
        given = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        code = main([str(arg) for arg in args])
        shown = capsys.readouterr()
        told = shown.out + shown.err
        written = [p for p in tmp_path.rglob("*") if p.is_file() and given.get(p) != p.read_bytes()]
        for canary in (*WRITTEN.values(), BEARER, *canaries):
            assert canary not in told, told
            assert [p for p in written if any(canary.encode() in part for part in parts(p))] == []
        return code, told

    return run


@pytest.mark.parametrize(("command", "code"), OFFLINE, ids=lambda value: str(value))
def test_of_the_files_that_are_read(command: str, code: int, ran: Callable[..., tuple[int, str]]) -> None:
    got, told = ran(*command.split(" "), *([] if command.startswith("shipper") else ["-v"]))
    assert got == code, told


@pytest.mark.parametrize("text", WRONG_CONFIGS.values(), ids=WRONG_CONFIGS)
@pytest.mark.parametrize("command", ["verify", "diagnose -o json", "inject", "query {a=`b`}"])
def test_of_a_configuration_that_is_wrong(text: str, command: str, ran: Callable[..., tuple[int, str]]) -> None:
    Path("wrong.yaml").write_text(text)
    code, told = ran(*command.split(" "), "--config", "wrong.yaml", "-v")
    assert code == 2, told


@pytest.mark.parametrize("spoiled", ["{}\nx", "\ufeff{}", "{}é", "{}\x01", "x\r\n{}", "{}\x7f"])
@pytest.mark.parametrize("command", ["verify -o json --save kept.json", "query {a=`b`} -o json", "diagnose"])
def test_of_a_token_that_no_header_can_carry(spoiled: str, command: str, ran: Callable[..., tuple[int, str]]) -> None:
    Path("token").write_text(spoiled.format(WRITTEN["token"]), "utf-8")
    Path("c.yaml").write_text("grafana: {url: 'http://127.0.0.1:9', token: {file: token}}")
    code, told = ran(*command.split(" "), "--config", "c.yaml", "-v")
    assert code == 2, told
    assert "which no header can carry" in told


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    """The address of a server that repeats what it was sent: `/<status>` of the path before Grafana's or Loki's own."""

    async def answer(scope: dict[str, object], _receive: object, send: Callable[..., object]) -> None:
        if scope["type"] != "http":
            return
        found = re.search(r"/(\d{3})(?:/|$)", str(scope["path"]))
        assert found is not None
        status = int(found[1])
        headers = {k.decode(): v.decode() for k, v in scope["headers"]}  # type: ignore[attr-defined]
        body = json.dumps({"message": f"{'x' * 480} you sent {headers}", "status": "error", **headers}).encode()
        location = [(b"location", f"http://elsewhere.invalid/{headers.get('authorization', '')}".encode())]
        await send({"type": "http.response.start", "status": status, "headers": location})  # type: ignore[misc]
        await send({"type": "http.response.body", "body": body})  # type: ignore[misc]

    server = Server(answer, "127.0.0.1", 0, "echo")
    server.start()
    yield server.url
    server.stop()


ASKING = [
    "doctor",
    "doctor -o json",
    "verify -o json --save kept.json",
    "watch --runs 1 --listen 127.0.0.1:0",
    "diagnose",
    "query {a=`b`}",
    "query {a=`b`} --explain -o json",
    "query {a=`b`} --follow",
    "query {a=`b`} --grafana {grafana}",
]


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 412, 500, 502])
@pytest.mark.parametrize("command", ASKING)
def test_of_a_server_that_repeats_what_it_was_sent(
    status: int, command: str, echo: str, ran: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    Path("token").write_text(WRITTEN["token"])
    config = {
        "grafana": {"url": f"{echo}/{status}", "token": {"file": "token"}},
        "loki": {"url": f"{echo}/{status}", "bearer": {"env": "LOKI_BEARER"}},
    }
    Path("c.yaml").write_text(yaml.safe_dump(config))
    arguments = command.replace("{grafana}", f"{echo}/{status}").split(" ")
    code, told = ran(*arguments, "--config", "c.yaml", "-v")
    assert code in (2, 3, 4), told
    assert "internal error" not in told


EXECUTORS = {
    "command": {
        "run": f"API_TOKEN={WRITTEN['option']} echo sshpass -p {WRITTEN['sshpass']} >&2; "
        f"echo {WRITTEN['option']} {WRITTEN['sshpass']} >&2; exit 3; {{cmd}}"
    },
    "kubectl": {"context": "prod", "namespace": "coder", "pod": "a", "container": "a"},
    "coder": {"url": "http://coder.example", "workspace": "a", "token": {"file": "token"}},
}
KUBECTL = f"""#!/bin/sh
echo "Authorization: Bearer {WRITTEN["stderr"]}: https://a:{WRITTEN["stderr"]}@c.example/?token={WRITTEN["stderr"]}" >&2
exit 1
"""


@pytest.mark.parametrize("via", EXECUTORS)
def test_of_a_program_that_repeats_what_it_was_given(
    via: str, ran: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("token").write_text(WRITTEN["token"])
    Path("kubectl").write_text(KUBECTL)
    Path("coder").write_text("#!/bin/sh\necho wrong token: $CODER_SESSION_TOKEN >&2\nexit 1\n")
    for program in ("kubectl", "coder"):
        Path(program).chmod(0o755)
    monkeypatch.setenv("PATH", str(Path.cwd()), prepend=":")
    hosts = {"allow_url": "http://allowed.example", "deny_url": f"http://denied.example/?sig={WRITTEN['deny']}"}
    Path("c.yaml").write_text(yaml.safe_dump({"inject": hosts, "executors": EXECUTORS}))
    code, told = ran("inject", "--via", via, "--config", "c.yaml", "-v")
    assert code == 3, told
    assert "(hidden)" in told


def test_of_a_proxy_of_the_environment_that_repeats_what_it_was_sent(
    echo: str, ran: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    password = WRITTEN["of-a-proxy"]
    monkeypatch.setenv("http_proxy", echo.replace("://", f"://user:{password}@"))
    monkeypatch.delenv("no_proxy", raising=False)
    hosts = {"allow_url": "http://a.example/407", "deny_url": f"http://a.example/403?token={WRITTEN['deny']}"}
    Path("c.yaml").write_text(yaml.safe_dump({"boundary": {"proxy": "environment"}, "inject": hosts}))
    packed = base64.b64encode(f"user:{password}".encode()).decode()
    code, told = ran("inject", "--config", "c.yaml", "-v", "--save", "run.json", canaries=(packed[8:-4],))
    assert code == 1, told
    assert "407 without boundary's page" in told


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab whose panels parse JSON lines with logfmt and whose shipper drops the namespace."""
    with Lab(tmp_path_factory.mktemp("secrets"), ("panel-logfmt", "namespace-not-set")) as running:
        config = running.directory / "promtail.yaml"
        rows = config.read_text().split("\n")
        at = next(number for number, row in enumerate(rows) if row.strip() == "app: coder")
        rows[at : at + 1] = [rows[at], f"      # password: {WRITTEN['comment']}"]
        config.write_text("\n".join([f"# http://user:{WRITTEN['beside']}@loki.example", *rows]))
        own = yaml.safe_load(running.config_path.read_text())
        for decision in ("allow", "deny"):
            own["inject"][f"{decision}_url"] += f"?access_token={WRITTEN[decision]}"
        own["checks"] = [
            {"run": f"echo 'X-Api-Key: {WRITTEN['header-of-a-check']}' {WRITTEN['header-of-a-check']}"},
            {"run": f"echo --password {WRITTEN['option']}; echo {WRITTEN['option']}", "expect": "nothing"},
        ]
        running.config_path.write_text(yaml.safe_dump(own))
        yield running


OF_A_RUN = [
    ("diagnose --inject --suggest -v --save diagnose.json --patch fixes.patch --only shipper.label-not-set", 1),
    ("diagnose -o json -v", 3),
    ("export diagnose.json --to out -v", 0),
    ("bundle make diagnose.json --to run.zip -v", 0),
    ("bundle verify run.zip -v", 0),
    ("trace diagnose.json -o json -v", 0),
    ("query {job=~`.+`} -o jsonl -v", 0),
    ("shipper status -v", 0),
    ("doctor -v", 0),
    ("inject --allow 1 --deny 0 --save run.json -o json -v", 0),
    ("runs -v", 0),
    ("verify --allow 1 --deny 1 -o github --junit verify.xml -v", 1),
    ("export last --to all --format json,md,html,csv,jsonl,parquet,xlsx,junit,sarif -v", 0),
    ("decisions --to decided --since 1h --format csv,jsonl,parquet -v", 0),
]


@pytest.mark.slow
def test_of_a_whole_run(lab: Lab, ran: Callable[..., tuple[int, str]]) -> None:
    token = (lab.directory / TOKEN_FILE).read_text()
    config = ("--config", lab.config_path)
    for command, code in OF_A_RUN:
        got, told = ran(*command.split(" "), *config, canaries=(token,))
        assert got == code, told
    shutil.copy(lab.directory / "promtail.yaml", "promtail.yaml")
    for row in Path("fixes.patch").read_text().splitlines():
        assert not row.startswith("#"), row
    if shutil.which("patch") is not None:
        applied = subprocess.run(["patch", "-p1", "-i", "fixes.patch"], capture_output=True, text=True, timeout=30)
        assert (applied.returncode, applied.stdout) == (0, "patching file promtail.yaml\n"), applied.stdout
        assert "namespace: coder" in Path("promtail.yaml").read_text()


def commands(group: click.Group, before: str = "") -> Iterator[str]:
    """Every command that there is, with the words in front of it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield before + name


def test_every_command_is_run_with_canaries() -> None:
    run = [*(command for command, _ in (*OFFLINE, *OF_A_RUN)), *ASKING]
    assert [name for name in commands(cli) if not any(f"{one} ".startswith(f"{name} ") for one in run)] == []
