"""`inject` where the tool calls run: with nothing but the firewall there."""

import json
from pathlib import Path

import pytest
import yaml

from obs_check.cli.main import main
from obs_check.lab.audit import SocketAuditor
from obs_check.lab.egress import Invocation, LabEgress
from obs_check.lab.origin import Origin


@pytest.fixture
def config(tmp_path: Path) -> Path:
    document = {
        "boundary": {"proxy": "environment"},
        "inject": {
            "allow_url": "http://allowed.example/ok",
            "deny_url": "http://denied.invalid/exfil",
            "settle_s": 0.1,
        },
    }
    path = tmp_path / "obs-check.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_it_asks_nobody_else_and_lets_boundary_hand_on_its_events(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    firewall = tmp_path / "boundary.yaml"
    firewall.write_text(yaml.safe_dump({"allowlist": ["domain=allowed.example"], "log_dir": str(tmp_path / "logs")}))
    audit = SocketAuditor(tmp_path / "audit.sock")
    with (
        Origin() as origin,
        LabEgress(firewall, audit, Invocation(resolve={"allowed.example": ("127.0.0.1", origin.port)})) as egress,
    ):
        monkeypatch.setenv("http_proxy", egress.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.chdir(tmp_path)
        code = main(["inject", "--allow", "1", "--deny", "2", "--config", str(config), "-o", "json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    assert "waiting 0.1 s, so that boundary hands on its last events" in err
    (kept,) = tmp_path.glob("run-*.json")
    assert json.loads(out) == json.loads(kept.read_text())
    assert json.loads(out)["verdict"] == "ok"


def test_it_says_what_it_lacks(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text("boundary: {proxy: environment}\n")
    assert main(["inject", "--config", str(config)]) == 2
    assert "no `inject.allow_url` and `inject.deny_url`" in capsys.readouterr().err
