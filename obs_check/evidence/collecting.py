"""The smallest change of a shipper's configuration with which it takes a file that no job takes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import PurePosixPath
from typing import Any

from obs_check.documents.yaml_edit import remove_node, with_item, with_value
from obs_check.evidence.shipper_rules import Rules
from obs_check.model.shipping import ShipperState
from obs_check.model.tree import Json
from obs_check.model.wording import count_noun
from obs_check.shipper.glob import first_difference, matches, names_directory, pattern_meant
from obs_check.shipper.pod_discovery import LeftOut
from obs_check.shipper.pods import META, PodLogs, pod_logs
from obs_check.shipper.relabel import RelabelRule, relabel
from obs_check.shipper.relabel_trace import in_words
from obs_check.shipper.targets import FileReport, RelabeledTarget

_WRONG_HOST = re.compile(r'wrong host \(labels:.*__host__="(?P<label>[^"]*)".* hostname:(?P<own>\S*)\)', re.DOTALL)
"""promtail 3.5: clients/pkg/promtail/targets/file/filetargetmanager.go."""
_PLAIN = re.compile(r"[\w/:-]+")
"""A regular expression that is a text."""


@dataclass(frozen=True, slots=True)
class Collecting:
    """`why` says why no job takes the file, `near` whether a pattern names its directory. `after` is None where a
    person has to make the change that `summary` names; `added` says that it is a job for the file's directory."""

    why: str
    summary: str
    after: Rules | None
    near: bool = False
    added: bool = False


def change_to_collect(
    config: Rules, file: str, state: ShipperState | None, awaited: Sequence[str] = ()
) -> Collecting | None:
    """The change; None where a job takes the file, and where that hangs on labels that nobody knows. `state` is what
    the running shipper says of itself; `awaited` are patterns of other files, which may come yet: a job for them is
    as it should be."""
    about = config.about(file)
    if about.reason == "not compressed":
        return _unpacked(config, about)
    if about.by or about.api or about.reason == "unknown":
        return None
    own = [target for target in config.targets(file) if _is_of(target, file)]
    for target in own:
        if target.outside is not None:
            continue
        if target.traced.labels is None:
            return _dropped(config, target)
        if target.pod is not None:
            return _of_pod(config, target, target.pod, file)
        if target.glob and matches(target.glob, file):
            return _excluded(config, target)
    for target in own:
        if target.outside is not None:
            return _left_out(config, target, target.outside)
    return _near(config, file, state) or _elsewhere(config, file, state, awaited)


def _unpacked(config: Rules, about: FileReport) -> Collecting:
    """The job reads the file as it is."""
    job = about.by[0].job
    place = (*config.job_place(job), "decompression")
    summary = f"take `decompression` out of job {job.name}"
    return Collecting(about.why, summary, config.edited(lambda text: remove_node(text, place)))


def not_discovered(config: Rules, file: str, state: ShipperState | None) -> Collecting | None:
    """Why the running shipper has no target for a pod's log; None where it does not say so."""
    pod = pod_logs(file)
    if state is None or pod is None:
        return None
    host = next((h for t in state.targets if pod.is_of(t.discovered) and (h := _WRONG_HOST.search(t.dropped))), None)
    if host is not None:
        why = f"it drops the pod's target: `__host__` is `{host['label']}`, and it runs on `{host['own']}`"
        return Collecting(why, "make `__host__` the name that the shipper knows its node by (its `HOSTNAME`)", None)
    jobs = {job.name for job in config.config.jobs if "pod" in job.roles}
    if state.undiscovered and not any(target.job in jobs for target in state.targets):
        why = f"it has found no pod: {state.undiscovered}"
        return Collecting(why, "let the shipper reach Kubernetes' API, and list and watch pods there", None)
    return None


def _is_of(target: RelabeledTarget, file: str) -> bool:
    """Whether a target is meant for the file: of its pod, or with a path that fits it before relabeling."""
    return target.pod is not None or matches(target.discovered.get("__path__", ""), file)


def _left_out(config: Rules, target: RelabeledTarget, out: LeftOut) -> Collecting:
    """The discovery that is for some namespaces asks for the pod's, too; what else it leaves out a person has to
    change."""
    why = f"job {target.job.name}: {out.told}"
    if not out.names:
        return Collecting(why, "let the discovery of the job find the pod", None)
    number = [one.role == "pod" and out.names == one.names for one in target.job.kubernetes].index(True)
    place = (*config.job_place(target.job), "kubernetes_sd_configs", number, "namespaces", "names")
    namespace = target.discovered[f"{META}namespace"]
    after = config.edited(lambda text: with_item(text, place, len(out.names), namespace))
    return Collecting(why, f"let job {target.job.name} find pods of namespace {namespace}, too", after)


