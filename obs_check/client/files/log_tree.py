"""The files of a tree as a shipper would meet them: a node's or a workspace's, or a copy of one."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from obs_check.documents.nearest import nearest
from obs_check.errors import InputError
from obs_check.shipper.glob import RELATIVE, literal_start
from obs_check.shipper.targets import LogFile

MOST_FILES = 20_000
"""Files that one call lists."""
_MAGIC = (
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"PK\x03\x04", "zip"),
    (b"x\x9c", "z"),
    (b"x\x01", "z"),
    (b"x\xda", "z"),
)
_MOST_LINKS = 20


def list_files(root: Path, below: Iterable[str], now_ns: int) -> list[LogFile]:
    """The files below directories (or the files themselves), named as on the machine whose `/` is `root`.

    Directories that are not there or may not be read have none. Raises InputError when `root` is not a directory, or
    when there are more than MOST_FILES.
    """
    if not root.is_dir():
        raise InputError(f"{root}: not a directory", "name the directory that stands for /")
    found: dict[str, LogFile] = {}
    for start in dict.fromkeys(below):
        for name, path in files_below(root, start):
            found[name] = _file(name, root, path, now_ns)
            if len(found) > MOST_FILES:
                raise InputError(f"more than {MOST_FILES} files below {start}", "name directories: targets ... PATH")
    return [found[path] for path in sorted(found)]


def files_below(root: Path, start: str) -> Iterator[tuple[str, Path]]:
    """The files below a directory, or the one file, each as the machine whose `/` is `root` names it and where it is
    here. Links to directories are followed, as promtail 3.5 and Alloy 1.18 do behind `**`, but not into a directory
    that they lead out of."""
    top = root / start.lstrip("/")
    name = str(PurePosixPath("/") / start.lstrip("/"))
    real = _behind(root, top)
    if real is not None and real.is_dir():
        yield from _below(name, root, real, ())
    elif os.path.lexists(top):
        yield name, top


def _below(name: str, root: Path, directory: Path, above: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    here = directory.resolve()
    if here in above:
        return
    try:
        entries = sorted(directory.iterdir())
    except OSError:
        return
    for entry in entries:
        real = _behind(root, entry)
        own = f"{name.rstrip('/')}/{entry.name}"
        if real is not None and real.is_dir():
            yield from _below(own, root, real, (*above, here))
        else:
            yield own, entry


def missing_directory(glob: str, root: Path) -> str:
    """`: /tmp/boundary is not there, near: /tmp/boundary_logs` where a pattern's own directory is missing below `root`,
    "" where it is there; of one that begins with no slash, what that means."""
    if not glob.startswith("/"):
        return f": it {RELATIVE}"
    at = PurePosixPath(literal_start(glob))
    while not _at(root, at).exists() and not _at(root, at.parent).is_dir():
        at = at.parent
    if _at(root, at).exists():
        return ""
    try:
        names = sorted(entry.name for entry in _at(root, at.parent).iterdir())
    except OSError:
        names = []
    near = nearest(at.name, names)
    return f": {at} is not there" + (f", near: {at.parent / near}" if near else "")


def _at(root: Path, path: PurePosixPath) -> Path:
    return root / str(path).lstrip("/")


def _file(name: str, root: Path, path: Path, now_ns: int) -> LogFile:
    link = str(path.readlink()) if path.is_symlink() else ""
    real = _behind(root, path)
    try:
        status = real.stat() if real else None
    except OSError:
        status = None
    if real is None or status is None:
        return LogFile(name, link=link, there=False)
    readable = os.access(real, os.R_OK)
    packed = _packed(real) if readable and stat.S_ISREG(status.st_mode) else ""
    return LogFile(name, status.st_size, max(0, now_ns - status.st_mtime_ns), readable, link, True, packed)


def _behind(root: Path, path: Path) -> Path | None:
    """Where symbolic links end, absolute ones read from `root`; None when they lead nowhere."""
    for _ in range(_MOST_LINKS):
        if not path.is_symlink():
            return path if path.exists() else None
        target = path.readlink()
        path = root / str(target).lstrip("/") if target.is_absolute() else path.parent / target
    return None


def _packed(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
    except OSError:
        return ""
    return next((name for magic, name in _MAGIC if head.startswith(magic)), "")
