"""What every command prints with `-o json` is valid by the schema that comes with the package, and has nothing that it
does not say."""

import json
import os
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from obs_check.cli.main import COMMANDS, main
from obs_check.config import STATE_VARIABLE
from obs_check.data import SCHEMAS
from obs_check.lab.stack import Lab
from tests.undocumented import undocumented

ROOT = Path(__file__).parents[2]
LINE = "time=2026-11-24T00:00:00.603Z level=INFO msg=ALLOW method=GET url=http://a.example/\n"
LAB = (
    ("run", "verify --allow 1 --deny 1"),
    ("run", "trace last"),
    ("run", "inject --allow 1 --deny 0 --save run.json"),
    ("run", "diagnose --inject --suggest"),
    ("run", "confirm last"),
    ("doctor", "doctor"),
    ("dashboard", "dashboard obs-check-watch --install --yes"),
    ("watch", "watch --allow 1 --deny 1 --runs 1 --listen 127.0.0.1:0"),
    ("runs", "runs"),
    ("export", "export last --to out --format csv"),
    ("bundle", "bundle last --to b.zip"),
    ("bundle-verify", "bundle verify b.zip"),
    ("decisions", "decisions --to decisions --since 1h --format csv,jsonl,parquet"),
    ("shipper-status", "shipper status"),
)
OFFLINE = (
    ("dashboard", "dashboard"),
    ("lint", "lint bad.logql quiet.logql"),
    ("test", "test ROOT/dashboards/agent-firewall.test.yaml --mutate"),
    ("query", """query '{job="b"}' --file b.log --label job=b"""),
    ("query", """query 'count_over_time({job="b"}[1m])' --file b.log --label job=b"""),
    ("query-explain", """query '{job="b"} |= `x`' --file b.log --label job=b --explain"""),
    ("query-list", "query --list"),
    ("query-labels", "query --labels --file b.log --label job=b"),
    ("shipper-targets", "shipper targets --shipper-config p.yaml --root ."),
    ("shipper-dry-run", "shipper dry-run --shipper-config p.yaml b.log"),
    ("shipper-dry-run-trace", "shipper dry-run --shipper-config p.yaml --trace b.log"),
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab"), ("panel-logfmt",)) as running:
        yield running


@cache
def validator(name: str) -> Draft202012Validator:
    """Of a schema that is one."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def checked(name: str, text: str) -> None:
    lines = text.splitlines() if name.startswith(("shipper-dry-run", "watch")) else [text]
    assert lines
    for document in map(json.loads, lines):
        validator(name).validate(document)
        assert undocumented(document, validator(name).schema) == set()


@pytest.mark.slow
def test_commands_on_a_pipeline(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(os.environ, STATE_VARIABLE, str(tmp_path / "state"))
    monkeypatch.setitem(os.environ, "OBS_CHECK_CONFIG", str(lab.config_path))
    for name, words in LAB:
        assert main([*words.split(), "-o", "json"]) in (0, 1), words
        checked(name, capsys.readouterr().out)


@pytest.mark.parametrize(("name", "words"), OFFLINE, ids=[words.split(" -")[0] for _, words in OFFLINE])
def test_commands_on_files(
    name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.logql").write_text("sum(\n")
    Path("quiet.logql").write_text("# obs-check:disable query-syntax -- a template\nsum(\n")
    Path("b.log").write_text(LINE)
    Path("p.yaml").write_text(
        "scrape_configs: [{job_name: b, static_configs: [{labels: {job: b, __path__: /*.log}}]}]\n"
    )
    args = shlex.split(words.replace("ROOT", str(ROOT)))
    assert main([*args, "-o", "json"]) in (0, 1), words
    checked(name, capsys.readouterr().out)


def test_no_command_is_left_out() -> None:
    """`explain` prints a page, `lab` runs until it is stopped, `demo` is in tests/app/test_demo.py; `init` prints what
    `doctor` prints, and the file that it wrote."""
    tried = {words.split()[0] for _, words in (*LAB, *OFFLINE)}
    assert {command.name for command in COMMANDS} - tried == {"demo", "explain", "init", "lab"}
    assert {path.stem for path in SCHEMAS.iterdir()} == {name for name, _ in (*LAB, *OFFLINE)}
