"""An archive says what was put into it, byte by byte, or is refused."""

import io
import random
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from warnings import catch_warnings, filterwarnings

import pytest

from obs_check.client.files.archive import archive_bytes, read_archive
from obs_check.errors import InputError

FILES = {"manifest.json": b"{}", "tables/hops.csv": b"path,hop\nA,file\n" * 40, "report.html": b"\x00\xff<p>"}


def kept(folder: Path, raw: bytes) -> Path:
    path = folder / "a.zip"
    path.write_bytes(raw)
    return path


def test_the_same_files_make_the_same_bytes(tmp_path: Path) -> None:
    raw = archive_bytes(FILES)
    assert raw == archive_bytes(dict(FILES))
    assert read_archive(kept(tmp_path, raw)) == (FILES, "")
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == list(FILES)
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_every_changed_byte_is_found(tmp_path: Path) -> None:
    raw = archive_bytes(FILES)
    chance = random.Random(20260101)
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1 << chance.randrange(8)
        try:
            files, problem = read_archive(kept(tmp_path, bytes(changed)))
        except InputError:
            continue
        assert problem or files != FILES, place


@pytest.mark.parametrize("change", [lambda raw: raw + b"x", lambda raw: b"x" + raw, lambda raw: raw[:-1]])
def test_what_stands_around_it_is_found(change: Callable[[bytes], bytes], tmp_path: Path) -> None:
    raw = change(archive_bytes(FILES))
    try:
        _, problem = read_archive(kept(tmp_path, raw))
    except InputError:
        return
    assert problem


def zipped(*entries: tuple[str, bytes], mode: int = stat.S_IFREG | 0o644, packing: int = zipfile.ZIP_STORED) -> bytes:
    place = io.BytesIO()
    with zipfile.ZipFile(place, "w", packing) as archive, catch_warnings():
        filterwarnings("ignore", "Duplicate name")
        for name, content in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            entry.compress_type = packing
            archive.writestr(entry, content)
    return place.getvalue()


def lying(raw: bytes, size: int) -> bytes:
    """The archive of one file that claims another size."""
    old = (5).to_bytes(4, "little")
    return raw.replace(old + old, size.to_bytes(4, "little") * 2)


HOSTILE = {
    "no zip": (b"PK\x03\x04 no zip", "not a zip"),
    "nothing": (b"", "not a zip"),
    "cut off": (archive_bytes(FILES)[:200], "not a zip"),
    "a name that climbs": (zipped(("../../etc/passwd", b"x")), "not a name that a bundle has"),
    "a name inside that climbs": (zipped(("tables/../../x", b"x")), "not a name that a bundle has"),
    "an absolute name": (zipped(("/etc/passwd", b"x")), "not a name that a bundle has"),
    "a drive": (zipped(("C:/x", b"x")), "not a name that a bundle has"),
    "a backslash": (zipped(("a\\..\\b", b"x")), "not a name that a bundle has"),
    "a folder": (zipped(("tables/", b"")), "not a name that a bundle has"),
    "a hidden file": (zipped((".ssh/authorized_keys", b"x")), "not a name that a bundle has"),
    "a control character": (zipped(("a\x1b[2Jb", b"x")), "not a name that a bundle has"),
    "a link": (zipped(("a", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777), "not a regular file"),
    "a device": (zipped(("a", b""), mode=stat.S_IFCHR | 0o666), "not a regular file"),
    "a file twice": (zipped(("a", b"1"), ("a", b"2")), "stands there twice"),
    "a file twice for some systems": (zipped(("a", b"1"), ("A", b"2")), "stands there twice"),
    "packed": (zipped(("a", b"0" * 10**6), packing=zipfile.ZIP_DEFLATED), "is packed"),
    "more than it holds": (lying(zipped(("a", b"12345")), 10**9), "more than the archive holds"),
    "less than it holds": (lying(zipped(("a", b"12345")), 3), ""),
    "too many": (zipped(*((f"f{n}", b"") for n in range(2001))), "at most 2,000"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_or_told(name: str, tmp_path: Path) -> None:
    raw, words = HOSTILE[name]
    if not words:
        assert read_archive(kept(tmp_path, raw))[1]
        return
    with pytest.raises(InputError, match=words):
        read_archive(kept(tmp_path, raw))
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_files_that_lie_on_each_other_are_refused(tmp_path: Path) -> None:
    """Many entries of the directory that name one content: the sizes that they say add up to more than there is."""
    raw = bytearray(zipped(*((f"f{n}", b"0" * 1000) for n in range(9))))
    with zipfile.ZipFile(io.BytesIO(bytes(raw))) as archive:
        start = archive.start_dir
    for n in range(9):
        place = raw.index(b"PK\x01\x02", start + 48 * n)
        raw[place + 24 : place + 28] = (4000).to_bytes(4, "little")
        raw[place + 20 : place + 24] = (4000).to_bytes(4, "little")
    with pytest.raises(InputError, match="more than the archive holds"):
        read_archive(kept(tmp_path, bytes(raw)))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.zip: No such file"):
        read_archive(tmp_path / "none.zip")


@pytest.mark.parametrize("name", ["../a", "/a", "a\\b", "", "a/", "x" * 201])
def test_no_archive_is_made_that_would_be_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        archive_bytes({name: b""})
