"""A zip of which every byte follows from what is in it: the same files give the same bytes on every machine.

Files are stored, not packed (zlib does not pack alike everywhere), in the order given, without times. The archive's
comment is a seal: the SHA-256 of all bytes before the end record. So an archive is as it was written exactly when what
is read from it, written again, is the same.
"""

import hashlib
import io
import re
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

from obs_check.errors import InputError
from obs_check.model.wording import count_noun

MOST_BYTES = 512 * 1024 * 1024
"""Of an archive that is read."""
MOST_FILES = 2000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(?:/[A-Za-z0-9][A-Za-z0-9_.-]*){0,4}")
_MODE = stat.S_IFREG | 0o644
_SEAL_BYTES = len("sha256 ") + 64
_END_BYTES = 22 + _SEAL_BYTES
"""APPNOTE.TXT 4.3.16: the end record has 22 bytes and the comment."""
_LONGEST_NAME = 200


def archive_bytes(files: Mapping[str, bytes]) -> bytes:
    """The archive of files by name (relative, with `/`); ValueError for a name that reading would refuse."""
    for name in files:
        if not _plain(name):
            raise ValueError(f"{name!r} cannot be the name of a file in an archive")
    unsealed = _written(files, b"0" * _SEAL_BYTES)
    digest = hashlib.sha256(unsealed[:-_END_BYTES]).hexdigest()
    return unsealed[:-_SEAL_BYTES] + f"sha256 {digest}".encode()


def _written(files: Mapping[str, bytes], comment: bytes) -> bytes:
    place = io.BytesIO()
    with zipfile.ZipFile(place, "w", zipfile.ZIP_STORED) as archive:
        archive.comment = comment
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3
            entry.external_attr = _MODE << 16
            archive.writestr(entry, content)
    return place.getvalue()


def read_archive(path: Path) -> tuple[dict[str, bytes], str]:
    """The files of an archive that `archive_bytes` made, and how the archive is not as it was made ("" where it is).

    Nothing is unpacked to disk. InputError for what is not an archive of this kind: not a zip, too large, a name that
    leads elsewhere or stands there twice, a link or a folder, a file that is packed or says to be larger than the
    archive.
    """
    hint = "give a file that `obs-check bundle` wrote"
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise InputError(f"{path}: {count_noun(size, 'byte')}, at most {MOST_BYTES:,} are read", hint)
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", hint) from error
    try:
        files = _checked(raw, path, hint)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise InputError(f"{path}: not a zip that can be read: {error}", hint) from None
    return files, _difference(raw, files)


def _checked(raw: bytes, path: Path, hint: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        entries = archive.infolist()
        wrong = _refusal(entries, len(raw))
        if wrong:
            raise InputError(f"{path}: {wrong}; nothing of it was read", hint)
        for entry in entries:
            # Read where it stands: zip's own sum is no more than 32 bits, and would end the reading at the first file.
            name_bytes, extra_bytes = struct.unpack_from("<HH", raw, entry.header_offset + 26)
            start = entry.header_offset + 30 + name_bytes + extra_bytes
            content = raw[start : start + entry.file_size]
            if len(content) != entry.file_size:
                raise InputError(f"{path}: {entry.filename} has a size other than recorded", hint)
            files[entry.filename] = content
    return files


def _refusal(entries: list[zipfile.ZipInfo], size: int) -> str:
    """Why an archive is not read: the words for the first thing that is wrong, "" where nothing is."""
    if len(entries) > MOST_FILES:
        return f"{count_noun(len(entries), 'file')}, at most {MOST_FILES:,} are read"
    seen: set[str] = set()
    declared = 0
    for entry in entries:
        name, mode = entry.filename, entry.external_attr >> 16
        shown = name[:_LONGEST_NAME]
        if not _plain(name):
            return f"{shown!r} is not a name that a bundle has: it may lead out of the folder"
        if name.lower() in seen:
            return f"{shown!r} stands there twice"
        seen.add(name.lower())
        if mode and not stat.S_ISREG(mode):
            return f"not a regular file: {shown!r}"
        if entry.flag_bits & 0x1:
            return f"{shown!r} is encrypted"
        if entry.compress_type != zipfile.ZIP_STORED:
            return f"{shown!r} is packed: a bundle stores its files as they are"
        declared += entry.file_size
        if entry.file_size != entry.compress_size or declared > size:
            return f"{shown!r} claims {count_noun(entry.file_size, 'byte')}, more than the archive holds"
    return ""


def _difference(raw: bytes, files: Mapping[str, bytes]) -> str:
    """Where an archive differs from the one that its files make."""
    wanted = archive_bytes(files)
    if raw == wanted:
        return ""
    if len(raw) != len(wanted):
        return f"the archive has {count_noun(len(raw), 'byte')}, its files make one of {len(wanted):,}"
    place = next(n for n, (one, other) in enumerate(zip(raw, wanted, strict=True)) if one != other)
    if place >= len(raw) - _SEAL_BYTES:
        return "the seal is not that of the archive: something in it was changed"
    return f"byte {place:,} of the archive, outside of its files' contents, was changed"


def _plain(name: str) -> bool:
    return len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None
