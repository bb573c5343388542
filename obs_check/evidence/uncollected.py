"""A file that no job of the shipper takes, and the configuration that would.

No directory named and a pattern that does not fit look the same in promtail's metrics (no `promtail_file_bytes_total`
for the path), so the configuration decides. Proved by running the fixed configuration on the very lines that were
lost: they come out with labels.
"""

from pathlib import PurePosixPath

from obs_check.evidence.cause import Cause
from obs_check.evidence.collecting import Collecting, change_to_collect, not_discovered
from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import PathLines, join_findings, losses, shipper_answers
from obs_check.evidence.shipper_rules import Rules, simulated_evidence
from obs_check.model.finding import Finding
from obs_check.model.probe import Probe
from obs_check.model.wording import count_noun
from obs_check.shipper.glob import matches
from obs_check.shipper.model import ShipperConfig
from obs_check.shipper.pod_objects import shippers

REMEDY = (
    "let both see it: a hostPath of the node in the pod that writes there and in the shipper's, or a sidecar with a "
    "shipper of its own beside what writes there"
)
"""How a pod gets to see a directory that another one writes."""


def uncollected_finding(context: Context, cause: Cause, near_only: bool) -> Finding | None:
    """The paths whose file no job takes: with `near_only` where a pattern names its directory, else where none
    does."""
    return join_findings(_on(context, config, one, cause, near_only) for config, one in losses(context))


def _on(context: Context, config: Rules, one: PathLines, cause: Cause, near_only: bool) -> Finding | None:
    state = one.evidence.after.file(one.file) if one.evidence else None
    unread = state is not None and state.read_lines is None and config.about(one.file).reason == "not compressed"
    taken = state is not None and state.collected and not unread
    if one.lost != one.found or not shipper_answers(one) or taken:
        return None
    running = one.evidence.after if one.evidence else None
    named = (context.named.boundary_glob, context.named.coderd_glob)
    awaited = [glob for glob in named if glob and not matches(glob, one.file)]
    change = change_to_collect(config, one.file, running, awaited) or not_discovered(config, one.file, running)
    if change is None or change.near != near_only:
        return None
    now, lines = context.now_ns(), one.lost_lines
    fixed = change.after.run(one.file, lines, now) if change.after else None
    if change.after is not None and (fixed is None or not fixed.shipped):
        return None
    seen = (*one.probes, _paths(config, one.file, now))
    title = "simulate the fixed configuration on the lost lines"
    return cause.finding(
        claim=f"{count_noun(len(one.found), 'line')} of the run are in {one.directory} and 0 in Loki: no job "
        f"takes the file ({change.why})"
        + (f"; with the fix {len(fixed.shipped)} of {len(lines)} lines are pushed" if fixed else ""),
        evidence=simulated_evidence(seen, title, fixed, len(lines), now),
        fix=config.fix(_summary(context, change, config, one.file), change.after),
        panels=context.panels_of(one.path),
    )


def _paths(config: Rules, file: str, now_ns: int) -> Probe:
    """The path of every target that has to do with the file, or why there is none."""
    rows = [
        [target.job.name, target.glob or ("no path" if target.traced.labels is not None else "dropped")]
        for target in config.targets(file)
    ]
    return Probe("shipper", f"__path__ of every target in {config.path.name}", rows, now_ns)


def _summary(context: Context, change: Collecting, config: Rules, file: str) -> str:
    """The change, and where the shipper's pod would not see the file."""
    if not change.added:
        return change.summary
    if lacks := not_mounted(context, config.config, file):
        return f"{change.summary}; {lacks}: {REMEDY}"
    of_pods = any("pod" in job.roles for job in config.config.jobs)
    elsewhere = "; a DaemonSet sees that directory through a hostPath only, else put a sidecar beside what writes there"
    return change.summary + (elsewhere if of_pods and pod_sees(context, config.config, file) is None else "")


def pod_sees(context: Context, config: ShipperConfig, file: str) -> bool | None:
    """Whether a pod of the shipper has the file's directory from the node; None where no such pod is known."""
    pods = shippers(context.pods(), config.dialect)
    return any(pod.sees(file) for pod in pods) if pods else None


def not_mounted(context: Context, config: ShipperConfig, file: str) -> str:
    """What the shipper's pod has in place of the file's directory, in words; "" where it sees that, or nobody knows."""
    if pod_sees(context, config, file) is not False:
        return ""
    pod = shippers(context.pods(), config.dialect)[0]
    has = ", ".join(sorted(at for at, host in pod.mounts.items() if host)) or "no directory"
    return f"{pod.told} has {has} of its node and not {PurePosixPath(file).parent}"
