"""The shipper's files as the disk of this machine has them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from obs_check.client.files.log_tree import files_below
from obs_check.errors import ConfigError
from obs_check.model.shipping import FileState, TargetState
from obs_check.shipper.glob import compile_glob, literal_start, matches

COMPRESSED = (b"\x1f\x8b", b"BZ", b"PK", b"x\x9c", b"x\x01", b"x\xda")
"""First bytes of gzip, bzip2, zip and zlib: there an offset is one of the unpacked text."""
MOST_COUNTED = 1 << 28
"""Bytes of a file whose lines are counted."""
MOST_FILES = 5000
"""Files that are looked for below one pattern's directory; a node's /var/log/pods has hundreds."""


@dataclass(frozen=True, slots=True)
class Disk:
    """Where the shipper's paths are seen from here: `root` is put before each (`/` when it runs on this machine)."""

    root: Path = Path("/")

    def at(self, path: str) -> Path:
        """Where a path of the shipper is on this machine."""
        return self.root / path.lstrip("/")

    def name_of(self, path: str, names: Iterable[str], globs: Iterable[str]) -> str:
        """The name under which a shipper has a file that is `path` here: that one where it is among `names` or fits one
        of `globs`, else another one there of the same file (a link leads to it), else `path`."""
        known, patterns = list(names), list(globs)
        if path in known or any(matches(pattern, path) for pattern in patterns):
            return path
        for name in chain(known, (found for pattern in patterns for found in self._below(pattern))):
            try:
                if self.at(name).samefile(self.at(path)):
                    return name
            except OSError:
                continue
        return path

    def _found(self, known: Iterable[str], targets: Iterable[TargetState], globs: Iterable[str]) -> list[FileState]:
        """The files that patterns take, as the shipper names them, with the job whose pattern it is ("" for `globs`).
        Patterns that are none take nothing."""
        jobs: dict[str, str] = {}
        for target in targets:
            excluded = target.discovered.get("__path_exclude__", "")
            for path in self._below(target.glob) if target.glob and not target.dropped else ():
                if not (excluded and matches(excluded, path)):
                    jobs.setdefault(path, target.job)
        names = [*jobs, *known]
        for path in (path for glob in globs if glob for path in self._below(glob)):
            jobs.setdefault(self.name_of(path, names, ()), "")
        return [FileState(path, jobs[path]) for path in sorted(jobs)]

    def with_files(
        self, files: Iterable[FileState], targets: Iterable[TargetState], globs: Iterable[str]
    ) -> dict[str, FileState]:
        """Files by path as the disk completes them, with those that patterns take besides."""
        known = {file.path: file for file in files}
        found = {file.path: file for file in self._found(known, targets, globs)}
        named = (replace(f, job=f.job or found[f.path].job) if f.path in found else f for f in known.values())
        every = found | {file.path: file for file in named}
        return {file.path: file for file in self._complete(every.values())}

    def _below(self, pattern: str) -> list[str]:
        """The files that a pattern takes; what it takes below the shipper's working directory is not known."""
        if not pattern.startswith("/"):
            return []
        try:
            regex = compile_glob(pattern)
        except ConfigError:
            return []
        below = islice(files_below(self.root, literal_start(pattern)), MOST_FILES)
        return [name for name, _ in below if regex.fullmatch(name)]

    def _complete(self, files: Iterable[FileState]) -> list[FileState]:
        """The files with what the disk says of each.

        Where the shipper knows files and none of them is here, it runs elsewhere: then nothing is said of the disk.
        """
        looked = [self._look(file) for file in files]
        known = [file for file in looked if file.known]
        if known and not any(file.on_disk for file in known):
            return [replace(file, on_disk=None) for file in looked if file.known]
        return looked

    def _look(self, file: FileState) -> FileState:
        try:
            status = self.at(file.path).stat()
        except FileNotFoundError:
            return replace(file, on_disk=False)
        except OSError:
            return file
        on_line = self.on_line(file.path, file.offset) if file.offset else None
        lines = self.lines_from(file.path, 0) if file.lags and file.offset != status.st_size <= MOST_COUNTED else None
        return replace(
            file, on_disk=True, disk_bytes=status.st_size, inode=status.st_ino, on_line=on_line, disk_lines=lines
        )

    def lines_from(self, path: str, start: int) -> int | None:
        """The complete lines of a file from a byte on; None where it cannot be read, or is packed."""
        try:
            with self.at(path).open("rb") as stream:
                if stream.read(4)[:2] in COMPRESSED:
                    return None
                stream.seek(start)
                return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 20), b""))
        except OSError:
            return None

    def on_line(self, path: str, offset: int) -> bool | None:
        """Whether an offset is at the start of a line; None where that cannot be said (behind the end, compressed)."""
        if not offset:
            return True
        try:
            with self.at(path).open("rb") as stream:
                if stream.read(4)[:2] in COMPRESSED:
                    return None
                stream.seek(offset - 1)
                before = stream.read(1)
        except OSError:
            return None
        return before == b"\n" if before else None
