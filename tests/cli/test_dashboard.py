"""`obs-check dashboard`: printed as it is, and installed with the datasources of the Grafana that it goes to."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from obs_check.app.setup.install import own_dashboards, prepare
from obs_check.cli.main import main
from obs_check.client.answered import Answered
from obs_check.errors import NotAllowed, ObsCheckError, Refused, UsageError
from obs_check.lab.stack import Lab
from obs_check.model.probe import Probe

ROOT = Path(__file__).parents[2]
WATCH = "obs-check-watch"


@pytest.mark.parametrize("uid", sorted(own_dashboards()))
def test_it_is_printed_as_its_file(uid: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dashboard", uid]) == 0
    assert capsys.readouterr().out == (ROOT / "dashboards" / f"{uid}.json").read_text("utf-8")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab")) as found:
        yield found


def test_it_is_installed_and_installed_again(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["dashboard", WATCH, "--install", "--config", str(lab.config_path)]
    assert main(arguments) == 2
    assert "add --yes" in capsys.readouterr().err
    assert main([*arguments, "--yes"]) == 0
    first = capsys.readouterr()
    assert first.out.rstrip().endswith(f"/d/{WATCH}")
    assert f"dashboard {WATCH} is new in" in first.err and "prometheus is datasource prometheus" in first.err
    assert main([*arguments, "--yes", "-v"]) == 0
    assert "(version 1 stays in its history)" in capsys.readouterr().err


def test_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, words in (
        (["obs-check-wach"], "did you mean obs-check-watch?"),
        ([WATCH, "--yes"], "are for --install"),
        (["--install", "--yes"], "needs a NAME"),
    ):
        assert main(["dashboard", *arguments]) == 2
        assert words in capsys.readouterr().err


class FakeGrafana:
    """A Grafana with these datasources, and at most one dashboard."""

    url = "https://grafana.example"

    def __init__(
        self,
        datasources: dict[str, str],
        found: dict[str, Any] | None = None,
        error: ObsCheckError | None = None,
        version: str = "13.0.1",
    ) -> None:
        self._version = version
        self._datasources, self._found = datasources, found
        self._error = error or Refused("grafana: 404", 404, "", "")

    def frontend_settings(self) -> Answered[dict[str, Any]]:
        listed = {uid: {"uid": uid, "name": uid, "type": kind} for uid, kind in self._datasources.items()}
        return Answered({"buildInfo": {"version": self._version}, "datasources": listed}, Probe("grafana", "", None, 0))

    def dashboard(self, _uid: str) -> Answered[dict[str, Any]]:
        if self._found is None:
            raise self._error
        return Answered(self._found, Probe("grafana", "", None, 0))


def prepared(name: str, grafana: FakeGrafana, chosen: dict[str, str]) -> str:
    client: Any = grafana
    return json.dumps(prepare(name, client, chosen).model)


def test_one_that_the_token_does_not_see_is_saved_as_a_new_one() -> None:
    """As Grafana 9.4 answers an Editor for one that is not there."""
    client: Any = FakeGrafana({"P1": "prometheus"}, error=NotAllowed("grafana: answered 403", ""))
    ready = prepare(WATCH, client, {})
    assert ready.model["version"] == 0 and "shows this token no dashboard obs-check-watch" in ready.changes[0]


def test_a_grafana_that_knows_no_auto_gets_intervals_that_it_fills_in() -> None:
    sources = {"L1": "loki", "P1": "prometheus"}
    assert "[$__auto]" in prepared("agent-firewall", FakeGrafana(sources), {})
    older = prepared("agent-firewall", FakeGrafana(sources, version="9.4.0-pre"), {})
    assert "$__auto" not in older and "[$__interval]" in older and "[$__range]" in older


def test_it_asks_the_datasources_of_that_grafana() -> None:
    one = prepared("agent-firewall", FakeGrafana({"L1": "loki", "P1": "prometheus"}), {})
    assert '"uid": "L1"' in one and '"uid": "P1"' in one
    assert '"uid": "loki"' not in one and '"uid": "prometheus"' not in one
    two = FakeGrafana({"L1": "loki", "L2": "loki", "prometheus": "prometheus", "P2": "prometheus"})
    assert '"uid": "L2"' in prepared("agent-firewall", two, {"loki": "L2"})


@pytest.mark.parametrize(
    ("grafana", "chosen", "words"),
    [
        (FakeGrafana({"L1": "loki"}), {}, "no prometheus datasource"),
        (FakeGrafana({"P1": "prometheus", "P2": "prometheus"}), {}, "--datasource prometheus=UID"),
        (FakeGrafana({"P1": "prometheus"}), {"prometheus": "P"}, "did you mean P1"),
        (FakeGrafana({"P1": "prometheus"}, {"meta": {"provisioned": True}, "dashboard": {}}), {}, "from a file"),
    ],
)
def test_what_cannot_be_installed(grafana: FakeGrafana, chosen: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError) as error:
        prepared(WATCH, grafana, chosen)
    assert words in str(error.value)
