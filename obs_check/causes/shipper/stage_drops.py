"""shipper.stage-drops: a stage of the shipper's pipeline, or its own limit of bytes, drops the lines on purpose.

Proved by running the configured pipeline on the very lines: it drops them, and without the stage it pushes them.
promtail 3.5 counts those of stages in `logentry_dropped_lines_total`, and lines over `limits_config.max_line_size`
among the entries that a client gave up; those over `readline_rate` are counted as a stage's.
"""

from collections import Counter

from obs_check.documents.yaml_edit import remove_node
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import join_findings
from obs_check.evidence.shipper_rules import Rules, Taken
from obs_check.evidence.stored_lines import ShippedPath, unarrived_paths
from obs_check.model.finding import Finding
from obs_check.model.shipping_account import ShippingAccount
from obs_check.shipper.pushed import LINE_TOO_LONG
from obs_check.shipper.simulate import Simulation, keeps_entries
from obs_check.shipper.stages.components import Nowhere, RelabelLines

_LIMIT = ("limits_config", "max_line_size")
_TOO_FAST = "global_rate_limiter_drop"
"""The reason that promtail 3.5 counts for lines over `limits_config.readline_rate`."""
_UNCOUNTED = (RelabelLines.kind, Nowhere.kind)
"""What drops lines and counts none of them (Alloy 1.11)."""


def find(context: Context) -> Finding | None:
    """The paths whose lost lines a stage drops."""
    return join_findings(_on(context, path) or _by_rate(context, path) for path in unarrived_paths(context))


def _on(context: Context, path: ShippedPath) -> Finding | None:
    one, config, taken, ran = path.one, path.config, path.taken, path.ran
    stage, reason, count = _dropping(ran)
    counted = _counted(one.evidence.account if one.evidence else None, stage, reason)
    if not count or (counted is not None and reason and not counted):
        return None
    after = _without(config, taken, stage)
    fixed = path.again(after)
    if fixed is not None and len(fixed.shipped) <= len(ran.shipped):
        return None
    if fixed is not None and not keeps_entries(ran, fixed):
        # The stage does more than drop: without it other lines would not be what they are.
        after = fixed = None
    what = f"stage `{stage}` of job {taken.job.name}" if stage else f"`{'.'.join(_LIMIT)}`"
    remedy = f"take {what} out"
    if _kind(stage) == Nowhere.kind:
        what, remedy = f"{reason}, and that", "let its `forward_to` name the receiver of a `loki.write`"
    return CAUSE.finding(
        claim=f"{what} drops {count} of {len(path.lines)} lines that are in the file and not in Loki"
        + (f"; it counted {counted} dropped lines ({reason})" if counted else "")
        + (f"; without it {len(fixed.shipped)} are pushed" if fixed else ""),
        evidence=path.evidence((*one.probes, path.simulated), "simulate it without what drops them", fixed),
        fix=config.fix(remedy, after),
        panels=context.panels_of(one.path),
    )


def _by_rate(context: Context, path: ShippedPath) -> Finding | None:
    """The limit on how many lines are read a second, which drops whichever come too fast: no simulation says which."""
    account = path.one.evidence.account if path.one.evidence else None
    counted = account.stage_drops.get(_TOO_FAST, 0) if account else 0
    if counted < len(path.lines):
        return None
    after = path.config.edited(lambda text: remove_node(text, ("limits_config", "readline_rate_enabled")))
    what = "`limits_config.readline_rate`"
    return CAUSE.finding(
        claim=f"{len(path.lines)} lines are in the file and not in Loki, and {what} dropped {counted} ({_TOO_FAST}) "
        "since before the run",
        evidence=path.evidence((*path.one.probes, path.simulated), "", None),
        fix=path.config.fix(f"raise {what} above what is written, or take `readline_rate_enabled` out", after),
        panels=context.panels_of(path.one.path),
    )


def _dropping(ran: Simulation) -> tuple[str, str, int]:
    """The stage that drops most lines ("" for the limit of bytes), its reason, and how many these are."""
    dropped = Counter((e.stage, e.reason) for e in ran.effects if e.outcome == "dropped")
    if dropped:
        (stage, reason), count = dropped.most_common(1)[0]
        return stage, reason, count
    return "", LINE_TOO_LONG, ran.dropped.get(LINE_TOO_LONG, 0)


def _counted(account: ShippingAccount | None, stage: str, reason: str) -> int | None:
    """How many lines the running shipper dropped for that reason since before the run; None where nobody looked."""
    if account is None or not reason or _kind(stage) in _UNCOUNTED:
        return None
    return (account.stage_drops if stage else account.client_drops).get(reason, 0)


def _kind(stage: str) -> str:
    return stage.rpartition(" ")[2]


def _without(config: Rules, taken: Taken, stage: str) -> Rules | None:
    """The configuration that does not drop them there; a `json` stage goes on to extract."""
    if not stage:
        return config.edited(lambda text: remove_node(text, _LIMIT))
    if stage.endswith(" json"):
        return config.without_attribute(taken.job, stage, "drop_malformed")
    return config.without_stage(taken.job, stage)


CAUSE = on_run("shipper.stage-drops", "shipper", find, asked="collection")
