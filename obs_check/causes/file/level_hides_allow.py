"""file.level-hides-allow: boundary writes ALLOW at INFO and DENY at WARN; `log_level: warn`, the default, keeps DENY.
At `error` neither is written.

Proved by one run: the decisions that are in the file are those which the level of the configuration lets through, and
with the level of the fix all would be. Without the configuration the lines are what is seen: boundary wrote some, none
of them at INFO. The audit socket does not know levels, so path B has both.
"""

from obs_check.boundary.log import DECIDED_AT, Level
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.firewall_file import FirewallFile, firewall_file
from obs_check.evidence.run_evidence import boundary_lines, decisions_by_tag
from obs_check.follow.hop import HopSeen
from obs_check.model.event import Decision
from obs_check.model.finding import Evidence, Finding, Fix, Observation, Proof
from obs_check.model.probe import Probe

_FIX = "set `log_level: info` and restart boundary"


def find(context: Context) -> Finding | None:
    """Decisions absent from the file whose level is below the one in force, where all others are present."""
    hop, file = context.hop("A", "file"), firewall_file(context)
    known = decisions_by_tag(context)
    if hop is None or hop.unknown or not hop.seen.keys() < known.keys():
        return None
    if file is not None and _written(known, file.config.log_level) == hop.seen.keys():
        level = file.config.log_level
        why = f"`log_level: {level.name.lower()}` hides {_hidden(level)}"
        evidence, fix = _with_info(context, file, hop, known)
    else:
        # Whatever the file says: a flag or a variable is over it, and it may be younger than the process.
        at_info, probes = boundary_lines(context, "level=INFO", "start")
        if at_info or not hop.seen or _written(known, Level.WARN) != hop.seen.keys():
            return None
        why = f"boundary writes nothing at INFO, which hides {_hidden(Level.WARN)}"
        evidence = Observation((*hop.probes, *probes))
        over = f" ({file.path.name} says so: is --log-level or BOUNDARY_LOG_LEVEL over it?)" if file else ""
        fix = Fix(f"{_FIX}{over}")
    return CAUSE.finding(
        claim=f"{_counted(known, hop, 'allow')} allowed and {_counted(known, hop, 'deny')} denied requests are in the "
        f"file: {why}",
        evidence=evidence,
        fix=fix,
        panels=context.panels_of("A"),
    )


def _written(known: dict[str, Decision], level: Level) -> set[str]:
    """The tags of the decisions that a log of a level has."""
    return {tag for tag, by in known.items() if DECIDED_AT[by] >= level}


def _hidden(level: Level) -> str:
    words = [f"{by.upper()}, which boundary writes at {at.name}" for by, at in DECIDED_AT.items() if at < level]
    return ", and ".join(words)


def _counted(known: dict[str, Decision], hop: HopSeen, by: Decision) -> str:
    tags = [tag for tag, what in known.items() if what == by]
    return f"{sum(tag in hop.seen for tag in tags)} of {len(tags)}"


def _with_info(context: Context, file: FirewallFile, hop: HopSeen, known: dict[str, Decision]) -> tuple[Evidence, Fix]:
    """The level of the file, and of the file with the fix, applied to the run's decisions."""

    def applied(one: FirewallFile) -> Probe:
        level = one.config.log_level
        answer = {"level": level.name, "written": len(_written(known, level)), "decided": len(known)}
        return Probe("file", f"the run's decisions at the level of {one.path.name}", answer, context.now_ns())

    as_written = (*hop.probes, applied(file))
    after = file.with_value("log_level", "info", log_level=Level.INFO)
    if after is None:
        return Observation(as_written), file.fix(_FIX, None)
    return Proof(as_written, (applied(after),)), file.fix(_FIX, after)


CAUSE = on_run("file.level-hides-allow", "file", find)
