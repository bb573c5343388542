"""ingest.retention-passed: lines that were in Loki are not there any more, because it keeps them for a shorter time.

Proved by the same question asked twice: when the run was followed Loki had its lines, now it does not. Where Loki can
be asked directly (`loki.url`) its configuration says how long it keeps lines, which also explains a run that is traced
too late; without that a delete request looks the same, and the claim says what was measured.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import PathLines, lost_paths
from obs_check.model.event import find_tags
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.model.window import NS, Window
from obs_check.model.wording import count_noun

MOST = 5000
"""Lines asked for at once: Loki 3.5's `max_entries_limit_per_query`."""

_SHORTEST = 24 * 3600 * NS
"""Loki 3.5 takes no shorter retention than a day: what is gone sooner has another reason."""


def find(context: Context) -> Finding | None:
    """Ask again for what was there, and how long Loki keeps lines."""
    poor = [one for one in lost_paths(context) if context.panels.failing & set(context.panels_of(one.path))]
    found = [(one, *gone) for one in poor if (gone := _gone(context, one))]
    if not found or context.run is None:
        return None
    kept, asked = context.loki_server.direct.retention() if context.loki_server.direct else (None, None)
    age = (context.now_ns() - context.run.window.start_ns) // NS
    if age * NS <= (_SHORTEST if kept is None else kept):
        return None
    # What queries do not look back at is still there.
    lookback = context.loki.lookback().value
    if lookback and age * NS > lookback:
        return None
    limit = f"; its `retention_period` is {kept // NS} s" if kept is not None else ""
    count = sum(lost for _, lost, _ in found)
    return CAUSE.finding(
        claim=f"{count_noun(count, 'line')} of the run were in Loki when it was followed and are not now, "
        f"{age} s after they "
        f"were written{limit}",
        evidence=Observation((*(p for one, _, p in found for p in (*one.probes, p)), *([asked] if asked else []))),
        fix=Fix("raise Loki's `retention_period` (or `retention_stream` of these lines); what is deleted is gone"),
        panels=context.panels_of(*(one.path for one, _, _ in found)),
    )


def _gone(context: Context, one: PathLines) -> tuple[int, Probe] | None:
    """How many lines that Loki had it does not have now; the question is that of the hop."""
    if not one.at_loki.seen or not one.question or context.run is None:
        return None
    window = Window(context.run.window.start_ns - 60 * NS, context.now_ns() + 60 * NS)
    lines, probe = context.loki.lines(one.question, window, MOST)
    there = {tag for _, line in lines for tag in find_tags(line, context.run.id)}
    lost = len([tag for tag in one.at_loki.seen if tag not in there])
    return (lost, probe) if lost else None


CAUSE = on_run("ingest.retention-passed", "loki", find)
