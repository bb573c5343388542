"""boundary's configuration in every shape that YAML gives it, held to what boundary v0.9.0 made of it.

tests/fixtures/boundary/config-v0.9.0.json was recorded from that program: which of two hosts it let through, whether a
denial was logged, or that it did not start.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from obs_check.boundary.config import parse_boundary_config, read_boundary_config
from obs_check.boundary.log import Level
from obs_check.boundary.rules import evaluate
from obs_check.errors import ConfigError

RECORDED: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "fixtures/boundary/config-v0.9.0.json").read_text()
)
HOSTS = ("127.0.0.2", "127.0.0.3")


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: str(row["name"]))
def test_a_configuration_means_what_boundary_makes_of_it(row: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(row["text"], "utf-8")
    if not row.get("starts", True):
        with pytest.raises(ConfigError) as error:
            read_boundary_config(path)
        assert str(path) in str(error.value)
        return
    config = read_boundary_config(path)
    assert [host for host in HOSTS if evaluate(config.rules, "GET", f"http://{host}/")] == row["allowed"]
    if "logs_denials" in row:
        assert (config.log_level <= Level.WARN) == row["logs_denials"]


def test_keys_of_a_later_boundary_are_named_and_do_not_keep_the_others_from_being_read() -> None:
    config = parse_boundary_config("session_correlation_enabled: true\nlog_level: info\n", "config.yaml")
    assert config.unknown == (("session_correlation_enabled", 1),)
    assert config.log_level is Level.INFO


def test_an_error_names_the_line_of_the_value() -> None:
    with pytest.raises(ConfigError, match=r"config\.yaml:2: proxy_port is 'many'") as error:
        parse_boundary_config("log_level: info\nproxy_port: many\n", "config.yaml")
    assert error.value.hint == "write a whole number"
