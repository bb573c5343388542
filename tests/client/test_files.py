"""Log files: lines, bytes that are not text, packed files, tags with their place."""

import gzip
import io
import os
import tracemalloc
from pathlib import Path

import pytest

from obs_check.client.files import search
from obs_check.client.files.follow import FollowedFiles
from obs_check.client.files.line_files import LineFiles
from obs_check.client.files.line_times import MOST_AHEAD, Timing, line_time
from obs_check.client.files.named_paths import named_paths
from obs_check.client.files.search import MAX_LINE, FileLine, each_line, each_stdin_line, expand, find_tag
from obs_check.client.files.source import read_streams
from obs_check.client.files.untimed_lines import untimed_entries
from obs_check.errors import InputError
from obs_check.model import secret
from obs_check.model.paths import AbsoluteGlob
from obs_check.model.secret import hide_value
from obs_check.model.window import NS

AT = 1_795_480_918_603_000_000
"""2026-11-24T00:41:58.603Z"""


def test_lines_with_offsets_and_replaced_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\r\ntw\xffo\n\xc3\xa9 last")
    assert list(each_line(path)) == [("one", 0, False), ("tw\ufffdo", 1, False), ("é last", 0, False)]
    assert find_tag(AbsoluteGlob(str(path)), "last", lambda: 5)[0] == {path: [FileLine(10, "é last")]}


def test_packed(tmp_path: Path) -> None:
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(b"one\ntwo\n"))
    assert list(each_line(path)) == [("one", 0, False), ("two", 0, False)]


CUT = [
    (b"12345\n123456\r\n\n123", [("12345", False), ("12345", True), ("", False), ("123", False)]),
    (b"12345\r\n12345", [("12345", False), ("12345", False)]),
    (b"123456", [("12345", True)]),
    ("123é45\n1234é\n12345é".encode(), [("123é", True), ("1234", True), ("12345", True)]),
    ("1€€\n12€\n\U0001f600€\n".encode(), [("1€", True), ("12€", False), ("\U0001f600", True)]),
    (
        b"12\xff\xff\xff\xff\n\xff" * 2,
        [("12\ufffd\ufffd\ufffd", True), ("\ufffd12\ufffd\ufffd", True), ("\ufffd", False)],
    ),
]


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1 << 20])
@pytest.mark.parametrize(("content", "lines"), CUT)
def test_a_line_is_cut_behind_whole_characters(
    content: bytes, lines: list[tuple[str, bool]], chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_CHUNK", chunk)
    path = tmp_path / "a.log"
    path.write_bytes(content)
    assert [(text, cut) for text, _, cut in each_line(path, 5)] == lines
    assert [(text, cut) for text, _, cut in each_stdin_line(io.BytesIO(content), 5)] == lines
    found = read_streams([path], {}, most=5)
    assert found.cut == LineFiles([path], {}, None, most=5).cut + sum(cut for _, cut in lines)


def test_offsets_go_on_behind_a_line_that_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * 3_000_000 + b"\r\nobs=1\n")
    assert find_tag(AbsoluteGlob(str(path)), "obs=1", lambda: 5)[0] == {path: [FileLine(3_000_002, "obs=1")]}


def test_a_line_is_not_cut_inside_of_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret, "_forms", {})
    monkeypatch.setattr(secret, "_found", None)
    hide_value("s3cr3t-value-of-a-line")
    path = tmp_path / "a.log"
    path.write_bytes(b"")
    grown: list[str] = []
    followed = FollowedFiles([str(path)], {}, lambda: Timing(None, lambda: AT), lambda _text: None, most=50)
    with path.open("ab") as file:
        for before in range(60):
            line = f"{before:>2}{'x' * before} token=s3cr3t-value-of-a-line and the rest of it\n"
            for part in (line[:45].encode(), line[45:].encode()):
                file.write(part)
                file.flush()
                grown += [entry.line for stream in followed.poll() for entry in stream.entries]
    followed.close()
    with path.open("rb") as stream:
        read = [[text for text, *_ in lines] for lines in (each_line(path, 50), each_stdin_line(stream, 50))]
    assert read[0] == read[1] == grown
    assert {"s3" in line.replace("s3cr3t-value-of-a-line", "") for line in read[0]} == {False}
    assert sum("s3cr3t-value-of-a-line" in line for line in read[0]) == 20
    assert max(map(len, read[0])) == 50


