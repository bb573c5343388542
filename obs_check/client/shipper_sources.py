"""What tells about a shipper beside its HTTP interface: positions file, log, disk."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from obs_check.client.positions import read_positions
from obs_check.client.shipper_disk import Disk
from obs_check.client.shipper_log import read_refusals
from obs_check.errors import InputError
from obs_check.model.shipping import Refusal, ShipperState

LOG_TAIL_BYTES = 4 * 1024 * 1024
"""How much of the end of a shipper's log is read."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Files beside the HTTP interface; None is not looked at. `globs` are patterns of files that the shipper should
    know, whether it does or not."""

    positions: Path | None = None
    log: Path | None = None
    disk: Disk | None = None
    globs: tuple[str, ...] = ()


NOTHING_ELSE = Sources()


def read_sources(sources: Sources, missing: list[str]) -> tuple[dict[str, int] | None, list[Refusal]]:
    """The positions (None without a file) and the refusals of the log; what cannot be read is added to `missing`."""
    positions: dict[str, int] | None = None
    refusals: list[Refusal] = []
    if sources.positions is not None:
        try:
            positions = read_positions(sources.positions)
        except InputError as error:
            missing.append(f"positions: {error.message}")
    if sources.log is not None:
        try:
            refusals = read_refusals(_tail(sources.log))
        except OSError as error:
            missing.append(f"log: {sources.log}: {error.strerror}")
    return positions, refusals


def log_refusals(state: ShipperState, words: Sequence[Refusal]) -> ShipperState:
    """The state with the log's refusals, which have Loki's words, in front of those of the metrics."""
    return replace(state, refusals=(*words, *state.refusals))


def _tail(path: Path) -> list[str]:
    """The last lines of a log; the first may be cut."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - LOG_TAIL_BYTES))
        return stream.read().decode("utf-8", "replace").splitlines()