def _dropped(config: Rules, target: RelabeledTarget) -> Collecting:
    """The rule that drops the target lets this one value through; where that cannot be written, it goes."""
    number = target.traced.rule - 1
    rule, value = target.job.relabel[number], target.traced.value
    named = f"{in_words(rule, number + 1)} of job {target.job.name}"
    why = f'{named} drops the target, its value is "{value}"'
    place = (*config.job_place(target.job), "relabel_configs", number)
    regex = _letting_through(rule, value)
    if regex is None:
        return Collecting(why, f"take {named} out", config.edited(lambda text: remove_node(text, place)))
    after = config.edited(lambda text: with_value(text, (*place, "regex"), regex))
    return Collecting(why, f'let "{value}" through {named}', after)


def _letting_through(rule: RelabelRule, value: str) -> str | None:
    """The rule's regular expression with which it lets a value through, and what it let through before; None where
    there is none to write."""
    if rule.action == "keep" and value:
        return f"{rule.regex}|{re.escape(value) if not _PLAIN.fullmatch(value) else value}"
    ways = rule.regex.split("|")
    if rule.action == "drop" and value in ways and len(ways) > 1 and all(_PLAIN.fullmatch(way) for way in ways):
        return "|".join(way for way in ways if way != value)
    return None


def _of_pod(config: Rules, target: RelabeledTarget, pod: PodLogs, file: str) -> Collecting | None:
    """The rule that makes the path of a pod's target makes that of its log; one is added where there is none."""
    if target.exclude and matches(target.exclude, file):
        return _excluded(config, target)
    if lost := target.traced.lost.get("__path__"):
        return _path_lost(config, target, lost)
    rules, job = target.job.relabel, config.job_place(target.job)
    found = [n for n, rule in enumerate(rules) if rule.target == "__path__" and _applies(target, n)]
    path = _path_rule(pod, file)
    if not found:
        after = config.edited(lambda text: with_item(text, (*job, "relabel_configs"), len(rules), path))
        return Collecting(f"no rule of job {target.job.name} sets `__path__`", "set `__path__` from the pod", after)
    rule, place = rules[found[-1]], (*job, "relabel_configs", found[-1])
    why = f"{in_words(rule, found[-1] + 1)} of job {target.job.name} makes `{target.glob}` its path"
    summary = f"make `{path['replacement']}` the path"
    changes = (
        config.edited(lambda text: with_value(text, (*place, "replacement"), path["replacement"])),
        config.edited(lambda text: with_value(text, place, path)),
    )
    after = next((one for one in changes if one is not None and one.takes(file)), None)
    return Collecting(why, summary, after, near=names_directory(target.glob, file))


def _path_lost(config: Rules, target: RelabeledTarget, number: int) -> Collecting:
    """The rule that takes the path of a pod's target away leaves it; only of one that names what stays that can be
    written."""
    rule, place = target.job.relabel[number - 1], (*config.job_place(target.job), "relabel_configs", number - 1)
    named = f"{in_words(rule, number)} of job {target.job.name}"
    kept = f"{rule.regex}|__path__"
    after = (
        config.edited(lambda text: with_value(text, (*place, "regex"), kept)) if rule.action == "labelkeep" else None
    )
    return Collecting(f"{named} takes `__path__` away", f"let {named} keep `__path__`", after)


def _path_rule(pod: PodLogs, file: str) -> dict[str, Json]:
    """The rule that makes the path of a pod's logs of its uid and container, as promtail's chart has it; a static pod's
    directory has the hash of its manifest in the place of the uid."""
    own = "pod_annotation_kubernetes_io_config_hash" if pod.static else "pod_uid"
    return {
        "source_labels": [f"{META}{own}", f"{META}pod_container_name"],
        "separator": "/",
        "target_label": "__path__",
        "replacement": f"{file.partition('/pods/')[0]}/pods/*$1/*{PurePosixPath(file).suffix}",
    }


def _applies(target: RelabeledTarget, number: int) -> bool:
    """Whether rule `number` of the job changes the target's path."""
    before = relabel(target.discovered, target.job.relabel[:number]) or {}
    after = relabel(before, [target.job.relabel[number]]) or {}
    return after.get("__path__") != before.get("__path__")


