"""Changes of an Alloy text touch what they are about and nothing else, wherever it stands on its rows."""

from pathlib import Path

import pytest

from obs_check.app.systems.apply import apply_fixes
from obs_check.client.files.text_files import read_exact, write_exact
from obs_check.evidence.dashboard_edit import file_fix
from obs_check.model.finding import Finding, Observation, Subject
from obs_check.model.probe import Probe
from obs_check.shipper.alloy.edit import AlloyText
from obs_check.shipper.model import ScrapeJob
from obs_check.shipper.read import alloy_parts, parse_shipper

HEAD = """\
loki.source.file "a" {
  targets    = [{"__path__" = "/a.log"}]
  forward_to = [loki.process.a.receiver]
}
"""
TAIL = """\
loki.write "w" { endpoint { url = "http://loki.example" } }
"""
FORWARD = "forward_to = [loki.write.w.receiver]"


def read(process: str, head: str = HEAD) -> tuple[AlloyText, ScrapeJob]:
    text = head + process + TAIL
    (job,) = parse_shipper(text, "config.alloy", {}).jobs
    return AlloyText(text, alloy_parts(text, "config.alloy"), "config.alloy"), job


@pytest.mark.parametrize(
    ("stage", "left"),
    [
        (
            "stage.timestamp {\n source = `t`\n location = `UTC` // why\n format = `RFC3339`\n}",
            "{\n source = `t`\n format = `RFC3339`\n}",
        ),
        (
            "stage.timestamp { source = `t`\n format = `RFC3339`\n location = `UTC` }",
            "{ source = `t`\n format = `RFC3339`\n }",
        ),
        (
            "stage.timestamp { location = `UTC`\n source = `t`\n format = `RFC3339` }",
            "{\n source = `t`\n format = `RFC3339` }",
        ),
        (
            "stage.timestamp {\n source = `t`\n format = `RFC3339`\n location =\n `UTC`\n}",
            "{\n source = `t`\n format = `RFC3339`\n}",
        ),
    ],
)
def test_an_attribute_is_taken_out(stage: str, left: str) -> None:
    edit, job = read(f'loki.process "a" {{\n{FORWARD}\n{stage}\n}}\n')
    after = edit.without_attribute(job, "1 timestamp", "location")
    assert after == HEAD + f'loki.process "a" {{\n{FORWARD}\nstage.timestamp {left}\n}}\n' + TAIL


def test_a_block_of_one_row_is_left_without_its_attribute() -> None:
    edit, job = read(f'loki.process "a" {{\n{FORWARD}\nstage.cri {{ max_partial_lines = 5 }}\n}}\n')
    after = edit.without_attribute(job, "1 cri", "max_partial_lines")
    assert after == HEAD + f'loki.process "a" {{\n{FORWARD}\nstage.cri {{ }}\n}}\n' + TAIL


def test_a_value_is_taken_out_of_a_block_of_one_row() -> None:
    edit, _ = read(f'loki.process "a" {{ {FORWARD} }}\n')
    after = edit.without_value("url", "http://loki.example")
    assert after is not None
    assert after.endswith('loki.write "w" { endpoint { } }\n')


@pytest.mark.parametrize(
    ("process", "want"),
    [
        (
            f"{{\n  {FORWARD}\n\n  stage.docker {{ }}\n}}",
            f"{{\n  {FORWARD}\n\n  stage.cri {{ }}\n  stage.docker {{ }}\n}}",
        ),
        (f"{{\n{FORWARD}\n}}", f"{{\n{FORWARD}\n\tstage.cri {{ }}\n}}"),
        (f"{{ {FORWARD} }}", f"{{ {FORWARD}\n\tstage.cri {{ }}\n}}"),
        (f"{{ stage.docker {{ }}\n{FORWARD} }}", f"{{\n\tstage.cri {{ }}\n\tstage.docker {{ }}\n{FORWARD} }}"),
    ],
)
def test_a_stage_is_put_in_front(process: str, want: str) -> None:
    edit, job = read(f'loki.process "a" {process}\n')
    after = edit.with_first_stage(job, "cri")
    assert after == HEAD + f'loki.process "a" {want}\n' + TAIL
    (changed,) = parse_shipper(after, "config.alloy", {}).jobs
    assert changed.pipeline.stages[0].kind == "cri"


@pytest.mark.parametrize("odd", ["\u2028", "\x0c", "\x85", "\x1c"])
def test_only_a_line_feed_ends_a_row(odd: str) -> None:
    head = f"// one{odd}row\n{HEAD}"
    edit, job = read(
        f'loki.process "a" {{\n{FORWARD}\nstage.cri {{ }}\nstage.drop {{\n expression = ".*"\n}}\n}}\n', head
    )
    after = edit.without_stage(job, "2 drop")
    assert after == head + f'loki.process "a" {{\n{FORWARD}\nstage.cri {{ }}\n}}\n' + TAIL
    first = edit.with_first_stage(job, "docker")
    assert first is not None
    assert first.startswith(head)


def test_line_ends_of_another_system_stay(tmp_path: Path) -> None:
    path = tmp_path / "config.alloy"
    process = f'loki.process "a" {{\n{FORWARD}\nstage.cri {{ }}\n}}\n'
    write_exact(path, (HEAD + process + TAIL).replace("\n", "\r\n"))
    text = read_exact(path)
    (job,) = parse_shipper(text, "config.alloy", {}).jobs
    edit = AlloyText(text, alloy_parts(text, "config.alloy"), "config.alloy")
    after = edit.without_stage(job, "1 cri")
    assert after is not None
    fix = file_fix("take it out", path, text, after)
    assert [row for row in fix.diff.split("\n")[2:] if row[0] in "+-"] == ["-stage.cri { }\r"]
    seen = Observation((Probe("shipper", "", None, 0),))
    finding = Finding("shipper.drop-stage", "error", "shipper", Subject(), "a stage drops the lines", seen, fix)
    apply_fixes([finding], lambda _edits, _message: "")
    assert path.read_bytes() == (HEAD + process.replace("stage.cri { }\n", "") + TAIL).replace("\n", "\r\n").encode()
    assert edit.with_first_stage(job, "docker") == text.replace("stage.cri", "stage.docker { }\r\nstage.cri")
