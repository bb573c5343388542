"""The places where a run is looked for, one function a hop. Each returns the hop and how to look at it once."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from obs_check.client.answered import Answered
from obs_check.client.files.search import FileLine
from obs_check.client.loki.client import StoredLine
from obs_check.errors import ObsCheckError, Unavailable
from obs_check.follow.hop import HopSeen, Look, PathName, SeenLine
from obs_check.follow.run import Run
from obs_check.model.event import find_tags
from obs_check.model.probe import Probe
from obs_check.model.window import NS, Window

Clock = Callable[[], int]
"""ns since the epoch."""
OF_PATH: Mapping[PathName, str] = {"A": "msg=(ALLOW|DENY)", "B": "boundary_request"}
"""What a line of a path holds and one of the other path does not, as a regular expression."""
LIKELY = ("service_name", "job", "namespace", "filename")
"""Labels that streams have most of the time. Loki itself gives each stream the first one, since 3.0."""
MOST_LINES = 5000
"""Lines of a run that Loki is asked for at once: its own limit is that, max_entries_limit_per_query."""
TaggedLines = Callable[[str], Answered[dict[Path, list[FileLine]]]]
"""needle -> lines that hold it, by file."""


def queries_of(path: PathName, names: Iterable[str], needle: str = "") -> Iterator[str]:
    """A log query of a path's lines, those with a text in them alone where one is given, for each of the label names
    that Loki has: a selector needs one matcher that is not empty-compatible. The likeliest come first."""
    held = f"|= `{needle}` " if needle else ""
    for name in sorted(names, key=lambda one: (LIKELY.index(one) if one in LIKELY else len(LIKELY), one)):
        yield f'{{{name}=~".+"}} {held}|~ `{OF_PATH[path]}`'


def egress_hop(path: PathName, run: Run) -> HopSeen:
    """Requests that the firewall decided as expected; complete as soon as the run is."""
    hop = HopSeen(path, "egress", tuple(run.tags()))
    for sent in run.sent:
        if sent.as_expected:
            hop.seen[sent.event.tag] = sent.event.sent_ns
    wrong = [s for s in run.sent if not s.as_expected and s.answer.verdict != "not_known"]
    if wrong:
        hop.note = f"{wrong[0].event.tag}: {wrong[0].answer.verdict} {wrong[0].answer.error}".strip()
    rows = [[s.event.tag, s.answer.status, s.answer.verdict] for s in run.sent]
    hop.probes.append(Probe("egress", "send the events through the proxy", rows, run.window.end_ns, run.window))
    return hop


def file_hop(path: PathName, name: str, run: Run, read: TaggedLines) -> tuple[HopSeen, Look]:
    """Tags in the files of a glob: boundary's own files (A) or coderd's pod log (B).

    The probe's answer is {"files": {path: lines}, "searched", "sample"}.
    """
    hop = HopSeen(path, name, tuple(run.tags()))

    def look() -> None:
        try:
            answer = read(run.needle)
        except ObsCheckError as error:
            hop.note_unasked(error)
            return
        hop.note_asked()
        # A tag is of this run alone, so nothing older can be meant.
        hop.probes[:] = [replace(answer.probe, window=Window(run.window.start_ns, answer.probe.at_ns))]
        for path, line in ((str(path), line) for path, lines in answer.value.items() for line in lines):
            for tag in find_tags(line.text, run.id):
                hop.seen.setdefault(tag, answer.probe.at_ns)
                hop.places.setdefault(tag, (path, line.offset))
                hop.keep(tag, SeenLine(line.text, path, line.offset))

    return hop, look


def loki_hop(
    path: PathName,
    run: Run,
    label_names: Callable[[Window], list[str]],
    lines: Callable[[str, Window, int], tuple[list[StoredLine], Probe]],
    clock: Clock,
) -> tuple[HopSeen, Look]:
    """Tags in Loki, whatever labels the line came with.

    Each label name that Loki has is tried until every tag is found. What is missing among as many lines as are asked
    for is not known to be.
    """
    hop = HopSeen(path, "loki", tuple(run.tags()))

    def look() -> None:
        window = Window(run.window.start_ns - 60 * NS, clock() + 60 * NS)
        try:
            for query in queries_of(path, label_names(window), run.needle):
                found, probe = lines(query, window, MOST_LINES)
                now = clock()
                hop.stored, hop.lines = {}, {}
                for stored in found:
                    for tag in dict.fromkeys(find_tags(stored.line, run.id)):
                        hop.seen.setdefault(tag, now)
                        hop.stored.setdefault(tag, []).append((stored.labels, stored.line))
                        hop.keep(tag, SeenLine(stored.line, labels=stored.labels, ts_ns=stored.ts))
                hop.probes[:] = [probe]
                if len(found) >= MOST_LINES and not hop.complete:
                    said = f"loki has {MOST_LINES:,} lines of the run or more, and the newest of them lack some events"
                    raise Unavailable(said, "send fewer events, or many with --count")
                if hop.complete or found:
                    break
        except ObsCheckError as error:
            hop.note_unasked(error)
            return
        hop.note_asked()

    return hop, look