@pytest.mark.parametrize("hole", [5, 9000, 3 << 20])
def test_a_file_truncated_while_its_writer_kept_its_place_is_read_behind_the_hole(hole: int, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with path.open("wb") as file:
        file.seek(hole)
        file.write(b"obs=1\nlast\n")
    assert find_tag(AbsoluteGlob(str(path)), "obs=1", lambda: 5)[0] == {path: [FileLine(hole, "obs=1")]}
    with path.open("rb") as stream:
        assert [[text for text, *_ in lines] for lines in (each_line(path), each_stdin_line(stream))] == [
            ["obs=1", "last"]
        ] * 2
    with path.open("r+b") as file:
        file.seek(hole + 8)
        file.write(b"\0")
    with pytest.raises(InputError, match="binary"):
        list(each_line(path))


@pytest.mark.parametrize("piped", [False, True])
def test_a_packed_line_without_an_end_takes_no_memory(piped: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.log.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(64):
            file.write(b"x" * (1 << 20))
    tracemalloc.start()
    with path.open("rb") as stream:
        ((text, _, cut),) = each_stdin_line(stream) if piped else each_line(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(text), cut) == (MAX_LINE, True)
    assert most < 10 << 20


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.log", b"text\0", r"a\.log: binary \(byte 4 is NUL\)"),
        ("a.gz", b"no gzip", "broken gzip"),
        ("b.gz", gzip.compress(b"x" * 9000)[:-12], "broken gzip"),
        ("gone.log", None, "gone.log: No such file"),
    ],
    ids=["binary", "no-gzip", "cut-gzip", "gone"],
)
def test_what_cannot_be_read(name: str, content: bytes | None, words: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words):
        list(each_line(tmp_path / name))


def test_find_tag(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.log").write_text("x\nGET /?obs=abcd-1-allow\n")
    (tmp_path / "b.log").write_text("nothing\n")
    value, probe = find_tag(AbsoluteGlob(f"{tmp_path}/**/*.log"), "obs=abcd-", lambda: 5)
    path = tmp_path / "sub" / "a.log"
    assert value == {path: [FileLine(2, "GET /?obs=abcd-1-allow")]}
    assert probe.answer == {"files": {str(path): 1}, "searched": 2, "sample": ["GET /?obs=abcd-1-allow"]}
    assert (probe.system, probe.at_ns, probe.bytes_read) == ("file", 5, 33)
    assert expand(f"{tmp_path}/none-*") == []


def test_an_old_file_that_cannot_be_read_has_nothing_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "old.log").write_bytes(b"a\0")
    (tmp_path / "new.log").write_text("obs=abcd-1-allow\n")
    os.utime(tmp_path / "old.log", (5, 5))
    glob = AbsoluteGlob(f"{tmp_path}/*.log")
    assert [path.name for path in find_tag(glob, "obs=abcd-", lambda: 5, 100 * NS)[0]] == ["new.log"]
    with pytest.raises(InputError, match="binary"):
        find_tag(glob, "obs=abcd-", lambda: 5, 60 * NS)


def test_a_file_with_several_names_is_searched_once(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("obs=abcd-1-allow\n")
    (tmp_path / "b.log").symlink_to("a.log")
    value, probe = find_tag(AbsoluteGlob(f"{tmp_path}/*.log"), "obs=abcd-", lambda: 5)
    assert [path.name for path in value] == ["a.log"]
    assert probe.answer["searched"] == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("time=2026-11-24T00:41:58.603Z level=INFO msg=DENY", AT),
        ('level=INFO ts="2026-11-23T19:41:58.603-05:00"', AT),
        ('{"ts":"2026-11-24T00:41:58.603Z","msg":"x"}', AT),
        ('{"msg":"x","time":1795480918.603}', AT),
        ('{"time":1795480918603}', AT),
        ('{"time":"1795480918603000000"}', AT),
        ("2026-11-24T00:41:58.603000000Z stdout F line", AT),
        ("2026-11-24 00:41:58.603 [info] x", AT),
        ("2026-11-24T00:41:58.603123456Z x", AT + 123_456),
        ("uptime=2026-11-24T00:41:58.603Z", None),
        ("2026-13-24T00:00:00Z x", None),
        ("2026-11-24T00:41:58+99:99 x", None),
        ('{"time": true}', None),
        ('{"time": -1}', None),
        ("plain", None),
        ("", None),
    ],
)
def test_line_time(line: str, expected: int | None) -> None:
    assert line_time(line) == expected


