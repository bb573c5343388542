"""The documents of earlier commands, each in a file of its own in the state directory: written whole or not at all, so
that several commands may keep theirs at once."""

import fcntl
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from obs_check.errors import InputError, UsageError, with_room
from obs_check.model.window import NS
from obs_check.model.wording import count_noun

FOLDER = "runs"
MOST_KEPT = 100
"""Documents that are kept; the oldest goes first."""
LAST = "last"
_NAME = re.compile(r"(?P<at>\d{8}T\d{6}\.\d{9}Z)-(?P<command>[a-z]+)-(?P<id>[a-z0-9]{4,16})\.json")
_PREFIX = re.compile(r"[a-z0-9]{1,16}")
_LEFT_OVER_S = 3600
"""Age of a part of a file whose writer was killed, seconds."""
_NO_STATE = (
    "nothing is kept: the environment names no directory for it",
    "set OBS_CHECK_STATE or HOME, or keep the document with --save",
)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One kept document: `id` is its run's (one of its own where it has none), `at` its time in UTC."""

    path: Path
    id: str
    command: str
    at: str


class RunStore:
    """The documents in a state directory; None keeps nothing. It and its files are for their owner alone."""

    def __init__(self, state: Path | None) -> None:
        self._folder = None if state is None else state / FOLDER

    def keep(self, text: str, command: str, run: str, at_ns: int) -> KeptFile:
        """Keep a document; older ones beyond MOST_KEPT go. InputError where nothing can be written."""
        if self._folder is None:
            raise InputError(*_NO_STATE)
        seconds, rest = divmod(at_ns, NS)
        at = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime(seconds))}.{rest:09d}Z"
        kept = KeptFile(self._folder / f"{at}-{command}-{run}.json", run, command, at)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self._folder, delete=False) as file:
                part = Path(file.name)
                try:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                    part.replace(kept.path)
                except BaseException:
                    part.unlink(missing_ok=True)
                    raise
            self.prune(MOST_KEPT)
        except OSError as error:
            raise InputError(
                f"{self._folder}: {error.strerror}", with_room(error, "set OBS_CHECK_STATE to another directory")
            ) from error
        return kept

    def files(self) -> list[KeptFile]:
        """All of them, the newest first. InputError without a state directory."""
        if self._folder is None:
            raise InputError(*_NO_STATE)
        found = [
            KeptFile(path, match["id"], match["command"], match["at"])
            for path in (self._folder.iterdir() if self._folder.is_dir() else ())
            if (match := _NAME.fullmatch(path.name))
        ]
        return sorted(found, key=lambda one: one.path.name, reverse=True)

    def find(
        self, named: str, commands: Sequence[str] = (), holds: Callable[[Path], bool] = lambda _path: True
    ) -> Path:
        """The file that `named` means: a path, `last`, or the beginning of one run's id. Of several documents of a run
        the newest of these commands that holds what is needed. InputError that says what there is."""
        path = Path(named)
        if path.exists() or not (named == LAST or _PREFIX.fullmatch(named)):
            return path
        kept = self.files()
        fitting = (one for one in kept if (not commands or one.command in commands) and holds(one.path))
        if named == LAST:
            newest = next(fitting, None)
            if newest is None:
                raise InputError(
                    f"there is no {' or '.join(commands) or 'run'} yet", "obs-check runs lists what there is"
                )
            return newest.path
        ids = list(dict.fromkeys(one.id for one in kept if one.id.startswith(named)))
        if len(ids) > 1 and named not in ids:
            raise InputError(f"{named} begins {count_noun(len(ids), 'run')}: {', '.join(ids[:5])}", "give more of it")
        wanted = named if named in ids else next(iter(ids), "")
        found = next((one.path for one in fitting if one.id == wanted), None)
        if found is None:
            what = f"run {wanted} has no document of {' or '.join(commands)}" if wanted else f"{named}: no file or run"
            raise InputError(what, "obs-check runs lists what there is")
        return found

    @contextmanager
    def locked(self, command: str, subject: str) -> Iterator[None]:
        """Inside the block no other process is in one of the same command and subject. UsageError where one is;
        without a state directory nobody can tell."""
        if self._folder is None:
            yield
            return
        path = self._folder.parent / f"{command}-{sha256(subject.encode()).hexdigest()[:12]}.lock"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}", "set OBS_CHECK_STATE to another directory") from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(f"another obs-check {command} is at work with {subject}", "end it first") from None
            yield
        finally:
            os.close(descriptor)

    def prune(self, most: int) -> int:
        """Remove all but the newest `most` documents; how many those were. Raises OSError."""
        if most < 0:
            raise UsageError("--keep needs a number", "give how many to keep: 0 removes all")
        gone = self.files()[most:]
        for one in gone:
            one.path.unlink(missing_ok=True)
        for path in self._folder.glob("tmp*") if self._folder is not None and self._folder.is_dir() else ():
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _LEFT_OVER_S:
                    path.unlink()
        return len(gone)
