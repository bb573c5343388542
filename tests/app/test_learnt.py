"""What init knows of the shipper and of log files, from configurations and from what is there."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.app.setup.learnt import Key, learn_here, learn_inside

POD = "var/log/pods/coder_coder-0_0f3b1c52-6a6e-4f0f-9f60-2f7d2f6a9c44/coder/0.log"


def job(name: str, path: str) -> dict[str, Any]:
    return {"job_name": name, "static_configs": [{"labels": {"__path__": path}}]}


def promtail(*jobs: dict[str, Any], port: object = None) -> dict[str, Any]:
    return {**({} if port is None else {"server": {"http_listen_port": port}}), "scrape_configs": list(jobs)}


@pytest.mark.parametrize(
    ("shipper", "firewall", "files", "values", "hints"),
    [
        (
            promtail(job("firewall", "{root}/x/*.log"), job("pods", "{root}/var/log/pods/*/*/*.log")),
            None,
            ["x/boundary-2026-01-02_15-04-05-7.log", POD],
            {("boundary", "logs"): "{root}/x/*.log", ("coderd", "logs"): "{root}/var/log/pods/coder_*/coder/*.log"},
            {},
        ),
        (
            promtail(job("firewall", "{root}/boundary_logs/*.log"), job("other", "{root}/x/*.log"), port=1),
            None,
            ["x/app.log"],
            {},
            {("shipper", "url"): "http://127.0.0.1:1", ("boundary", "logs"): "{root}/boundary_logs/*.log"},
        ),
        (promtail(job("other", "{root}/x/*.log"), port="${PORT}"), None, [], {}, {}),
        (
            promtail(job("firewall", "{root}/boundary_logs/*.log")),
            {"log_dir": "{root}/y"},
            ["y/boundary-1.log"],
            {("boundary", "logs"): "{root}/y/*.log"},
            {},
        ),
        (None, {"log_dir": "{root}/y"}, [], {}, {("boundary", "logs"): "{root}/y/*.log"}),
        (None, {"log_level": "info"}, [], {}, {("boundary", "logs"): "/tmp/boundary_logs/boundary-*.log"}),
        ({"nothing": "promtail knows"}, {"proxy_port": "x"}, [], {}, {}),
    ],
    ids=["files", "nothing there", "no number", "log_dir", "log_dir elsewhere", "no log_dir", "broken"],
)
def test_what_is_known_and_what_is_to_give(
    shipper: dict[str, Any] | None,
    firewall: dict[str, Any] | None,
    files: list[str],
    values: dict[Key, str],
    hints: dict[Key, str],
    tmp_path: Path,
) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    given: list[Path | None] = []
    for name, document in (("promtail.yaml", shipper), ("boundary.yaml", firewall)):
        (tmp_path / name).write_text(yaml.safe_dump(document).replace("{root}", str(tmp_path)))
        given.append(tmp_path / name if document is not None else None)
    found = learn_here("promtail", given[0], given[1], {})

    def filled(expected: dict[Key, str]) -> dict[Key, str]:
        return {key: value.replace("{root}", str(tmp_path)) for key, value in expected.items()}

    assert {key: value for key, (value, _) in found.values.items()} == filled(values)
    left = {key: value for key, (value, _) in found.hints.items() if key not in found.values}
    assert left == filled(hints)
    assert all(how for _, how in [*found.values.values(), *found.hints.values()])


def test_files_inside_a_workspace_are_no_files_of_this_machine(tmp_path: Path) -> None:
    found = learn_inside(f"log_dir: {tmp_path}\n")
    assert (found.values, found.hints["boundary", "logs"][0]) == ({}, f"{tmp_path}/*.log")
    assert learn_inside("").hints == {}


def test_what_looks_like_a_time_and_is_none_is_a_text_as_for_promtail(tmp_path: Path) -> None:
    shipper = tmp_path / "promtail.yaml"
    labels = "{day: 2026-13-45, __path__: /tmp/boundary_logs/*.log}"
    shipper.write_text(
        f"server: {{http_listen_port: 1}}\nscrape_configs: [{{job_name: x, static_configs: [{{labels: {labels}}}]}}]\n"
    )
    assert learn_here("promtail", shipper, None, {}).hints["shipper", "url"][0] == "http://127.0.0.1:1"
