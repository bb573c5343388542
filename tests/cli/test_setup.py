"""`obs-check init` and `doctor`, on the lab's servers and on what is not there."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from obs_check.app.setup.install import own_expectations
from obs_check.cli.main import main
from obs_check.config.given import read_address
from obs_check.data import DASHBOARDS
from obs_check.errors import UsageError
from obs_check.lab.stack import Lab
from obs_check.panel.dashboard import load_dashboard

EXPECTED = (DASHBOARDS / "agent-firewall.expect.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab")) as found:
        yield found


def doctor(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, dict[str, Any]]]:
    code = main(["doctor", "--config", str(path), "-o", "json"])
    document = json.loads(capsys.readouterr().out)
    assert document["command"] == "doctor"
    return code, {check["part"]: check for check in document["checks"]}


def settings(lab: Lab) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(lab.config_path.read_text("utf-8"))
    return found


def changed(lab: Lab, name: str, **sections: dict[str, Any]) -> Path:
    """The lab's configuration with other values, beside its own."""
    document = settings(lab)
    for section, values in sections.items():
        document[section] = {**document.get(section, {}), **values}
    path = lab.config_path.with_name(name)
    path.write_text(yaml.safe_dump(document), "utf-8")
    return path


def test_everything_that_is_set_is_asked(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    code, checks = doctor(lab.config_path, capsys)
    # Nothing was sent yet, so coderd has not written a line.
    assert {part: check["state"] for part, check in checks.items()} == {
        "grafana": "ok",
        "dashboard": "ok",
        "datasource loki": "ok",
        "datasource prometheus": "ok",
        "loki": "ok",
        "shipper.url": "ok",
        "shipper.config": "ok",
        "boundary.config": "ok",
        "boundary.logs": "ok",
        "coderd.logs": "unknown",
        "boundary.proxy": "ok",
        "source": "ok",
        "expect": "ok",
        "inject.via": "ok",
    }
    assert code == 3


@pytest.mark.parametrize(
    ("section", "values", "part", "state", "code", "words"),
    [
        ("grafana", {"token": {"env": "NO_TOKEN"}}, "grafana", "not allowed", 4, "role Viewer"),
        ("loki", {"url": "http://127.0.0.1:1"}, "loki", "unknown", 3, ""),
        ("shipper", {"kind": "alloy"}, "shipper.url", "unknown", 3, "write kind: promtail"),
        ("shipper", {"config": "boundary.yaml"}, "shipper.config", "broken", 3, "scrape_configs"),
        ("boundary", {"proxy": "http://127.0.0.1:1"}, "boundary.proxy", "unknown", 3, "proxy_port"),
        ("boundary", {"config": "promtail.yaml"}, "boundary.config", "broken", 3, ""),
        ("inject", {"via": "boundary"}, "inject.via", "ok", 3, ""),
    ],
)
def test_what_does_not_work_is_named_with_its_remedy(
    section: str,
    values: dict[str, Any],
    part: str,
    state: str,
    code: int,
    words: str,
    lab: Lab,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_TOKEN", "glsa-of-nobody-17")
    found, checks = doctor(changed(lab, "other.yaml", **{section: values}), capsys)
    assert (found, checks[part]["state"]) == (code, state)
    assert words in checks[part]["remedy"]
    assert "glsa-of-nobody-17" not in json.dumps(checks)


def test_another_dashboard_is_offered(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    path = lab.config_path.with_name("board.yaml")
    path.write_text(yaml.safe_dump({**settings(lab), "dashboard": "agent-fire"}), "utf-8")
    _, checks = doctor(path, capsys)
    assert checks["dashboard"]["state"] == "broken"
    assert "agent-firewall (Agent firewall)" in checks["dashboard"]["remedy"]


def test_a_configuration_is_written_that_works(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = settings(lab)["grafana"]["url"]
    monkeypatch.setenv("GRAFANA_TOKEN", lab.config_path.with_name("grafana.token").read_text("utf-8").strip())
    file = tmp_path / "obs-check.yaml"
    # A path of the command line begins here, wherever the file is written.
    monkeypatch.chdir(lab.config_path.parent)
    promtail = yaml.safe_load(Path("promtail.yaml").read_text("utf-8"))
    promtail["server"] = {"http_listen_port": urlsplit(lab.addresses["shipper"]).port}
    Path("with-port.yaml").write_text(yaml.safe_dump(promtail), "utf-8")
    args = ["init", url, "--to", str(file), "--shipper-config", "with-port.yaml"]
    assert main([*args, "--yes"]) == 0
    shown = capsys.readouterr()
    lacking = "which takes inject.allow_url, inject.deny_url, boundary.proxy"
    assert f"{file} is written; next: obs-check diagnose --config {file}; verify and" in shown.out
    assert shown.out.endswith(f"send events, {lacking}\n")
    text = file.read_text("utf-8")
    document = yaml.safe_load(text)
    shipper, logs = lab.addresses["shipper"], lab.directory / "boundary_logs/*.log"
    assert f"  url: {shipper}   # http_listen_port of with-port.yaml, and promtail answers there\n" in text
    assert f"  logs: {logs}   # __path__ of job boundary, and there are such files\n" in text
    assert (document["shipper"]["url"], document["boundary"]) == (shipper, {"logs": str(logs)})
    assert document["grafana"] == {"url": url, "token": {"env": "GRAFANA_TOKEN"}}
    assert (document["dashboard"], document["loki"]) == ("agent-firewall", {"datasource": "loki"})
    assert document["expect"] == "agent-firewall.expect.yaml"
    assert (tmp_path / "agent-firewall.expect.yaml").read_text("utf-8") == EXPECTED
    code, checks = doctor(file, capsys)
    assert (code, checks["expect"]["said"]) == (0, "12 panels")
    # A second one does not write over it.
    assert main([*args, "--yes"]) == 2
    assert "--force" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "grafana", "uid"),
    [
        ("https://grafana.example", "https://grafana.example", ""),
        ("https://grafana.example/", "https://grafana.example", ""),
        ("https://h.example/sub/d/abc/a-title?orgId=1&viewPanel=4", "https://h.example/sub", "abc"),
        ("http://h.example:3000/d/abc", "http://h.example:3000", "abc"),
    ],
)
def test_the_address_of_a_browser(url: str, grafana: str, uid: str) -> None:
    found = read_address(url)
    assert (found.grafana, found.uid) == (grafana, uid)


@pytest.mark.parametrize("url", ["grafana.example", "ftp://grafana.example", ""])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(UsageError, match="not the address of a Grafana"):
        read_address(url)


def test_expectations_that_are_there_stay(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFANA_TOKEN", lab.config_path.with_name("grafana.token").read_text("utf-8").strip())
    held = tmp_path / "agent-firewall.expect.yaml"
    held.write_text("panels: {1: {path: B, kind: lines}}\n", "utf-8")
    file = tmp_path / "obs-check.yaml"
    url = f"{settings(lab)['grafana']['url']}/d/agent-firewall?viewPanel=7&var-owner=joe"
    assert main(["init", url, "--to", str(file), "--yes", "--force"]) == 0
    shown = capsys.readouterr()
    assert f"next: obs-check diagnose --panel 7 --config {file}" in shown.out
    assert "var-owner of the dashboard's address is left out" in shown.err
    assert f"{held} is there already and stays" in shown.err
    assert held.read_text("utf-8") == "panels: {1: {path: B, kind: lines}}\n"
    assert yaml.safe_load(file.read_text("utf-8"))["expect"] == held.name
    # A panel that is not there would be led to.
    assert main(["init", url.replace("viewPanel=7", "viewPanel=99"), "--to", str(file), "--yes", "--force"]) == 2
    assert "no panel 99 that reads data" in capsys.readouterr().err


def test_a_list_of_pods_that_is_not_there_is_said_before_anything_is_asked_of_it(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pods = str(tmp_path / "none.json")
    assert main(["diagnose", "--config", str(lab.config_path), "--pods", pods]) == 2
    assert f"{pods}: No such file" in capsys.readouterr().err


def test_doctor_leads_to_what_can_be_done(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    path = lab.config_path.with_name("led.yaml")
    for left_out, leads in (
        (("coderd",), f"obs-check verify --config {path}, or obs-check diagnose --inject --config {path}"),
        (("coderd", "boundary", "inject"), f"obs-check diagnose --config {path}; verify and diagnose --inject send"),
    ):
        path.write_text(yaml.safe_dump({k: v for k, v in settings(lab).items() if k not in left_out}), "utf-8")
        assert main(["doctor", "--config", str(path)]) == 0
        assert f"\nnext: {leads}" in capsys.readouterr().out


def test_a_dashboard_of_others_has_no_expectations_of_ours(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = lab.config_path.with_name("grafana.token").read_text("utf-8").strip()
    url = settings(lab)["grafana"]["url"]
    model = {**json.loads((DASHBOARDS / "agent-firewall.json").read_text("utf-8")), "uid": "others"}
    body = {"dashboard": model, "overwrite": True}
    httpx.post(f"{url}/api/dashboards/db", json=body, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
    monkeypatch.setenv("GRAFANA_TOKEN", token)
    file = tmp_path / "obs-check.yaml"
    assert main(["init", f"{url}/d/others", "--to", str(file), "--yes"]) == 0
    assert "write others.expect.yaml (docs/expect-yaml.md) and name it as `expect`" in capsys.readouterr().err
    assert not (tmp_path / "others.expect.yaml").exists()
    assert "expect" not in yaml.safe_load(file.read_text("utf-8"))
    assert "# expect: panels.expect.yaml " in file.read_text("utf-8")


def test_only_panels_that_are_ours_are_held_to_ours() -> None:
    model = json.loads((DASHBOARDS / "agent-firewall.json").read_text("utf-8"))
    ours = load_dashboard(model, "ours")
    assert own_expectations(ours) == EXPECTED
    panels = [replace(panel, title="Another") if panel.id in (2, 8) else panel for panel in ours.panels]
    changed = yaml.safe_load(own_expectations(replace(ours, panels=tuple(panels))))["panels"]
    assert changed == {n: entry for n, entry in yaml.safe_load(EXPECTED)["panels"].items() if n not in (2, 8)}
    # The Kubernetes deployment's has the uid of ours, and other panels under the same numbers.
    assert own_expectations(replace(ours, panels=tuple(replace(p, title="") for p in ours.panels))) == ""
    assert own_expectations(replace(ours, uid="obs-check-watch")) == ""
    assert own_expectations(replace(ours, uid="../agent-firewall")) == ""


def test_nothing_to_go_by(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["doctor"]) == 2
    assert "obs-check init https://grafana.example writes" in capsys.readouterr().err
    assert main(["init"]) == 2
    assert main(["init", "http://127.0.0.1:1", "--yes"]) == 3
    assert not (tmp_path / "obs-check.yaml").exists()


def test_it_is_written_where_config_says_and_a_token_that_is_lacking_is_named(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = settings(lab)["grafana"]["url"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRAFANA_TOKEN", raising=False)
    assert main(["init", url, "--yes", "--config", "staging.yaml"]) == 4
    assert "hint: no token was sent: set GRAFANA_TOKEN" in capsys.readouterr().err
    monkeypatch.setenv("GRAFANA_TOKEN", lab.config_path.with_name("grafana.token").read_text("utf-8").strip())
    monkeypatch.setenv("OBS_CHECK_CONFIG", "other.yaml")
    assert main(["init", url, "--yes", "--config", "staging.yaml"]) == 0
    assert {file.name for file in tmp_path.iterdir()} == {"agent-firewall.expect.yaml", "staging.yaml"}
    assert main(["init", url, "--yes"]) == 0
    assert (tmp_path / "other.yaml").exists()
