"""Bad input to whole commands: exit 2, one line that names file, place and remedy, no traceback, no secret."""

from collections.abc import Callable
from pathlib import Path

import pytest

from obs_check.cli.main import main

SECRET = "glsa_do_not_show_me"
CONFIG = """\
grafana:
  url: http://127.0.0.1:9
  token: {env: GRAFANA_TOKEN}
dashboard: agent-firewall
timeouts:
  hop_s: 4
"""
PROMTAIL = "scrape_configs:\n- job_name: a\n  pipeline_stages:\n  - {stage}\n"


def edited(old: str, new: str) -> str:
    """The sound configuration with one thing wrong."""
    assert old in CONFIG
    return CONFIG.replace(old, new)


def config_case(name: str, text: str, *wanted: str) -> object:
    """A case of `verify` with this configuration."""
    return pytest.param({"c.yaml": text}, ["verify", "--config", "c.yaml"], wanted, id=name)


CASES = [
    config_case("broken-yaml", edited("{env: GRAFANA_TOKEN}", "{env: [}"), "c.yaml:3:", "broken YAML", "check indent"),
    config_case("tab", edited("  hop_s", "\thop_s"), "c.yaml:6:1: broken YAML"),
    config_case("unknown-key", edited("dashboard:", "dashbord:"), "c.yaml:4: unknown key 'dashbord'", "dashboard?"),
    config_case("unknown-inner-key", edited("hop_s", "hops"), "c.yaml:6: timeouts: unknown key 'hops'", "hop_s?"),
    config_case(
        "literal-token", edited("{env: GRAFANA_TOKEN}", SECRET), "c.yaml:3: grafana.token holds a value", "{env: NAME}"
    ),
    config_case("token-in-url", edited("//127", f"//u:{SECRET}@127"), "c.yaml:2: grafana.url holds credentials"),
    config_case("no-number", edited("hop_s: 4", "hop_s: soon"), "c.yaml:6: timeouts.hop_s", "for example 30"),
    config_case("no-url", edited("http://127.0.0.1:9", "grafana"), "c.yaml:2: grafana.url", "https://loki.example"),
    config_case("no-grafana", "dashboard: a\n", "c.yaml: no `grafana`", "add grafana.url"),
    pytest.param({}, ["verify", "--config", "none.yaml"], ("none.yaml: No such file", "--config"), id="no-config"),
    pytest.param(
        {"c.yaml": CONFIG}, ["verify", "--config", "c.yaml", "--allow", "0", "--deny", "0"],
        ("verify needs at least one event", "--allow or --deny"), id="no-events",
    ),
    pytest.param({"c.yaml": CONFIG}, ["verify", "--allow", "-1"], ("--allow", "verify --help"), id="negative"),
    pytest.param(
        {"d.json": '{"panels": []}'}, ["test", "d.json"],
        ("d.json: this is a dashboard", "names it as `dashboard`"), id="dashboard-as-tests",
    ),
    pytest.param({}, ["verify", "--allow", "two"], ("'two' is not a valid whole number",), id="no-count"),
    pytest.param({}, ["watch", "--every", "5m"], ("'5m' is not a valid number of seconds",), id="no-seconds"),
    pytest.param({}, ["verify", "--rate", "1/s"], ("'1/s' is not a valid number a second",), id="no-rate"),
    pytest.param(
        {}, ["decisions", "--to", "d", "--since", "24"], ("not a duration with its unit: '24'", "7d"), id="no-unit"
    ),
    pytest.param(
        {"c.yaml": CONFIG}, ["diagnose", "--config", "c.yaml", "--dashboard", "/etc"],
        ("'/etc' is neither the uid of one nor a file", "behind /d/"), id="no-dashboard",
    ),
    pytest.param(
        {}, ["inject", "--allow-url", "http://a.example/", "--deny-url", "http://a.example", "--proxy", "environment"],
        ("go to one URL, http://a.example/", "--deny-url one that it denies"), id="one-url",
    ),
    pytest.param(
        {"c.yaml": CONFIG}, ["inject", "--config", "c.yaml"],
        ("no `inject.allow_url` and `inject.deny_url` and `boundary.proxy`", "--allow-url URL", "--proxy URL"),
        id="nothing-to-send-with",
    ),
    pytest.param(
        {"c.yaml": CONFIG, "d.json": '{"title": "x"}'},
        ["diagnose", "--config", "c.yaml", "--dashboard", "d.json"],
        ("d.json is not a dashboard: it has neither panels nor elements", "give the dashboard's JSON model"),
        id="no-panels",
    ),
    pytest.param(
        {"c.yaml": CONFIG, "d.json": '{"panels": [\n1'},
        ["diagnose", "--config", "c.yaml", "--dashboard", "d.json"],
        ("d.json:2:2: expected ',' or ']'", "is it JSON or YAML?"),
        id="broken-dashboard",
    ),
    pytest.param({}, ["trace", "none.json"], ("none.json: No such file", "--save"), id="no-run"),
    pytest.param({"r.json": "[1"}, ["trace", "r.json"], ("r.json: not JSON", "truncated", "--save"), id="trace-json"),
    pytest.param({"r.json": "{}"}, ["confirm", "r.json"], ("r.json: not a document", "--save"), id="confirm-foreign"),
    pytest.param({"r.json": "{}"}, ["export", "r.json", "--to", "e"], ("r.json: not a document",), id="export"),
    pytest.param(
        {"a.log": b"a\0b"}, ["query", '{job="b"}', "--file", "a.log"], ("a.log: binary (byte 1", "text"), id="binary"
    ),
    pytest.param({}, ["query", '{job="b"}', "--file", "no.log"], ("no.log: no such file", "path"), id="no-log"),
    pytest.param({}, ["query", "top-denied-domain"], ("no query named", "top-denied-domains?"), id="no-query"),
    pytest.param(
        {},
        ["diagnose", "--patch", "p", "--only", "pipeline.wrong-parse"],
        ("unknown cause", "pipeline.wrong-parser?"),
        id="only-cause",
    ),
    pytest.param({}, ["lab", "up", "--fault", "panel-logfm"], ("`panel-logfm`", "`panel-logfmt`? obs"), id="lab-fault"),
    pytest.param({}, ["demo", "--fault", "level-wran"], ("`level-wran`", "`level-warn`?"), id="demo-fault"),
    pytest.param(
        {"p.yaml": "scrape_configs: [\n"}, ["shipper", "dry-run", "--shipper-config", "p.yaml", "p.yaml"],
        ("p.yaml:2: not YAML", "check indent"), id="promtail-yaml",
    ),
    pytest.param(
        {"p.yaml": PROMTAIL.replace("{stage}", "jsn: {}")},
        ["shipper", "dry-run", "--shipper-config", "p.yaml", "p.yaml"],
        ("p.yaml:4: ", "'jsn'", "json"), id="promtail-stage",
    ),
    pytest.param(
        {"p.yaml": PROMTAIL}, ["shipper", "dry-run", "--config", "p.yaml", "p.yaml"],
        ("p.yaml:1: this is a promtail configuration, not an obs", "--shipper-config p.yaml"), id="promtail-as-config",
    ),
    pytest.param(
        {"c.alloy": ""}, ["shipper", "targets", "--config", "c.alloy"],
        ("c.alloy: this is an Alloy configuration", "--shipper-config c.alloy"), id="alloy-as-config",
    ),
    pytest.param(
        {}, ["shipper", "targets"], ("no configuration of a shipper", "--shipper-config FILE"), id="no-shipper",
    ),
    pytest.param({}, ["shipper", "targts"], ("No such command 'targts'", "Did you mean targets?"), id="subcommand"),
    pytest.param(
        {"p.yaml": PROMTAIL.replace("{stage}", "regex: {expression: '('}")},
        ["shipper", "dry-run", "--shipper-config", "p.yaml", "p.yaml"], ("p.yaml:4: ",), id="promtail-regex",
    ),
]  # fmt: skip


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[list[str]], tuple[int, str, str]]:
    """Runs a command in an empty folder; the exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRAFANA_TOKEN", SECRET)
    monkeypatch.delenv("OBS_CHECK_CONFIG", raising=False)

    def run(args: list[str]) -> tuple[int, str, str]:
        code = main(args)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.mark.parametrize(("files", "args", "wanted"), CASES)
def test_one_line_and_exit_2(
    files: dict[str, str | bytes],
    args: list[str],
    wanted: tuple[str, ...],
    command: Callable[[list[str]], tuple[int, str, str]],
    tmp_path: Path,
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    code, out, err = command(args)
    assert (code, out) == (2, "")
    lines = err.splitlines()
    assert lines[0].startswith("obs-check: error: ")
    assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("hint: ")), err
    for text in wanted:
        assert text in err
    assert SECRET not in err
    assert "Traceback" not in err
    assert {path.name for path in tmp_path.iterdir()} == set(files), "nothing is left behind"


@pytest.mark.parametrize(
    ("query", "message", "caret_under"),
    [
        ('{job="b"} | json | decision=', "unexpected $end", ""),
        ('{job="b"} | jsn', "did you mean `| json`?", ""),
        ('{job="b"}} | json', "}", "} | json"),
        ('sum by (a (rate({job="b"}[1m]))', "(", "(rate"),
    ],
)
def test_a_query_that_does_not_parse_shows_the_place(
    query: str, message: str, caret_under: str, command: Callable[[list[str]], tuple[int, str, str]]
) -> None:
    code, out, err = command(["query", query, "--file", "any.log"])
    first, line, carets = err.splitlines()[:3]
    assert (code, out) == (2, "")
    assert "line 1, col" in first
    assert message in err
    assert line == query
    assert set(carets.strip()) == {"^"}
    at = carets.index("^")
    assert query[at:].startswith(caret_under) if caret_under else at == len(query)


def test_undecodable_bytes_are_kept_by_replacement_and_counted(
    command: Callable[[list[str]], tuple[int, str, str]], tmp_path: Path
) -> None:
    (tmp_path / "a.log").write_bytes(b"one \xff\xfe two\n")
    code, out, err = command(["query", '{job="b"}', "--file", "a.log", "--label", "job=b", "-o", "jsonl"])
    assert code == 0
    assert "one \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} two" in out
    assert "2 bytes that are not UTF-8 were replaced" in err
