"""shipper.cri-missing: the container runtime's prefix (`<time> stderr F `) is still in front of the lines in Loki, or
Docker's JSON still around them.

containerd writes it to every line below /var/log/pods; a pipeline without a `cri` stage (or with `docker`, which does
nothing with such lines) ships it, and no parser reads the line behind it. Proved on the very lines: with the stage they
come out as the program wrote them. Where the shipper's configuration is not known, the lines in Loki show it alone:
proved by the panel's query on what is behind the prefix.
"""

from collections.abc import Callable
from dataclasses import dataclass

from obs_check.boundary.cri import CRI
from obs_check.evidence.cause import on_query, on_run
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.line_shape import json_fields
from obs_check.evidence.lost_lines import join_findings
from obs_check.evidence.parser_at import count_gained, parsers
from obs_check.evidence.query_edit import before_stage, insert_stage
from obs_check.evidence.stored_lines import ShippedPath, arrived_paths, stored_lines
from obs_check.model.finding import Finding, Fix
from obs_check.model.secret import shorten


def find(context: Context) -> Finding | None:
    """The paths whose lines are in Loki with the prefix."""
    return join_findings(_on(context, path) for path in arrived_paths(context))


def _on(context: Context, path: ShippedPath) -> Finding | None:
    if not CRI.match(path.ran.shipped[0].line):
        return None
    have, probe = stored_lines(context, path, 5)
    if not have or not all(CRI.match(line) for _, line in have):
        return None
    job = path.taken.job
    after = path.config.with_first_stage(job, "cri")
    fixed = path.again(after)
    clean = sum(not CRI.match(s.line) for s in fixed.shipped) if fixed else 0
    if fixed is not None and not clean:
        return None
    begins = shorten(have[0][1], 51, "...")
    return CAUSE.finding(
        claim=f"the lines of {path.one.file} are in Loki with the runtime's prefix (`{begins}`): job "
        f"{job.name} has no `cri` stage"
        + (f"; with it {clean} of {len(path.lines)} lines come out without" if fixed else ""),
        evidence=path.evidence((*path.one.probes, probe, path.simulated), "simulate it with a cri stage", fixed),
        fix=path.config.fix(f"put a `cri` stage first in job {job.name}", after),
        panels=context.panels_of(path.one.path),
    )


def find_behind(context: Context, broken: BrokenTarget) -> Finding | None:
    """The first parser that finds nothing on lines as a runtime wraps them, and does inside."""
    for at in parsers(broken):
        wrapping = next((one for one in _WRAPPINGS if all(one.holds(line) for line in at.lines)), None)
        if not at.unset or wrapping is None:
            continue
        inside = insert_stage(context, broken, wrapping.opened, before_stage(at.stage), at.needed)
        gained = count_gained(context, broken, inside, at.unset)
        if gained is not None:
            found, proof = gained
            return ARRIVED.finding(
                f"the lines are in Loki {wrapping.how}, for example `{shorten(at.lines[0], 120)}`, where no parser "
                f"reads: as written 0, with `{wrapping.opened}` {found:g}",
                proof,
                Fix(
                    f"put a `{wrapping.stage}` stage first in the shipper's job; lines that are in Loki already are "
                    f"read with `{wrapping.opened}` in front of the parser"
                ),
                group=wrapping.stage,
            )
    return None


def _is_dockers(line: str) -> bool:
    found = {one.path for one in json_fields([line])}
    return found >= {"log", "stream", "time"} and all(path.partition(".")[0] in _DOCKERS for path in found)


@dataclass(frozen=True, slots=True)
class _Wrapping:
    """How a runtime writes lines, the shipper's stage for it, and the stages of a query that open it."""

    stage: str
    how: str
    holds: Callable[[str], bool]
    opened: str


_DOCKERS = ("log", "stream", "time", "attrs")
"""The keys of a line of Docker's json-file driver."""
_WRAPPINGS = (
    _Wrapping(
        "cri",
        "with the runtime's prefix",
        lambda line: CRI.match(line) is not None,
        f"| regexp `{CRI.pattern}(?P<written>.*)` | line_format `{{{{.written}}}}` | drop written",
    ),
    _Wrapping("docker", "inside of Docker's JSON", _is_dockers, "| json log | line_format `{{.log}}` | drop log"),
)
CAUSE = on_run("shipper.cri-missing", "shipper", find, asked="arrival")
ARRIVED = on_query("shipper.cri-missing", "shipper", find_behind)
