"""The hop `shipper`: whether the shipper has read the run's lines."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from obs_check.client.answered import Answered
from obs_check.errors import ObsCheckError
from obs_check.follow.hop import HopSeen, Look, PathName
from obs_check.follow.run import Run
from obs_check.follow.shipping import in_words
from obs_check.model.shipping import FileState, ShipperState
from obs_check.model.wording import count_noun

LinesFrom = Callable[[str, int], int | None]
"""(path, byte) -> the complete lines of a file from there on; None where it cannot be read here."""


def shipper_hop(
    path: PathName,
    run: Run,
    upstream: HopSeen,
    counters: Callable[[], Answered[ShipperState]],
    before: ShipperState | None = None,
    lines_from: LinesFrom = lambda _path, _start: None,
) -> tuple[HopSeen, Look]:
    """Files of the run of which the shipper read as many lines as the run wrote since `before`. Without a snapshot of
    the same process before the run its counter says how far back from the end of a file it read: a line is there when
    that many lines stand from it on. promtail counts a line when it reads it, and its offset up to 10 s later."""
    hop = HopSeen(path, "shipper", tuple(run.tags()))

    def look() -> None:
        try:
            state, probe = counters()
        except ObsCheckError as error:
            hop.note_unasked(error)
            return
        hop.note_asked()
        hop.probes[:] = [probe]
        files = run_lines(upstream)
        since = before if before is not None and before.started_s == state.started_s else None
        for file, lines in files.items():
            grown = _grown(file, state, since)
            for tag, (place, start) in upstream.places.items():
                needed = lines if grown is not None else lines_from(file, start)
                read = _read_lines(file, state) if grown is None else grown
                if place == file and read >= (1 if needed is None else needed):
                    hop.seen.setdefault(tag, probe.at_ns)
        left = [tag for tag in upstream.places if tag not in hop.seen]
        hop.note = _why(files, state, len(left), upstream.places[left[0]]) if left else ""

    return hop, look


def told_whole(hop: HopSeen, files: Iterable[str], state: ShipperState) -> str:
    """The hop's note by all that the shipper says of these files: its counters alone tell of no job."""
    for file in (one for path in files if (one := state.file(path)) is not None and one.job):
        if file.state == "unknown file" and hop.note.startswith(in_words(replace(file, job="", position=None))):
            return in_words(file)
    return hop.note


def run_lines(upstream: HopSeen) -> dict[str, int]:
    """The run's lines by file, as the hop before the shipper counted them."""
    answer = upstream.probes[-1].answer if upstream.probes else {}
    return {path: int(lines) for path, lines in answer.get("files", {}).items()}


def _read_lines(path: str, state: ShipperState) -> int:
    file = state.file(path)
    return (file.read_lines or 0) if file else 0


def _grown(path: str, state: ShipperState, before: ShipperState | None) -> int | None:
    """Lines read of a file since a snapshot of the same process; None without one, and where the counter went back: it
    belongs to a tail that was started again."""
    if before is None:
        return None
    now, was = _read_lines(path, state), _read_lines(path, before)
    return now - was if now >= was else None


def _why(files: Mapping[str, int], state: ShipperState, count: int, first: tuple[str, int]) -> str:
    """Why so many lines were not read, for the first file that says why; `first` is where the first of them stands."""
    states = [state.file(path) or FileState(path, on_disk=True) for path in files]
    told = [in_words(file) for file in states if file.state in ("unknown file", "shrunk", "replaced", "not tailed")]
    if told:
        return told[0]
    return f"{count_noun(count, 'line')} of the run were not read, the first is at byte {first[1]} of {first[0]}"
