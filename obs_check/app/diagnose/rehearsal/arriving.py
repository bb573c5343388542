"""The lines of a run, as they were written or as boundary and coderd would, and what the shipper would make of them."""

import re
from collections.abc import Mapping, Sequence

from obs_check.boundary.coderd import Format, format_of
from obs_check.boundary.cri import cri_prefix
from obs_check.boundary.written import boundary_line, coderd_line
from obs_check.evidence.changed_lines import as_written
from obs_check.evidence.lost_lines import FILE_HOPS
from obs_check.evidence.shipper_rules import Rules
from obs_check.follow.hop import HopSeen, PathName
from obs_check.follow.run import Run
from obs_check.model.entry import Entry, LogStream
from obs_check.model.event import Event, find_tags
from obs_check.model.probe import Probe

_OF_THE_RUNTIME = ("/log/pods/", "/log/containers/")
_WILD = re.compile(r"\*\*|\*|\?|\[[^\]]*\]")


WRITTEN_BEFORE: Mapping[PathName, str] = {"A": " msg=", "B": "boundary_request"}
"""What every line that boundary (A) or coderd (B) writes about a request holds."""
Line = tuple[Event, str]
"""An event and a line about it."""


def read_back(run: Run, hop: HopSeen | None) -> list[Line]:
    """The lines of the run that were found in the files of a hop; none where some that are about the same event may be
    missing, because the hop keeps the first ones only."""
    answer = hop.probes[-1].answer if hop is not None and hop.seen and hop.probes else None
    if hop is None or answer is None:
        return []
    known = {event.tag: event for event in run.events}
    lines = [(known[tag], line) for line in answer["sample"] for tag in find_tags(line, run.id) if tag in known]
    total = sum(answer["files"].values())
    return lines if total in (len(answer["sample"]), len(hop.seen)) else []


def formats(path: PathName, last: str) -> Sequence[Format]:
    """The formats in which a path's lines may be written: that of the `last` line in the file; where coderd (B) wrote
    none yet, each that its log sinks have."""
    return (format_of(as_written(last) or ""),) if path == "A" or last else ("json", "human")


def written_lines(run: Run, path: PathName, file: str, shape: Format) -> list[Line]:
    """A line an event, decided as it expects: boundary's logfmt (A), coderd's (B) in the format `shape`, behind a CRI
    prefix where the file is one that the container runtime writes."""
    if path == "A":
        return [(e, boundary_line(e)) for e in run.events]
    prefixed = any(part in file for part in _OF_THE_RUNTIME)
    return [
        (e, cri_prefix(e.sent_ns) + line if prefixed else line)
        for e, line in ((e, coderd_line(e, e.sent_ns, shape=shape)) for e in run.events)
    ]


def made_up_file(glob: str, finds_pods: bool) -> str | None:
    """A file that a glob would take; None for a log of a pod that nobody has, where the shipper finds pods: their
    labels hang on the path, and what is made up proves nothing."""
    file = _WILD.sub("rehearsal", glob)
    return None if finds_pods and "/pods/" in glob and file != glob else file


def as_if_written(run: Run, path: PathName, file: str, known: Sequence[Line]) -> tuple[HopSeen, HopSeen]:
    """The hops of a path as they would be seen if the lines were in the file and did not get any further."""
    answer = {"files": {file: len(known)}, "searched": 1, "sample": [line for _, line in known]}
    probe = Probe("rehearsal", f"the run's lines as they would be written to {file}", answer, run.window.end_ns)
    tags = tuple(run.tags())
    source = HopSeen(path, FILE_HOPS[path], tags, dict.fromkeys(tags, run.window.end_ns), probes=[probe])
    return source, HopSeen(path, "loki", tags)


def as_if_stored(
    run: Run, path: PathName, file: str, streams: Sequence[LogStream], known: Sequence[Line]
) -> tuple[HopSeen, HopSeen]:
    """As `as_if_written`, were the streams in Loki."""
    source, at_loki = as_if_written(run, path, file, known)
    at_loki.seen.update(source.seen)
    for labels, entries in streams:
        for line in (entry.line for entry in entries):
            for tag in find_tags(line, run.id):
                at_loki.stored.setdefault(tag, []).append((labels, line))
    return source, at_loki


def arriving_streams(lines: Sequence[Line], file: str, rules: Rules) -> list[LogStream] | None:
    """The streams that Loki would get; None where no job takes the file. An entry without a time of its own gets that
    of its event, in place of the time of reading."""
    streams: dict[tuple[tuple[str, str], ...], list[Entry]] = {}
    for event, line in lines:
        ran = rules.run(file, [line], event.sent_ns)
        if ran is None:
            return None
        for shipped in ran.shipped:
            shown = {k: v for k, v in shipped.labels.items() if not k.startswith("__")}
            ts = event.sent_ns if shipped.ts is None else shipped.ts
            streams.setdefault(tuple(sorted(shown.items())), []).append(Entry(ts, shipped.line, dict(shipped.metadata)))
    return [LogStream(dict(key), entries) for key, entries in streams.items()]
