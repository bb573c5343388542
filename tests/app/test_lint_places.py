"""Where findings of a shipper's stages stand, and what of several files together is read."""

from pathlib import Path

from obs_check.lint.run import lint
from obs_check.lint.sources import read_material
from tests.engine_settings import SETTINGS

ALIKE = """\
loki.source.docker "c" {
  host       = "unix:///var/run/docker.sock"
  targets    = []
  forward_to = [loki.process.one.receiver]
}
loki.process "one" {
  stage.drop {
    older_than = "10h"
  }
  stage.json {
    expressions = { trace_id = "" }
  }
  forward_to = []
}
loki.source.file "s" {
  targets    = [{__path__ = "/a"}]
  forward_to = [loki.process.two.receiver]
}
loki.process "two" {
  stage.drop {
    older_than = "10h"
  }
  stage.json {
    expressions = { trace_id = "" }
  }
  stage.labels {
    values = { trace_id = "" }
  }
  forward_to = []
}
"""


def test_a_stage_stands_in_its_own_component(tmp_path: Path) -> None:
    (tmp_path / "c.alloy").write_text(ALIKE, "utf-8")
    found = lint(read_material([tmp_path / "c.alloy"], [], None, None, {}, SETTINGS)[0]).issues
    assert [(issue.rule, issue.spot.line) for issue in found] == [
        ("stage-without-effect", 21),
        ("high-cardinality-label", 27),
    ]
