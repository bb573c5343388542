"""How long the shipper's configuration lets it keep a line lengthens the wait for Loki."""

from dataclasses import replace
from pathlib import Path

import pytest

from obs_check.app.systems.following import held_s
from obs_check.model.paths import AbsolutePath
from tests.causes.staged import dashboard, staged, stream

PROMTAIL = "clients: [{url: 'http://a.example/push'%s}]\nscrape_configs: []\n"
ALLOY = 'loki.write "a" {\n  endpoint {\n    url = "http://a.example/push"\n%s  }\n}\n'


@pytest.mark.parametrize(
    ("name", "text", "seconds"),
    [
        ("p.yaml", PROMTAIL % "", 0),
        ("p.yaml", PROMTAIL % ", batchwait: 300ms", 0),
        ("p.yaml", PROMTAIL % ", batchwait: 1m", 59),
        ("a.alloy", ALLOY % '    batch_wait = "31s"\n', 30),
        ("p.yaml", "clients: [", 0),
        ("p.yaml", None, 0),
    ],
)
def test_lines_are_waited_for_as_long_as_the_shipper_may_keep_them(
    name: str, text: str | None, seconds: float, tmp_path: Path
) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_text(text)
    with staged(dashboard([{"expr": "vector(1)"}]), [stream({"app": "a"}, ["x"])]) as systems:
        shipper = replace(systems.config.shipper, config=AbsolutePath(file))
        assert held_s(replace(systems, config=replace(systems.config, shipper=shipper))) == seconds
