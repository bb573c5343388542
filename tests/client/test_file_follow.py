"""Files that grow, are truncated, renamed, removed, and come."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from obs_check.client.files.follow import FollowedFiles
from obs_check.client.files.line_times import Timing


class Log:
    """A folder that is followed; `new()` gives the new lines as "file: line"."""

    def __init__(self, folder: Path, from_start: bool = False) -> None:
        self.said: list[str] = []
        self.files = FollowedFiles(
            [f"{folder}/*.log*"],
            {"job": "j"},
            lambda: Timing(None, lambda: 1_000),
            self.said.append,
            from_start=from_start,
        )

    def new(self) -> list[str]:
        return [f"{Path(s.labels['filename']).name}: {e.line}" for s in self.files.poll() for e in s.entries]


@pytest.fixture
def follow(tmp_path: Path) -> Iterator[Callable[..., Log]]:
    logs: list[Log] = []

    def start(from_start: bool = False) -> Log:
        logs.append(Log(tmp_path, from_start))
        return logs[-1]

    yield start
    for log in logs:
        log.files.close()


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_only_what_is_written_from_now_on(tmp_path: Path, follow: Callable[..., Log]) -> None:
    path = tmp_path / "a.log"
    path.write_text("old\n")
    log, whole = follow(), follow(from_start=True)
    assert log.new() == []
    append(path, "one\r\n\ntwo\nhal")
    assert log.new() == ["a.log: one", "a.log: two"]
    append(path, "f\n")
    assert log.new() == ["a.log: half"]
    assert whole.new() == ["a.log: old", "a.log: one", "a.log: two", "a.log: half"]


def test_a_renamed_file_is_read_to_its_end_and_not_again(tmp_path: Path, follow: Callable[..., Log]) -> None:
    path = tmp_path / "a.log"
    path.write_text("old\n")
    log = follow()
    append(path, "one\n")
    path.rename(tmp_path / "a.log.1")
    append(tmp_path / "a.log.1", "two\n")
    path.write_text("three\n")
    assert sorted(log.new()) == ["a.log: one", "a.log: three", "a.log: two"]
    assert log.new() == []
    # Out of the pattern's sight, with a last line that has no end.
    append(path, "four")
    path.rename(tmp_path / "gone")
    assert log.new() == ["a.log: four"]
    path.write_text("five\n")
    assert log.new() == ["a.log: five"]


def test_a_truncated_file_is_read_from_its_start(tmp_path: Path, follow: Callable[..., Log]) -> None:
    path = tmp_path / "a.log"
    path.write_text("a long old line\n")
    log = follow()
    path.write_text("new\n")
    assert log.new() == ["a.log: new"]
    assert log.said == [f"{path} was truncated: it is read from its start"]


def test_a_file_truncated_while_its_writer_kept_its_place(tmp_path: Path, follow: Callable[..., Log]) -> None:
    path = tmp_path / "a.log"
    path.write_text("old\n")
    log = follow()
    with path.open("r+b") as file:
        file.truncate(0)
        assert log.new() == []
        file.seek(300_000)
        file.write(b"new\n")
    assert log.new() == ["a.log: new"]


def test_files_that_come_later(tmp_path: Path, follow: Callable[..., Log]) -> None:
    log = follow()
    assert log.said == [f"no file yet: waiting for {tmp_path}/*.log*"]
    (tmp_path / "b.log").write_text("first\n")
    (tmp_path / "b.log.gz").write_bytes(gzip.compress(b"packed\n"))
    assert log.new() == ["b.log: first"]
    assert log.new() == []
    assert log.said[1:] == [f"{tmp_path}/b.log.gz is packed or binary: not followed"]


def test_a_line_that_grows_too_long_is_cut(tmp_path: Path) -> None:
    said: list[str] = []
    path = tmp_path / "a.log"
    path.write_text("")
    files = FollowedFiles([str(path)], {}, lambda: Timing(None, lambda: 1_000), said.append, most=5)
    found = []
    for text in ("123", "456", "789\n12", "345\r\n", "1234567\n"):
        append(path, text)
        found += [entry.line for stream in files.poll() for entry in stream.entries]
    files.close()
    assert found == ["12345", "12345", "12345"]
    assert said == [f"{path}: 1 line of more than 5 bytes cut there"] * 2
