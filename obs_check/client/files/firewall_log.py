"""What the boundary that has a run says in its own log.

Nobody removes the files of earlier processes, and others may write beside it: a line is evidence only if it is of the
process that has the run, and of the time that the question is about.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from obs_check.boundary.log_lines import begins_process, decided_in, is_childs
from obs_check.client.answered import Answered
from obs_check.client.files.line_times import line_time
from obs_check.client.files.search import each_line, expand, written_since
from obs_check.errors import InputError
from obs_check.model.probe import Probe
from obs_check.model.window import NS, Window

Since = Literal["run", "start", "last start"]
"""From when on lines count. run: from the run's start. start: from the start of the process that has the run, for what
it says once and keeps to. last start: those of the process that was started last, within a day before the run, if it
did nothing since: it never got to a run."""
_SHOWN = 20
_LATELY_NS = 24 * 3600 * NS
"""How long before the run a start may have been that never got to one; an older one says nothing about this run."""

_Found = tuple[int, str]
"""When a line was written (ns since the epoch), and the line."""


class FirewallLog:
    """`glob` names boundary's files, `stderr` what it and its command wrote there ("" and None for none); `run` is the
    run's id, `start_ns` when it began."""

    def __init__(self, glob: str, stderr: Path | None, run: str, start_ns: int, now_ns: Callable[[], int]) -> None:
        self._glob = glob
        self._stderr = stderr
        self._tag = f"obs={run}-"
        self._start_ns = start_ns
        self._now_ns = now_ns
        self._of_the_run: list[Path] | None = None

    def lines_with(self, text: str, since: Since) -> Answered[list[str]]:
        """The lines that hold a text; the probe's answer has their number and the last of them, its window what was
        looked at.

        The process that has the run is that of the file with the run's tags, or, when no file has any, of the only one
        that was written to since the run began. Lines without a time of their own are none of boundary's logger.
        """
        now = self._now_ns()
        if since == "last start":
            files, found = self._last_started(text)
        else:
            files = self._files()
            found = [line for path in files for line in self._counted(path, since) if text in line[1]]
            found = [(at, line) for at, line in found if at <= now]
        start = min((at for at, _ in found), default=self._start_ns)
        window = Window(start if since != "run" else self._start_ns, now)
        request = f"lines with `{text}` in {', '.join(map(str, files)) or 'no file that was written to in the run'}"
        lines = [line for _, line in found]
        answer = {"lines": len(lines), "last": lines[-_SHOWN:]}
        return Answered(lines, Probe("file", request, answer, now, window))

    def _files(self) -> list[Path]:
        if self._of_the_run is None:
            self._of_the_run = self._choose()
        return self._of_the_run

    def _choose(self) -> list[Path]:
        logs = [path for path in expand(self._glob) if written_since(path, self._start_ns)]
        every = [*logs, *([self._stderr] if self._stderr and written_since(self._stderr, self._start_ns) else [])]
        tagged = [path for path in every if any(self._tag in line for line in _lines(path))]
        if tagged:
            return tagged
        written = [path for path in every if self._has_lines_of_the_run(path)]
        mine = [path for path in written if path != self._stderr]
        return mine or written if len(mine) < 2 else []

    def _has_lines_of_the_run(self, path: Path) -> bool:
        lines = _timed(path)
        first = next(lines, None)
        if first is None or is_childs(first[1]):
            return False
        return first[0] >= self._start_ns or any(at >= self._start_ns for at, _ in lines)

    def _counted(self, path: Path, since: Since) -> Iterator[_Found]:
        """The lines of a file that count."""
        if since == "run":
            return (line for line in _timed(path) if line[0] >= self._start_ns)
        if path != self._stderr:
            return _timed(path)
        # One process after the other may have written there: the last that began before the run's first line.
        lines = list(_timed(path))
        first = next((n for n, (_, line) in enumerate(lines) if self._tag in line), None)
        if first is None:
            return (line for line in lines if line[0] >= self._start_ns)
        begin = next((n for n in range(first - 1, -1, -1) if begins_process(lines[n][1])), first)
        while begin > 0 and begins_process(lines[begin - 1][1]):
            begin -= 1
        return iter(lines[begin:])

    def _last_started(self, text: str) -> tuple[list[Path], list[_Found]]:
        """The lines of the file that was written to last, if no process began or decided anything behind them."""
        logs = sorted(expand(self._glob), key=_changed_ns, reverse=True)
        own = next(((p, lines) for p in logs if (lines := list(_timed(p))) and not is_childs(lines[0][1])), None)
        said = (self._stderr, list(_timed(self._stderr))) if self._stderr else None
        written = [found for found in (own, said) if found and found[1]]
        if not written:
            return [], []
        path, lines = max(written, key=lambda found: found[1][-1][0])
        if lines[-1][0] < self._start_ns - _LATELY_NS:
            return [path], []
        last = max((n for n, (_, line) in enumerate(lines) if text in line), default=None)
        if last is None or any(begins_process(line) or decided_in(line) for _, line in lines[last + 1 :]):
            return [path], []
        return [path], [lines[last]]


def _changed_ns(path: Path) -> int:
    """When a file was last written (ns since the epoch), 0 for one that is gone."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _timed(path: Path) -> Iterator[_Found]:
    return ((at, line) for line in _lines(path) if (at := line_time(line, "time")) is not None)


def _lines(path: Path) -> Iterator[str]:
    """The lines of a file; none of one that cannot be read or that vanishes meanwhile."""
    try:
        yield from (line for line, *_ in each_line(path))
    except InputError:
        return
