"""Nobody listens at boundary's port: what its configuration and its stderr say about that is said with the outage."""

import re
import time
from pathlib import Path

import pytest

from obs_check.app.systems.injection import Sending, open_way, send_run
from obs_check.config import parse_config
from obs_check.errors import Unavailable
from obs_check.follow.journal import Journal
from tests.real.process import free_ports

RULE = "allowlist: [domain=127.0.0.1]\n"
SAID = [
    (RULE + "proxy_port: PORT", "", ""),
    (
        RULE + "proxy_port: 9",
        "",
        r"; \S+/boundary\.yaml has `proxy_port: 9`, boundary\.proxy is http://127\.0\.0\.1:PORT",
    ),
    (RULE + "proxy_port: PORT\nupstream_proxy: x", "", r"; \S+/boundary\.yaml:\d+: unknown key 'upstream_proxy'.*"),
    (
        "allowlist: ['domain=127.0.0.1:8080']\nproxy_port: PORT",
        "",
        r"; \S+/boundary\.yaml: .*domain=127\.0\.0\.1:8080.*",
    ),
    (RULE + "proxy_port: PORT", "earlier\nError: no such jail\n", "; its stderr ends with `Error: no such jail`"),
    (RULE + "proxy_port: PORT", "Error: of its command\nmore\nand more\n", ""),
]


@pytest.mark.parametrize(("boundary", "stderr", "why"), SAID)
def test_what_boundary_says_of_a_port_where_nobody_listens(
    boundary: str, stderr: str, why: str, tmp_path: Path
) -> None:
    port = str(free_ports(1)[0])
    (tmp_path / "boundary.yaml").write_text(boundary.replace("PORT", port))
    (tmp_path / "boundary.stderr").write_text(stderr)
    text = (
        f"boundary: {{config: boundary.yaml, stderr: boundary.stderr, proxy: 'http://127.0.0.1:{port}'}}\n"
        "inject: {allow_url: 'http://127.0.0.1/ok', deny_url: 'http://denied.invalid/x'}\n"
        "grafana: {url: 'http://127.0.0.1:9'}\n"
    )
    config = parse_config(text, tmp_path / "obs-check.yaml", {})
    way = open_way(config, Sending(), lambda _text: None)
    with pytest.raises(Unavailable) as raised:
        send_run(config.boundary, way, way.plan(1, 1), Journal(time.time_ns), lambda _text: None)
    said = f"boundary's proxy: http://127\\.0\\.0\\.1:{port} does not answer: Connection refused"
    assert re.fullmatch(said + why.replace("PORT", port), raised.value.message), raised.value.message
