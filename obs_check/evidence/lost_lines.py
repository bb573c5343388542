"""The lines of a run on one path: in the file, not in Loki, and what the shipper says of itself in between."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from obs_check.evidence.context import Context
from obs_check.evidence.shipper_rules import Rules, shipper_rules
from obs_check.follow.hop import HopSeen, PathName
from obs_check.follow.hops import OF_PATH
from obs_check.follow.shipping import ShippingEvidence
from obs_check.model.event import find_tags
from obs_check.model.finding import Finding, join_evidence
from obs_check.model.probe import Probe

FILE_HOPS: Mapping[PathName, str] = {"A": "file", "B": "coderd"}
"""The hop that looks into the files which the shipper reads."""


@dataclass(frozen=True, slots=True)
class PathLines:
    """`found` are tags in the files of a path, `lost` those of them that Loki does not have. `lines` are texts of lines
    by tag, as far as the probe kept them; `files` counts the run's lines by file."""

    path: PathName
    found: tuple[str, ...]
    lost: tuple[str, ...]
    lines: Mapping[str, str]
    files: Mapping[str, int]
    at_file: HopSeen
    at_loki: HopSeen
    at_shipper: HopSeen | None

    @property
    def file(self) -> str:
        """The file with most lines of the run."""
        return max(self.files, key=lambda path: self.files[path])

    @property
    def directory(self) -> str:
        """Where that file is."""
        return str(PurePosixPath(self.file).parent)

    @property
    def evidence(self) -> ShippingEvidence | None:
        """What the shipper said before and after the run, None when it was not asked or did not answer."""
        return self.at_shipper.shipping if self.at_shipper else None

    @property
    def lost_lines(self) -> list[str]:
        """Texts of the lines that Loki does not have, in the order of the file."""
        return [text for tag, text in self.lines.items() if tag in self.lost]

    def recognises(self, line: str) -> bool:
        """Whether a line shows that it is one of this path."""
        return re.search(OF_PATH[self.path], line) is not None

    @property
    def question(self) -> str:
        """The query with which Loki was asked for the lines, "" where it was not."""
        return self.at_loki.probes[-1].request.partition("query=")[2] if self.at_loki.probes else ""

    @property
    def probes(self) -> tuple[Probe, ...]:
        """What was seen at the file, the shipper and Loki."""
        hops = (self.at_file, self.at_shipper, self.at_loki)
        return tuple(probe for hop in hops if hop is not None for probe in hop.probes)


def lost_paths(context: Context) -> Iterator[PathLines]:
    """Each path whose file has lines of the run, when Loki could be asked."""
    for path, name in FILE_HOPS.items():
        at_file, at_loki = context.hop(path, name), context.hop(path, "loki")
        if context.run is None or at_file is None or at_loki is None or at_loki.unknown or not at_file.seen:
            continue
        answer = at_file.probes[-1].answer
        lines = {tag: line for line in answer["sample"] for tag in find_tags(line, context.run.id)}
        found = tuple(tag for tag in at_file.wanted if tag in at_file.seen)
        lost = tuple(tag for tag in found if tag not in at_loki.seen)
        yield PathLines(path, found, lost, lines, answer["files"], at_file, at_loki, context.hop(path, "shipper"))


def paths_to(context: Context, panel: int) -> Iterator[PathLines]:
    """The path that feeds a panel, as far as its file has lines of the run; each of them where nobody said which."""
    return (one for one in lost_paths(context) if context.panels.paths.get(panel, one.path) == one.path)


def lossy_paths(context: Context) -> list[PathLines]:
    """The paths with lines that are in a file and not in Loki, and whose texts are known."""
    return [one for one in lost_paths(context) if one.lost and one.lost_lines]


def losses(context: Context) -> list[tuple[Rules, PathLines]]:
    """The lossy paths with the shipper's configuration, which is read only when there are some. Raises ConfigError."""
    seen = lossy_paths(context)
    config = shipper_rules(context) if seen else None
    return [(config, one) for one in seen] if config is not None else []


def shipper_answers(one: PathLines) -> bool:
    """Whether the shipper answers, as far as that is known."""
    return one.at_shipper is None or not one.at_shipper.unknown


def lines_taken(one: PathLines) -> int:
    """How many lines Loki took of those read since before the run, as the shipper's counters say, where that is every
    one and the run's are among them; 0 where it is not, or where nobody says so. What was read earlier and sent now is
    no line that is missing."""
    account = one.evidence.account if one.evidence else None
    if account is None or (account.own_read or 0) < len(one.lost) or account.sent < account.read:
        return 0
    taken = bool(account.requests) and all(status in ("200", "204") for status in account.requests)
    return account.read if taken else 0


def join_findings(found: Iterable[Finding | None]) -> Finding | None:
    """What one cause does on several paths as one finding: all claims, probes, panels and edits; None without any."""
    findings = [finding for finding in found if finding is not None]
    if len(findings) < 2:
        return findings[0] if findings else None
    first, fixes = findings[0], [finding.fix for finding in findings]
    fix = replace(
        first.fix,
        summary="; ".join(dict.fromkeys(fix.summary for fix in fixes)),
        diff="\n".join(dict.fromkeys(fix.diff for fix in fixes if fix.diff)),
        edits=tuple(dict.fromkeys(edit for fix in fixes for edit in fix.edits)),
    )
    return replace(
        first,
        claim="; ".join(dict.fromkeys(finding.claim for finding in findings)),
        evidence=join_evidence([finding.evidence for finding in findings]),
        panels=tuple(sorted({panel for finding in findings for panel in finding.panels})),
        fix=fix,
    )
