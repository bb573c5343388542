"""A dashboard that a sidecar provisions: the fix goes into its ConfigMap, and the panels are read as that has them."""

import json
from pathlib import Path

import pytest

from obs_check.cli.main import main
from obs_check.client.files.local_files import read_document
from obs_check.lab.faults.registry import find_fault
from obs_check.lab.settings import LabSettings, healthy
from obs_check.lab.stack import Lab, LabShape
from obs_check.panel.dashboard import dashboard_of


def provisioned(directory: Path, proxy_port: int) -> LabSettings:
    """Panels that read JSON with logfmt, in a dashboard that Grafana takes from a ConfigMap."""
    settings = healthy(directory, proxy_port)
    find_fault("panel-logfmt").change(settings)

    def move(lab: Path) -> None:
        (lab / "dashboards/provisioned").mkdir()
        (lab / "dashboards/agent-firewall.json").rename(lab / "dashboards/provisioned/agent-firewall.json")
        rows = json.dumps(settings.dashboard, indent=2).replace("\n", "\n    ")
        text = f"kind: ConfigMap # ours\ndata:\n  a.txt: kept\n  agent-firewall.json: |\n    {rows}\n"
        (lab / "source/dashboards.yaml").write_text(text)

    settings.prepare.append(move)
    settings.reached.append(lambda document: document.update({"source": "source/dashboards.yaml"}))
    return settings


@pytest.mark.slow
def test_the_fix_is_written_into_the_config_map_and_the_panels_are_read_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Lab(tmp_path, shape=LabShape(provisioned)) as lab:
        path = tmp_path / "source/dashboards.yaml"
        before = path.read_text()
        main(["diagnose", "--inject", "--apply", "--yes", "--config", str(lab.config_path)])
        said = capsys.readouterr().out
    assert f"{path}, key agent-firewall.json, changed in" in said
    assert "panel 1 as dashboards.yaml has it now reads Allowed 1" in said
    rows = [
        (old, new) for old, new in zip(before.splitlines(), path.read_text().splitlines(), strict=True) if old != new
    ]
    assert rows
    assert all("logfmt" in old and "| json" in new for old, new in rows)
    queries = {
        panel.id: panel.targets[0].text for panel in dashboard_of(read_document(path), "f", "agent-firewall").panels
    }
    assert "| json" in queries[1]
