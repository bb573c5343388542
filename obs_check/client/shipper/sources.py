"""What tells about a shipper beside its HTTP interface: positions file, log, disk."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from obs_check.client.shipper.disk import Disk
from obs_check.client.shipper.log import read_refusals, read_starts, read_undiscovered, read_unopened
from obs_check.client.shipper.positions import read_positions
from obs_check.errors import InputError
from obs_check.model.paths import AbsoluteGlob
from obs_check.model.shipping import FileState, PushRefusal, ShipperState, TargetState

LOG_TAIL_BYTES = 4 * 1024 * 1024
"""How much of the end of a shipper's log is read."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Files beside the HTTP interface; None is not looked at. `globs` are patterns of files that the shipper should
    know, whether it does or not."""

    positions: Path | None = None
    log: Path | None = None
    disk: Disk | None = None
    globs: tuple[AbsoluteGlob, ...] = ()


NOTHING_ELSE = Sources()


def files_on_disk(
    files: Mapping[str, FileState], targets: Iterable[TargetState], sources: Sources, make: str
) -> tuple[dict[str, FileState], tuple[str, ...]]:
    """The files by path as the disk completes them, and why it does not, in words for `ShipperState.missing`."""
    if sources.disk is None:
        return dict(files), ()
    found = sources.disk.with_files(files.values(), targets, sources.globs)
    if not found or any(file.on_disk is not None for file in found.values()):
        return found, ()
    return found, (f"the shipper's files are not on this machine, so sizes are as {make} last saw them",)


class LogTold(NamedTuple):
    """What a shipper's log says: refused pushes, files that it could not open with its words, the bytes at which it
    began to read files, and why it could not list pods."""

    refusals: list[PushRefusal]
    unopened: dict[str, str]
    starts: dict[str, int]
    undiscovered: str


def read_sources(sources: Sources, missing: list[str]) -> tuple[dict[str, int] | None, LogTold]:
    """The positions (None without a file) and what the log says; what cannot be read is added to `missing`."""
    positions: dict[str, int] | None = None
    told = LogTold([], {}, {}, "")
    if sources.positions is not None:
        try:
            positions = read_positions(sources.positions)
        except InputError as error:
            missing.append(f"positions: {error.message}")
    if sources.log is not None:
        try:
            lines = _tail(sources.log)
            told = LogTold(read_refusals(lines), read_unopened(lines), read_starts(lines), read_undiscovered(lines))
        except OSError as error:
            missing.append(f"log: {sources.log}: {error.strerror}")
    return positions, told


def with_log(state: ShipperState, told: LogTold, disk: Disk | None) -> ShipperState:
    """The state with what the log says; its refusals, which have Loki's words, stand before those of the metrics."""
    files = tuple(_with_start(file, told.starts.get(file.path), disk) for file in state.files)
    refusals = (*told.refusals, *state.refusals)
    return replace(state, files=files, refusals=refusals, unopened=told.unopened, undiscovered=told.undiscovered)


def _with_start(file: FileState, start: int | None, disk: Disk | None) -> FileState:
    if start is None or not file.collected:
        return file
    return replace(file, start=start, start_on_line=disk.on_line(file.path, start) if disk else None)


def _tail(path: Path) -> list[str]:
    """The last lines of a log; the first may be cut."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - LOG_TAIL_BYTES))
        return stream.read().decode("utf-8", "replace").splitlines()
