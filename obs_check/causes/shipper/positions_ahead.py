"""shipper.positions-ahead: the shipper had a position for the file in front of it, and begins behind lines of the run.

A positions file that was kept while another, longer file came to stand at the path (rotation, a restored volume): the
shipper goes on at the old offset. Proved by bytes: lines that begin before the position which the shipper had before
the run are lost, and it has read no more lines than stand behind it. promtail 3.5 reads a file that is shorter than its
position from the start.
"""

from dataclasses import replace
from pathlib import Path

from obs_check.documents.yaml_edit import remove_node
from obs_check.errors import ConfigError
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.dashboard_edit import file_fix
from obs_check.evidence.lost_lines import PathLines, join_findings
from obs_check.evidence.shipper_rules import Rules
from obs_check.evidence.stored_lines import ShippedPath, unarrived_paths
from obs_check.model.event import find_tags
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """The paths whose lost lines are those before the old position."""
    return join_findings(_on(context, path) for path in unarrived_paths(context))


def _on(context: Context, path: ShippedPath) -> Finding | None:
    one, ran, now = path.one, path.ran, path.now_ns
    at, how = _began(one)
    if not at or not ran.shipped:
        return None
    try:
        starts = line_starts(context.files.read_log(Path(one.file)), context.followed_run.id)
    except OSError:
        return None
    head = [tag for tag in one.found if starts.get(tag, at) < at]
    behind = [tag for tag in one.found if tag not in head]
    account = one.evidence.account if one.evidence else None
    read = account.read_by_file.get(one.file, 0) if account else 0
    # What stands before the first whole line behind the position is read as a line of its own.
    if not head or not set(head) <= set(one.lost) or read > len(behind) + 1:
        return None
    seen = [tag for tag in behind if tag not in one.lost]
    return CAUSE.finding(
        claim=f"the shipper began to read {one.file} at byte {at}, {how}: Loki "
        f"lacks {count_noun(len(head), 'line')} in front of it and has {len(seen)} of {len(behind)} behind it; its "
        f"pipeline would push {len(ran.shipped)} of the {len(path.lines)} lost lines",
        evidence=Observation(
            (
                *one.probes,
                Probe(
                    "file", f"first byte of each line in front of it in {one.file}", [starts[tag] for tag in head], now
                ),
                Probe("shipper", f"where reading of {one.file} began: {how}", at, now),
                path.simulated,
            )
        ),
        fix=_fix(context, path.config, one.file),
        panels=context.panels_of(one.path),
    )


def _began(one: PathLines) -> tuple[int, str]:
    """The byte at which reading of the file began, and how that is known; 0 where it is not, or where that may be what
    an earlier process had read to."""
    before = one.evidence.before.file(one.file) if one.evidence and one.evidence.before else None
    after = one.evidence.after.file(one.file) if one.evidence else None
    if before is not None and before.position:
        return before.position, "the position it had before the run"
    if after is not None and after.skipped:
        return after.start or 0, "as its log says, which is inside of a line of the file that is there now"
    return 0, ""


def line_starts(text: str, run: str) -> dict[str, int]:
    """Tag to the byte at which its line begins."""
    found: dict[str, int] = {}
    at = 0
    for line in text.split("\n"):
        found.update(dict.fromkeys(find_tags(line, run), at))
        at += len(line.encode("utf-8", "surrogateescape")) + 1
    return found


def _fix(context: Context, config: Rules, file: str) -> Fix:
    """Take the entry out; by hand, because the shipper writes the file when it ends and an edit before that is lost."""
    path = Path(config.config.positions)
    summary = f"stop the shipper, take the entry of {file} out of its positions file, start it"
    try:
        text = context.files.read_text(path)
        after = remove_node(text, ("positions", file))
    except (OSError, UnicodeDecodeError, ConfigError):
        return Fix(summary)
    return replace(file_fix(summary, path, text, after, "manual"), edits=())


CAUSE = on_run("shipper.positions-ahead", "shipper", find)
