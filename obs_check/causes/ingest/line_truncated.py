"""ingest.line-truncated: lines are cut at a number of bytes, often in the middle of their JSON, so that no parser reads
them.

`max_line_size_truncate` of Loki's limits does it, or that of promtail's own `limits_config`; neither is an error for
anybody. Shown by the same line in the file and in Loki, of which the latter is the beginning, and by the panel's query,
which answers the whole line.
"""

from dataclasses import replace

from obs_check.evidence.cause import on_query, on_run
from obs_check.evidence.changed_lines import SHOWN, Pushed, compare_lines, in_loki, is_cut, pushed_lines
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.lost_lines import PathLines, join_findings, losses, paths_to, shipper_answers
from obs_check.evidence.query_on_lines import measure_on_lines
from obs_check.evidence.shipper_rules import Rules
from obs_check.model.event import find_tags
from obs_check.model.finding import Evidence, Finding, Fix, Observation, Proof
from obs_check.model.probe import Probe
from obs_check.model.secret import shorten
from obs_check.model.wording import count_noun

BEGINNING = 64
"""Characters of a line that are enough to find it: its time is among them."""


def find_lost(context: Context) -> Finding | None:
    """The paths whose lines are in Loki up to a place in front of the tag."""
    return join_findings(_lost(context, config, one) for config, one in losses(context))


def _lost(context: Context, config: Rules, one: PathLines) -> Finding | None:
    now = context.now_ns()
    made = list(pushed_lines(config, one, one.lost, now))
    if not made or len(made) < len(one.lost_lines) or not shipper_answers(one):
        return None
    first = made[0]
    there, probe = in_loki(context, first.entry.labels, first.entry.line[:BEGINNING])
    line = next((line for line in there if first.tag not in find_tags(line, context.followed_run.id)), None)
    if line is None or not (is_cut(first.entry.line, line) or (first.cut and line == first.entry.line)):
        return None
    failing = context.panels.failing & set(context.panels_of(one.path))
    found = LOST.finding(
        claim=f"{_cuts(first, line, one)}, in front of what tells whose it is",
        evidence=_evidence((*one.probes, probe, _both(first, line, now)), first, now),
        fix=_fix(config, first),
        panels=context.panels_of(one.path),
    )
    return found if failing else replace(found, severity="warning")


def find_arrived(context: Context, broken: BrokenTarget) -> Finding | None:
    """The lines of the panel's path in Loki that are cut, of which the panel's query answers more as they were."""
    found = (_arrived(context, broken, one) for one in paths_to(context, broken.panel.id))
    return next((finding for finding in found if finding is not None), None)


def _arrived(context: Context, broken: BrokenTarget, one: PathLines) -> Finding | None:
    cut = [line for line in compare_lines(context, one) if line.cut]
    if not cut:
        return None
    now, first = context.now_ns(), cut[0]
    both = measure_on_lines(broken, [line.stored for line in cut], [line.whole for line in cut], now)
    if both.would <= both.alike:
        return None
    made = first.pushed or Pushed.unknown(first.tag, first.written)
    return ARRIVED.finding(
        claim=f"{_cuts(made, first.line, one)}; {both.in_words(f'{len(cut)} cut lines', 'whole ones')}",
        evidence=_evidence((*one.probes, _both(made, first.line, now), both.probe), made, now),
        fix=_fix(first.config, made),
        group=f"{one.path} {made.cut}",
    )


def _cuts(made: Pushed, line: str, one: PathLines) -> str:
    who = "the shipper" if made.cut else "Loki"
    return (
        f"{who} cuts lines (`max_line_size_truncate`): that of {made.tag} has "
        f"{count_noun(len(made.written.encode()), 'byte')} in "
        f"{one.file} and {len(line.encode())} in Loki, where it ends with `{line[-24:]}`"
    )


def _both(made: Pushed, line: str, now_ns: int) -> Probe:
    sizes = {"in the file": len(made.written.encode()), "in Loki": len(line.encode()), "ends with": line[-24:]}
    return Probe("file", f"the line of {made.tag}: `{shorten(made.written, SHOWN, '...')}`", sizes, now_ns)


def _evidence(seen: tuple[Probe, ...], made: Pushed, now_ns: int) -> Evidence:
    if made.whole is None:
        return Observation(seen)
    title = f"simulate the shipper without `max_line_size` on the line of {made.tag}"
    return Proof(seen, (Probe("shipper", title, len(made.whole.line.encode()), now_ns),))


def _fix(config: Rules | None, made: Pushed) -> Fix:
    if made.cut and config is not None:
        return config.fix("take `limits_config.max_line_size` out of the shipper", made.after)
    return Fix("raise `max_line_size` in Loki's `limits_config` above the longest line; lines that were cut stay so")


LOST = on_run("ingest.line-truncated", "loki", find_lost)
ARRIVED = on_query("ingest.line-truncated", "loki", find_arrived)
