"""Custom components of Alloy: what `declare` and `import.*` hold is read under the names that Alloy gives it."""

import textwrap
from pathlib import Path

import pytest

from obs_check.errors import ConfigError
from obs_check.shipper.model import ShipperConfig
from obs_check.shipper.read import parse_shipper

PODS = """\
declare "pods" {
  argument "destinations" {}
  argument "job" {
    optional = true
    default  = "pods"
  }
  loki.source.file "p" {
    targets    = [{"__path__" = "/var/log/pods/a/b/0.log", "job" = argument.job.value}]
    forward_to = [loki.process.p.receiver]
  }
  loki.process "p" {
    stage.cri {}
    forward_to = argument.destinations.value
  }
  export "receiver" { value = loki.process.p.receiver }
}
"""
WRITE = 'loki.write "default" { endpoint { url = "http://loki.example/loki/api/v1/push" } }\n'


def read(text: str, file: str = "config.alloy") -> ShipperConfig:
    return parse_shipper(text, file, {})


def test_a_declared_component_is_read_at_every_use() -> None:
    config = read(
        PODS
        + WRITE
        + textwrap.dedent(
            """\
            pods "one" { destinations = [loki.write.default.receiver] }
            pods "two" {
              destinations = [loki.write.default.receiver]
              job          = "second"
            }
            """
        )
    )
    assert [(job.name, job.targets[0]["job"], job.to, job.place) for job in config.jobs] == [
        ("pods.one/loki.source.file.p", "pods", ("loki.write.default",), "config.alloy:7"),
        ("pods.two/loki.source.file.p", "second", ("loki.write.default",), "config.alloy:7"),
    ]
    assert [stage.kind for stage in config.jobs[0].pipeline.stages] == ["cri"]
    assert config.notes == config.unread == ()


def test_what_a_component_exports_is_seen_outside() -> None:
    config = read(
        PODS
        + WRITE
        + textwrap.dedent(
            """\
            pods "own" { destinations = [loki.write.default.receiver] }
            loki.source.file "boundary" {
              targets    = [{"__path__" = "/tmp/boundary_logs/a.log"}]
              forward_to = [pods.own.receiver]
            }
            """
        )
    )
    outer = config.job("boundary")
    assert [stage.kind for stage in outer.pipeline.stages] == ["cri"]
    assert outer.to == ("loki.write.default",)


def test_components_inside_of_components_see_those_around_them() -> None:
    inner = textwrap.indent(PODS, "  ")
    config = read(
        WRITE
        + f'declare "outer" {{\n  argument "to" {{}}\n{inner}'
        + '  pods "x" { destinations = argument.to.value }\n}\n'
        + 'outer "a" { to = [loki.write.default.receiver] }\n'
    )
    assert [job.name for job in config.jobs] == ["outer.a/pods.x/loki.source.file.p"]
    assert config.jobs[0].to == ("loki.write.default",)


@pytest.mark.parametrize("way", ["string", "file", "folder"])
def test_an_imported_module_is_read(way: str, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    for module in ("pods.alloy", "lib/pods.alloy"):
        (tmp_path / module).write_text(PODS)
    (tmp_path / "lib/readme.md").write_text("what it is")
    name = "lib" if way == "folder" else "pods.alloy"
    how = f"content = `{PODS}`" if way == "string" else f'filename = "{name}"'
    kind = "string" if way == "string" else "file"
    use = 'lib.pods "x" { destinations = [loki.write.default.receiver] }'
    config = read(f'import.{kind} "lib" {{\n  {how}\n}}\n{WRITE}{use}\n', str(tmp_path / "config.alloy"))
    [job] = config.jobs
    assert job.name == "lib.pods.x/loki.source.file.p"
    # The first line of the text is the one of `content`.
    assert job.place == (f"{tmp_path / 'config.alloy'}:8" if way == "string" else f"{name}:7")


def test_a_module_that_is_not_at_hand_leaves_the_configuration_open() -> None:
    config = read(f'import.file "lib" {{ filename = "/etc/alloy/none.alloy" }}\nlib.pods "x" {{}}\n{WRITE}')
    assert config.unread == (
        "config.alloy:1: import.file.lib: the module that it imports is not read",
        "config.alloy:2: lib.pods.x: a component of a module that is not read",
    )


def test_what_others_use_is_not_called_unused() -> None:
    to = "[loki.write.default.receiver]"
    opened = f'import.http "h" {{ url = "http://modules.example/m" }}\nh.pods "x" {{ to = {to} }}\n'
    receives = f'otelcol.exporter.loki "o" {{ forward_to = {to} }}\n'
    found = 'discovery.kubernetes "p" { role = "pod" }\n'
    scrapes = found + 'prometheus.scrape "s" { targets = discovery.kubernetes.p.targets }\n'
    for used in (opened, receives):
        assert not [note for note in read(used + WRITE).notes if "no source" in note]
    assert [note.split(": ", 1)[1] for note in read(scrapes + WRITE).notes] == [
        "loki.write.default: no source forwards to it"
    ]


def test_labels_that_come_from_elsewhere_leave_the_configuration_open() -> None:
    config = read(f'loki.enrich "e" {{ forward_to = [loki.write.default.receiver] }}\n{WRITE}')
    assert config.unread == ("config.alloy:1: loki.enrich.e: the labels that it adds are not known",)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        ('pods "x" {}', "config.alloy:17: pods.x: the argument destinations is missing"),
        (
            'pods "x" { destination = [] }',
            "config.alloy:17: pods.x: 'destination' is not an argument of pods",
        ),
        (
            'pods "x" { destinations = [] }\nloki.relabel "r" { forward_to = [pods.x.receivers] }',
            "config.alloy:18: pods.x exports no receivers",
        ),
        ('declare "a" {\n  a "b" {}\n}\na "c" {}', "config.alloy:18: a.b: a holds itself"),
        ('pods "x" { destinations = [] }\npods "x" { destinations = [] }', "config.alloy:18: a second pods.x"),
    ],
)
def test_what_alloy_refuses(use: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(f"{PODS}{use}\n")
    assert caught.value.message.startswith(message)
