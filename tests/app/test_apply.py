"""Fixes that are written into files, and those that cannot be."""

from pathlib import Path

import pytest

from obs_check.app.systems.apply import apply_fixes
from obs_check.errors import ConfigError
from obs_check.model.finding import FileEdit, Finding, Fix, Observation, Subject, TargetEdit
from obs_check.model.probe import Probe
from tests.full_disk import room


def finding(path: Path, edit: FileEdit | None = None) -> Finding:
    """One that changes a file and the dashboard."""
    edits = (edit or FileEdit(str(path), "log_level: warn\r\n", "log_level: info\r\n"), TargetEdit(1, "A", "a", "b"))
    return Finding(
        "c",
        "error",
        "file",
        Subject("d"),
        "claim",
        Observation((Probe("file", "read", "", 0),)),
        Fix("fix", edits=edits),
    )


def test_a_file_is_changed_and_the_text_before_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "boundary.yaml"
    path.write_bytes(b"log_level: warn\r\n")
    done = apply_fixes([finding(path)], lambda _edits, _message: "dashboard saved")
    assert done[0] == "dashboard saved"
    assert done[1].startswith(f"{path} changed; the text before is {path}.before")
    assert path.read_bytes() == b"log_level: info\r\n"
    assert (tmp_path / "boundary.yaml.before").read_bytes() == b"log_level: warn\r\n"


@pytest.mark.parametrize("content", [None, b"log_level: error\n", b"\xff"], ids=["gone", "another text", "binary"])
def test_nothing_is_changed_where_a_file_is_not_as_it_was(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "boundary.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"boundary\.yaml has changed since it was diagnosed"):
        apply_fixes([finding(path)], lambda _edits, _message: pytest.fail("the dashboard is left alone"))


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = tmp_path / "boundary.yaml"
    path.write_bytes(b"log_level: warn\r\n")
    (tmp_path / "boundary.yaml.before").mkdir()
    with pytest.raises(ConfigError, match=r"boundary\.yaml\.before: cannot be written: Is a directory") as caught:
        apply_fixes([finding(path)], lambda _edits, _message: "dashboard saved")
    assert caught.value.hint == "make the change by hand"
    assert path.read_bytes() == b"log_level: warn\r\n"


@pytest.mark.parametrize("size", [4, 20])
def test_a_full_disk_leaves_a_file_as_it_was(size: int, tmp_path: Path) -> None:
    path = tmp_path / "boundary.yaml"
    path.write_bytes(b"log_level: warn\r\n")
    edit = FileEdit(str(path), "log_level: warn\r\n", "log_level: info # and why\r\n")
    with room(size), pytest.raises(ConfigError) as caught:
        apply_fixes([finding(path, edit)], lambda _edits, _message: "dashboard saved")
    full = f"{path}.before" if size == 4 else str(path)
    said = f"{full}: cannot be written: File too large; before that: dashboard saved"
    assert (caught.value.message, caught.value.hint) == (said, "make the change by hand")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {path.name: b"log_level: warn\r\n"}
