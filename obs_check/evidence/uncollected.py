"""A file that no job of the shipper takes, and the configuration that would.

No directory named and a pattern that does not fit look the same in promtail's metrics (no `promtail_file_bytes_total`
for the path), so the configuration decides. Proved by running the fixed configuration on the very lines that were
lost: they come out with labels.
"""

from pathlib import PurePosixPath
from typing import Any

from obs_check.documents.yaml_edit import with_item, without
from obs_check.documents.yaml_nodes import Place
from obs_check.evidence.cause import Cause
from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import PathLines, answers, losses, together
from obs_check.evidence.shipper_rules import Rules, told
from obs_check.model.finding import Finding, Observation, Proof, Subject
from obs_check.model.probe import Probe
from obs_check.shipper.collect import globs
from obs_check.shipper.glob import fits
from obs_check.shipper.pods import META, pod_logs
from obs_check.shipper.targets import LogFile, find_targets


def uncollected(context: Context, cause: Cause, near_only: bool) -> Finding | None:
    """The paths whose file no job takes: with `near_only` where a pattern names its directory, else where none
    does."""
    found = [
        _on(context, config, one, cause)
        for config, one in losses(context)
        if bool(_near(config, one.file)) == near_only
    ]
    return together(found)


def _on(context: Context, config: Rules, one: PathLines, cause: Cause) -> Finding | None:
    near = _near(config, one.file)
    about = config.about(one.file)
    if about.by or one.lost != one.found or not answers(one):
        return None
    state = one.evidence.after.file(one.file) if one.evidence else None
    if state is not None and state.collected:
        return None
    directory = str(PurePosixPath(one.file).parent)
    dropped = about.reason == "relabel drop"
    wanted = f"{PurePosixPath(near).parent if near else directory}/*{PurePosixPath(one.file).suffix}"
    after = _changed(config, one, dropped, near, wanted)
    now, lines = context.now_ns(), one.lost_lines
    fixed = after.run(one.file, lines, now) if after else None
    if after is not None and (fixed is None or not fixed.shipped):
        return None
    paths = globs(config.config.jobs)
    why = about.why if near or dropped else f"the paths of {len(config.config.jobs)} jobs are elsewhere"
    seen = (*one.probes, Probe("shipper", f"__path__ of every job in {config.path.name}", paths, now))
    return cause.finding(
        subject=Subject(context.dashboard_uid),
        claim=f"{len(one.found)} lines of the run are in {directory} and 0 in Loki: no job takes the file "
        f"({f'the nearest is `{near}`: ' if near else ''}{why})"
        + (f"; with the fix {len(fixed.shipped)} of {len(lines)} lines are pushed" if fixed else ""),
        evidence=Proof(seen, (told("simulate the fixed configuration on the lost lines", fixed, len(lines), now),))
        if fixed
        else Observation(seen),
        fix=config.fix("take the rule out that drops the target" if dropped else f"collect {wanted}", after),
        panels=context.panels_of(one.path),
    )


def _near(config: Rules, file: str) -> str:
    """The pattern whose directory is the file's, "" without one and where a rule drops the target."""
    if config.about(file).reason != "glob":
        return ""
    directory = str(PurePosixPath(file).parent)
    return next((g for g in globs(config.config.jobs) if fits(str(PurePosixPath(g).parent), directory)), "")


def _changed(config: Rules, one: PathLines, dropped: bool, near: str, wanted: str) -> Rules | None:
    """The configuration with which a job takes the file."""
    if near:
        return config.with_text(_static_place(config, near), near, wanted)
    if dropped:
        job, rule = _dropping(config, one.file)
        return config.edited(lambda text: without(text, (*job, "relabel_configs", rule)))
    count = len(config.config.jobs)
    return config.edited(lambda text: with_item(text, ("scrape_configs",), count, _job(one.file, wanted)))


def _static_place(config: Rules, glob: str) -> Place:
    """Where promtail's configuration has a static target's `__path__`, () where nowhere."""
    for job in config.config.jobs:
        for number, target in enumerate(job.targets):
            if target.get("__path__") == glob:
                return (*config.job_place(job), "static_configs", number, "labels", "__path__")
    return ()


def _dropping(config: Rules, file: str) -> tuple[Place, int]:
    """The job whose rule drops the file's target, and that rule's index."""
    for target in find_targets(config.config.jobs, [LogFile(file, size=1)], {}):
        mine = fits(target.discovered.get("__path__", ""), file) or target.pod is not None
        if mine and target.traced.labels is None and target.traced.rule:
            return config.job_place(target.job), target.traced.rule - 1
    raise AssertionError(file)


def _job(file: str, glob: str) -> dict[str, Any]:
    """A job for a file that none takes: a container's log, or one of boundary's."""
    pod = pod_logs(file)
    if pod is None:
        # The line's own time: the first reading of a file that has been there for long is not when things happened.
        labels = {"job": "boundary"}
        stages: list[dict[str, Any]] = [
            {"logfmt": {"mapping": {"time": None}}},
            {"timestamp": {"source": "time", "format": "RFC3339Nano"}},
        ]
    else:
        known = dict(pod.labels)
        names = {"namespace": "namespace", "pod": "pod_name", "container": "pod_container_name"}
        labels = {name: known[META + source] for name, source in names.items()}
        stages = [{"cri": {}}]
    return {
        "job_name": "boundary" if pod is None else f"pod-{labels['pod']}",
        "pipeline_stages": stages,
        "static_configs": [{"targets": ["localhost"], "labels": {**labels, "__path__": glob}}],
    }