def test_a_named_key_is_the_only_one_looked_at() -> None:
    assert line_time('2020-01-01T00:00:00Z {"at":"2026-11-24T00:41:58.603Z","ts":1}', "at") == AT
    assert line_time("time=2020-01-01T00:00:00Z at=2026-11-24T00:41:58.603Z", "at") == AT
    assert line_time("time=2020-01-01T00:00:00Z", "at") is None


def test_streams(tmp_path: Path) -> None:
    timed, plain = tmp_path / "a.log", tmp_path / "b.log"
    timed.write_text("2026-11-24T00:41:58.603Z b\n more\n\n2026-11-24T00:41:57Z a\n")
    plain.write_text("x\ny\n")
    found = read_streams(named_paths([f"{tmp_path}/*.log", str(plain)]), {"job": "j"})
    first, second = found.streams
    assert first.labels == {"filename": str(timed), "job": "j"}
    assert [(e.ts - AT, e.line[-4:]) for e in first.entries[1:]] == [(0, "3Z b"), (1, "more")]
    mtime = plain.stat().st_mtime_ns
    assert [(e.ts, e.line) for e in second.entries] == [(mtime, "x"), (mtime + 1, "y")]
    assert found.untimed == 3
    with pytest.raises(InputError, match="no file matches"):
        named_paths(["/nonexistent/*.log"])


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([" of a trace", " its end", "2026-11-24T00:41:58.603Z a", " b"], [-2, -1, 0, 1]),
        (["x"] * MOST_AHEAD + ["2026-11-24T00:41:58.603Z a"], None),
    ],
    ids=["the rest of a trace", "a time too far behind"],
)
def test_lines_before_the_first_time(lines: list[str], expected: list[int] | None, tmp_path: Path) -> None:
    """Times are in ns behind the first that is said; None stands for times from the file's mtime on."""
    path = tmp_path / "a.log"
    path.write_text("\n".join(lines))
    mtime = path.stat().st_mtime_ns
    wanted = [mtime + i for i in range(MOST_AHEAD)] + [AT] if expected is None else [AT + i for i in expected]
    (stream,) = read_streams([path], {}).streams
    assert sorted(entry.ts for entry in stream.entries) == sorted(wanted)
    untimed = {line for line in lines if line_time(line) is None}
    assert untimed_entries(path, untimed, None) == [entry for entry in stream.entries if entry.line in untimed]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("", [0, 5, 1, 2]),
        ("2026-11-24T00:41:59.603Z new\n", [0, 5, 1, 2]),
        (None, [7]),
    ],
    ids=["the same file", "one that grew", "another file"],
)
def test_parts_of_a_file_that_is_read_twice(change: str | None, expected: list[int], tmp_path: Path) -> None:
    """Times are in ns behind the first."""
    path = tmp_path / "a.log"
    path.write_text(
        "2026-11-24T00:41:58.603Z a\n2026-11-24T00:41:58.603000005Z b\n\n2026-11-24T00:41:58.603000001Z\n c\n"
    )
    files = LineFiles([path], {}, None, held=3)
    assert files.bounds() == (AT, AT + 5)
    assert (files.lines, files.untimed) == (4, 1)
    if change is None:
        path.rename(tmp_path / "old.log")
        path.write_text("2026-11-24T00:41:58.603000007Z d\n")
    else:
        path.write_text(path.read_text() + change)
    for _ in range(2):
        parts = list(files.select((), AT, AT + NS))
        assert [sorted(e.ts - AT for e in part.entries) for part in parts] == [
            sorted(expected[at : at + 3]) for at in range(0, len(expected), 3)
        ]
    assert files.lines == len(expected)


@pytest.mark.parametrize(
    "lines", ["2262-04-11T23:47:16.854775807Z a\n b\n", " b\n1677-09-21T00:12:43.145224192Z a\n"], ids=["last", "first"]
)
def test_a_line_beside_the_end_of_64_bits_stays_inside(lines: str, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(lines)
    found = read_streams([path], {})
    assert LineFiles([path], {}, None).bounds() == found.bounds
    assert max(found.bounds) - min(found.bounds) <= 1


@pytest.mark.parametrize("line", ["9999-12-31T00:00:00Z x", '{"ts":98765432109876543210}', "ts=98765432109876543210"])
def test_a_time_beyond_64_bits_is_none(line: str) -> None:
    assert line_time(line) is None
