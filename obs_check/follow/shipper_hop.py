"""The hop `shipper`: whether the shipper has read the run's lines."""

from collections.abc import Callable, Mapping

from obs_check.client.answered import Answered
from obs_check.errors import ObsCheckError
from obs_check.follow.hop import HopSeen, Look, PathName
from obs_check.follow.run import Run
from obs_check.follow.shipping import in_words
from obs_check.model.shipping import FileState, ShipperState


def shipper_hop(
    path: PathName,
    run: Run,
    upstream: HopSeen,
    counters: Callable[[], Answered[ShipperState]],
    before: ShipperState | None = None,
) -> tuple[HopSeen, Look]:
    """Files of the run of which the shipper read as many lines as the run wrote since `before`; without a snapshot
    before the run, any line. promtail counts a line when it reads it, and its offset up to 10 s later."""
    hop = HopSeen(path, "shipper", tuple(run.tags()))

    def look() -> None:
        try:
            state, probe = counters()
        except ObsCheckError as error:
            hop.unasked(error)
            return
        hop.asked()
        hop.probes[:] = [probe]
        files = run_lines(upstream)
        if files and all(_was_read(file, lines, state, before) for file, lines in files.items()):
            for tag in upstream.seen:
                hop.seen.setdefault(tag, probe.at_ns)
        hop.note = "" if hop.seen or not files else _why(files, state)

    return hop, look


def run_lines(upstream: HopSeen) -> dict[str, int]:
    """The run's lines by file, as the hop before the shipper counted them."""
    answer = upstream.probes[-1].answer if upstream.probes else {}
    return {path: int(lines) for path, lines in answer.get("files", {}).items()}


def _was_read(path: str, lines: int, state: ShipperState, before: ShipperState | None) -> bool:
    file = state.file(path)
    now = (file.read_lines or 0) if file else 0
    if before is None:
        return now > 0
    old = before.file(path)
    was = (old.read_lines or 0) if old else 0
    # A counter that went back belongs to a tail that was started again.
    return (now - was if now >= was else now) >= lines


def _why(files: Mapping[str, int], state: ShipperState) -> str:
    """Why nothing was read, for the first file that says why."""
    states = [state.file(path) or FileState(path, on_disk=True) for path in files]
    told = [in_words(file) for file in states if file.state in ("unknown file", "shrunk", "replaced", "not tailed")]
    return told[0] if told else "the file is known, but not all of the run's lines were read"