def _excluded(config: Rules, target: RelabeledTarget) -> Collecting:
    """Its `__path_exclude__` goes, where it stands in the target."""
    place = config.static_place("__path_exclude__", target.exclude)
    why = f"`__path_exclude__` of job {target.job.name} is `{target.exclude}`"
    after = config.without_text(place, target.exclude)
    return Collecting(why, f"take `__path_exclude__` out of job {target.job.name}", after, near=True)


def _near(config: Rules, file: str, state: ShipperState | None) -> Collecting | None:
    """The pattern that names the file's directory takes names like the file's, and those it took before."""
    for target in config.targets(file):
        glob = target.glob
        if not glob or not names_directory(glob, file):
            continue
        new = pattern_meant(glob)
        if not matches(new, file):
            start, _, last = glob.rpartition("/")
            own = f"*{PurePosixPath(file).suffix}"
            new = f"{start}/{{{last},{own}}}" if _takes_some(glob, state) else f"{start}/{own}"
        after = config.with_text(config.static_place("__path__", glob), glob, new) if matches(new, file) else None
        why = f"the nearest is `{glob}`: {first_difference(glob, file)} of job {target.job.name}"
        return Collecting(why, f"collect {new}", after, near=True)
    return None


def _takes_some(glob: str, state: ShipperState | None) -> bool:
    """Whether a pattern takes a file, as far as the running shipper says."""
    return state is not None and any(matches(glob, file.path) for file in state.files)


def _elsewhere(config: Rules, file: str, state: ShipperState | None, awaited: Sequence[str]) -> Collecting:
    """A job for the file's directory: the one whose own path takes nothing, else a new one."""
    pod = pod_logs(file)
    idle = [t for t in state.targets if t.ready is False and t.glob.startswith("/")] if state else []
    idle = [t for t in idle if not any(names_directory(t.glob, a) or names_directory(a, t.glob) for a in awaited)]
    for target in idle if len(idle) == 1 and pod is None else ():
        start, _, last = target.glob.rpartition("/")
        new, place = f"{PurePosixPath(file).parent}/{last}", config.static_place("__path__", target.glob)
        if start and matches(new, file):
            why = f"`{target.glob}` of job {target.job} takes no file"
            return Collecting(why, f"collect {new}", config.with_text(place, target.glob, new))
    number = len(config.config.jobs)
    summary, job = _job_of_pods(pod, file) if pod is not None else _job_of_files(file)
    taken, name = {one.name for one in config.config.jobs}, job["job_name"]
    names = chain([name], (f"{name}-{more}" for more in count(2)))
    job["job_name"] = next(free for free in names if free not in taken)
    after = config.edited(lambda text: with_item(text, ("scrape_configs",), number, job))
    return Collecting(f"the paths of {count_noun(number, 'job')} are elsewhere", summary, after, added=pod is None)


def _job_of_files(file: str) -> tuple[str, dict[str, Any]]:
    """What a job for boundary's files is for, and the job."""
    path = PurePosixPath(file)
    glob = f"{path.parent}/*{path.suffix}"
    # The line's own time: the first reading of a file that has been there for long is not when things happened.
    stages = [
        {"logfmt": {"mapping": {"time": None}}},
        {"timestamp": {"source": "time", "format": "RFC3339Nano"}},
    ]
    labels = {"job": "boundary", "__path__": glob}
    return f"collect {glob}", {
        "job_name": "boundary",
        "pipeline_stages": stages,
        "static_configs": [{"targets": ["localhost"], "labels": labels}],
    }


def _job_of_pods(pod: PodLogs, file: str) -> tuple[str, dict[str, Json]]:
    """What a job for a pod's log is for, and the job: it finds the pods that come after this one, too, and no other
    container's."""
    known = dict(pod.labels)
    namespace, container = known[f"{META}namespace"], known[f"{META}pod_container_name"]
    keep = {
        "action": "keep",
        "source_labels": [f"{META}namespace", f"{META}pod_container_name"],
        "separator": "/",
        "regex": f"{namespace}/{container}",
    }
    sources = {"namespace": "namespace", "pod": "pod_name", "container": "pod_container_name"}
    named = [{"source_labels": [META + source], "target_label": label} for label, source in sources.items()]
    summary = (
        f"find the pods of namespace {namespace} and collect their container {container} (discovery of role pod: the "
        "shipper's service account has to be allowed to list and watch pods)"
    )
    return summary, {
        "job_name": f"pods-{container}",
        "pipeline_stages": [{"cri": {}}],
        "kubernetes_sd_configs": [{"role": "pod"}],
        "relabel_configs": [keep, *named, _path_rule(pod, file)],
    }
