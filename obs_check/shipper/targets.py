"""Which job of a configuration takes which file of a tree, with which labels, or why none does."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from obs_check.model.entry import Labels
from obs_check.model.wording import count_noun
from obs_check.shipper.collect import takes_file
from obs_check.shipper.glob import common_segments, first_difference, fits_pattern, matches
from obs_check.shipper.model import ScrapeJob
from obs_check.shipper.other_ways import may_take
from obs_check.shipper.pod_discovery import LeftOut
from obs_check.shipper.pods import META, KnownPods, PodLogs, pod_logs
from obs_check.shipper.relabel import relabel
from obs_check.shipper.relabel_trace import Traced, in_words, trace
from obs_check.shipper.stages.tenant import Tenant

_PATH_LIKE = re.compile(r"_*(?:path|paths|file|filename)_*", re.IGNORECASE)

Reason = Literal[
    "taken", "taken by API", "taken twice", "empty", "glob", "excluded", "not discovered", "relabel drop", "no path",
    "unknown", "not readable", "symlink", "compressed", "not compressed", "too old", "no job",
]  # fmt: skip


NOBODY = KnownPods()
_NO_PATH = "no rule sets `__path__` for this pod"


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of the tree. `path` as the shipper names it, `size` in bytes, `age` in ns since it was last written to.
    `link` is where a symbolic link points ("" for none) and `there` whether that exists; `packed` names the compression
    that its first bytes show (`gz`, `bz2`, `z`, `zip`), "" for none."""

    path: str
    size: int = 0
    age: int = 0
    readable: bool = True
    link: str = ""
    there: bool = True
    packed: str = ""


@dataclass(frozen=True, slots=True)
class RelabeledTarget:
    """One target of a job after relabeling. `traced.labels` is None where a rule drops it; `pod` is None for a static
    target. `outside` says why the job's discovery makes no target of the pod's container, None where it does."""

    job: ScrapeJob
    discovered: Labels
    traced: Traced
    pod: PodLogs | None = None
    outside: LeftOut | None = None

    @property
    def glob(self) -> str:
        """Its path pattern, "" where it has none."""
        return (self.traced.labels or {}).get("__path__", "")

    @property
    def exclude(self) -> str:
        """Its `__path_exclude__`."""
        return (self.traced.labels or {}).get("__path_exclude__", "")

    @property
    def labels(self) -> Labels:
        """The labels that lines get and whose values are known."""
        hanging = self.traced.unknown
        return {n: v for n, v in (self.traced.labels or {}).items() if not n.startswith("__") and n not in hanging}

    @property
    def unknown(self) -> dict[str, tuple[str, ...]]:
        """Labels whose values are not known, with what they hang on."""
        return {n: on for n, on in self.traced.unknown.items() if not n.startswith("__")}


@dataclass(frozen=True, slots=True)
class FileReport:
    """What becomes of a file: `reason` in a word, `why` in a sentence, `by` the targets that take it (usually one),
    `api` the one by which its lines are read without it, `nearest` the pattern that comes closest where none fits."""

    file: LogFile
    reason: Reason
    why: str = ""
    by: tuple[RelabeledTarget, ...] = ()
    nearest: str = ""
    needs: tuple[str, ...] = field(default=())
    """Meta labels that would have to be known."""
    api: RelabeledTarget | None = None


def find_targets(
    jobs: Iterable[ScrapeJob], files: Iterable[LogFile], supplied: Labels, known: KnownPods = NOBODY
) -> list[RelabeledTarget]:
    """The targets of all jobs: static ones, and those of Kubernetes' pods. A pod of which nothing is `known` is told
    from the files' paths and from `supplied`, discovery labels of every pod that a person knows. Equal targets of a job
    count once, as in promtail."""
    pods = {pod.directory: pod for file in files if (pod := pod_logs(file.path))}
    found: dict[tuple[object, ...], RelabeledTarget] = {}
    # A cluster has thousands of pods, of which a node's directory holds a few.
    names: dict[tuple[str | None, ...], list[Labels]] = {}
    for labels in (*known.found, *known.listed):
        names.setdefault(_pod_name(labels), []).append(labels)
    for job in jobs:
        targets = [RelabeledTarget(job, own, trace(own, job.relabel, _unknown(own, None, True))) for own in job.targets]
        for pod in pods.values() if job.finds_pods else ():
            targets += _of_pod(job, pod, supplied, known, names.get(_pod_name(dict(pod.labels)), []))
        for target in targets:
            traced = target.traced
            found.setdefault((job.name, traced.rule, _identity(target), tuple(traced.unknown)), target)
    return list(found.values())


def _pod_name(labels: Labels) -> tuple[str | None, ...]:
    return labels.get(f"{META}namespace"), labels.get(f"{META}pod_name")


def _of_pod(
    job: ScrapeJob, pod: PodLogs, supplied: Labels, known: KnownPods, everyone: Sequence[Labels]
) -> Iterator[RelabeledTarget]:
    """The targets that a job's discovery makes of a pod's container; one with the reason where it makes none. Of what
    is known, `everyone` is what has the pod's name."""
    told = [labels for labels in everyone if pod.is_of(labels)]
    others = [] if told else [labels for labels in everyone if pod.is_in_pod(labels)]
    if others:
        yield RelabeledTarget(job, others[0], Traced(None), pod, _no_container(pod, others))
        return
    for own in told or [{**dict(pod.labels), **supplied}]:
        is_unknown = _unknown(own, pod, bool(told))
        left_out = [one.leaves_out(own, is_unknown) for one in job.kubernetes if one.role == "pod"]
        # What the running shipper found, it asked for.
        if own in known.found or None in left_out:
            traced = trace(own, job.relabel, is_unknown)
            out = None if own in known.found else _elsewhere(traced, known.hosts)
            yield RelabeledTarget(job, own, Traced(None) if out else traced, pod, out)
        else:
            yield RelabeledTarget(job, own, Traced(None), pod, min(filter(None, left_out), key=lambda one: one.surely))


def _elsewhere(traced: Traced, hosts: Sequence[str]) -> LeftOut | None:
    """promtail 3.5 reads no target whose `__host__` is another than its own (filetargetmanager.go)."""
    host = (traced.labels or {}).get("__host__")
    if not hosts or not host or host in hosts or "__host__" in traced.unknown:
        return None
    return LeftOut(f"`__host__` is `{host}`, and promtail's `HOSTNAME` is {' or '.join(dict.fromkeys(hosts))}")


def _no_container(pod: PodLogs, others: Sequence[Labels]) -> LeftOut:
    """Why a pod that is known has no target for a container."""
    own = dict(pod.labels)
    has = sorted({name for labels in others if (name := labels.get(f"{META}pod_container_name"))})
    if not has:
        return LeftOut(f"pod {own[f'{META}pod_name']} has no address (podIP), and without one no discovery finds it")
    name = own[f"{META}pod_container_name"]
    told = f"discovery finds {' and '.join(has)} of the pod and not {name}: an ephemeral container has no target"
    return LeftOut(told)


def _identity(target: RelabeledTarget) -> tuple[object, ...]:
    """What makes two targets of a job one for promtail 3.5: path and labels, so that a container that is discovered
    once for each of its ports is read once. One that a rule drops is what it was discovered as."""
    labels, directory = target.traced.labels, target.pod.directory if target.pod else ""
    if labels is None:
        return directory, *sorted(target.discovered.items())
    own = sorted((name, value) for name, value in labels.items() if not name.startswith("__"))
    return target.glob, target.exclude, directory, *own


def start_labels(
    job: ScrapeJob, path: str | None, given: Labels, supplied: Labels, known: KnownPods = NOBODY
) -> tuple[Labels, list[str]]:
    """The labels that lines of a file come with to the job's pipeline, and what of them is not known, in sentences.

    `path` None is not a file. Of a pod's log they are those of a pod that is `known`, else follow from the path and
    from `supplied` discovery labels; of any other file they are `given`, else those of the target that takes it, else
    of the first one.
    """
    found = find_targets([job], [LogFile(path)] if path else [], supplied, known)
    pods = [target for target in found if target.pod is not None]
    if given and not pods:
        return given, []
    kept = [target for target in found if target.traced.labels is not None]
    taking = [target for target in kept if path and matches(target.glob, path)]
    first = next(iter((*pods, *taking, *kept, *found)), None)
    own = first.labels if first else {}
    return (own if path is None or job.by_api else {**own, "filename": path}), _not_known(first) if first else []


def _not_known(target: RelabeledTarget) -> list[str]:
    told = [f"{name} hangs on {', '.join(on)}, which no path tells" for name, on in sorted(target.unknown.items())]
    if target.outside is not None:
        told.append(f"job {target.job.name}: {target.outside.told}")
    elif target.traced.labels is None:
        rule = in_words(target.job.relabel[target.traced.rule - 1], target.traced.rule)
        needs = f" unless {', '.join(target.traced.decided)} say otherwise" if target.traced.decided else ""
        told.append(f"{rule} of job {target.job.name} drops the target{needs}")
    return told


def _unknown(known: Labels, pod: PodLogs | None, whole: bool) -> Callable[[str], bool]:
    """Whether nobody knows a label: a meta label of a pod that neither its path nor a person nor a shipper tells."""
    if pod is None or whole:
        return lambda _name: False
    return lambda name: name not in known and not pod.knows(name)


def report(
    files: Sequence[LogFile],
    targets: Sequence[RelabeledTarget],
    unread: Sequence[str] = (),
    jobs: Sequence[ScrapeJob] = (),
) -> list[FileReport]:
    """What becomes of each file, in their order. One that no target takes is unknown where parts of the configuration
    that were not read (`unread`), or targets of `jobs` of which nothing is known, may take it. Raises ConfigError for a
    pattern that is none."""
    return [_open(_report(file, targets), unread, jobs) for file in files]


def _open(one: FileReport, unread: Sequence[str], jobs: Sequence[ScrapeJob]) -> FileReport:
    if one.by or one.api:
        return one
    other = next(iter(unread), "") or may_take(jobs, one.file.path)
    return replace(one, reason="unknown", why=f"{other}; else {one.why}") if other else one


def _report(file: LogFile, targets: Sequence[RelabeledTarget]) -> FileReport:
    by = [
        t
        for t in targets
        if t.traced.labels is not None and _path_known(t) and t.glob and takes_file(t.job, t.glob, file.path)
    ]
    kept = [t for t in by if not (t.exclude and fits_pattern(t.exclude, file.path))]
    if not kept and by:
        return FileReport(file, "excluded", f"`__path_exclude__` of job {by[0].job.name} is `{by[0].exclude}`")
    if not kept:
        return _not_taken(file, targets)
    job = kept[0].job
    if not file.there:
        why = f"a symbolic link to {file.link}, which is not there"
        return FileReport(file, "symlink", why, tuple(kept))
    if not file.readable:
        return FileReport(file, "not readable", "this user may not read it; the shipper's may be another", tuple(kept))
    if job.ignore_older and file.age > job.ignore_older:
        return FileReport(
            file, "too old", f"not written to for {_days(file.age)}, more than the job takes", tuple(kept)
        )
    if file.packed and not job.decompression:
        why = f"{file.packed}: job {job.name} has no `decompression`, so the packed bytes are pushed as lines"
        return FileReport(file, "compressed", why, tuple(kept))
    if job.decompression and file.packed != job.decompression and file.size:
        why = f"job {job.name} unpacks {job.decompression}, this is {file.packed or 'plain text'}: nothing is read"
        return FileReport(file, "not compressed", why, tuple(kept))
    if any(push_twice(one.job, other.job) for n, one in enumerate(kept) for other in kept[:n]):
        names = " and ".join(dict.fromkeys(t.job.name for t in kept))
        return FileReport(
            file, "taken twice", f"{count_noun(len(kept), 'target')} ({names}) push every line", tuple(kept)
        )
    if file.size == 0:
        return FileReport(file, "empty", "nothing to read yet", tuple(kept))
    why = f"a symbolic link to {file.link}" if file.link else ""
    needs = kept[0].traced.decided
    if needs:
        why = f"unless {', '.join(needs)} say otherwise, which no path tells"
    return FileReport(file, "taken", why, tuple(kept), needs=needs)


def push_twice(one: ScrapeJob, other: ScrapeJob) -> bool:
    """Whether two jobs push every line of one file to the same client (a job that pushes nowhere has none) and tenant.
    Where one drops lines, the other may be there for those."""
    if one.pipeline.may_drop or other.pipeline.may_drop or _tenants(one) != _tenants(other):
        return False
    return one.to is None or other.to is None or bool(set(one.to) & set(other.to))


def _tenants(job: ScrapeJob) -> set[Tenant]:
    return {stage for stage in job.pipeline.every() if isinstance(stage, Tenant)}


def _path_known(target: RelabeledTarget) -> bool:
    return "__path__" not in target.traced.unknown


def _not_taken(file: LogFile, targets: Sequence[RelabeledTarget]) -> FileReport:
    """Why no target takes a file: its own pod's target was dropped or has no path, or a pattern does not fit."""
    own = pod_logs(file.path)
    mine = [t for t in targets if (t.pod is not None and own is not None and t.pod.directory == own.directory)]
    mine += [
        t
        for t in targets
        if t.pod is None and t.traced.labels is None and matches(t.discovered.get("__path__", ""), file.path)
    ]
    # What a discovery does not find is told only where another job does not find it either.
    found = [target for target in mine if target.outside is None]
    if not found and (out := [(t.job.name, t.outside) for t in mine if t.outside is not None]):
        job, left = min(out, key=lambda one: one[1].surely)
        reason: Reason = "not discovered" if left.surely else "unknown"
        return FileReport(file, reason, f"job {job}: {left.told}", needs=left.needs)
    mine = found
    for target in mine:
        needs = tuple(dict.fromkeys((*target.traced.decided, *target.traced.unknown.get("__path__", ()))))
        if needs and (target.traced.labels is None or not _path_known(target)):
            why = f"job {target.job.name}: {_hangs(target)} needs {', '.join(needs)}, which no path tells"
            return FileReport(file, "unknown", why, needs=needs)
    for target in mine:
        if target.traced.labels is None:
            rule = in_words(target.job.relabel[target.traced.rule - 1], target.traced.rule)
            why = f'job {target.job.name}: {rule} drops the target, its value is "{target.traced.value}"'
            return FileReport(file, "relabel drop", why)
    for target in mine:
        if target.job.by_api:
            decided = target.traced.decided
            unless = f" unless {', '.join(decided)} say otherwise, which no path tells" if decided else ""
            why = f"job {target.job.name} reads the container's log by Kubernetes' API, not from the file{unless}"
            return FileReport(file, "taken by API", why, needs=decided, api=target)
    for target in mine:
        if not target.glob:
            lost = target.traced.lost.get("__path__")
            why = f"{in_words(target.job.relabel[lost - 1], lost)} takes `__path__` away" if lost else _NO_PATH
            return FileReport(file, "no path", f"job {target.job.name}: {why}")
    named = next((t for t in targets if t.glob and t.job.literal_paths and fits_pattern(t.glob, file.path)), None)
    if named is not None:
        why = f"job {named.job.name} takes `{named.glob}` for the name of one file: it has no file_match"
        return FileReport(file, "glob", why, nearest=named.glob)
    globs = list(dict.fromkeys((t.glob, t.job.name) for t in targets if t.glob and _path_known(t)))
    if not globs:
        return FileReport(file, "no job", "no job has a path")
    near, job = max(globs, key=lambda g: (common_segments(g[0], file.path), -abs(len(g[0]) - len(file.path))))
    return FileReport(file, "glob", f"{first_difference(near, file.path)} of job {job}", nearest=near)


def _hangs(target: RelabeledTarget) -> str:
    if target.traced.labels is not None:
        return "its path"
    return in_words(target.job.relabel[target.traced.rule - 1], target.traced.rule)


def _days(age: int) -> str:
    hours = age / 3_600_000_000_000
    return f"{hours / 24:.1f} days" if hours >= 48 else f"{hours:.1f} hours"


def without_path(jobs: Iterable[ScrapeJob]) -> list[str]:
    """Jobs with targets of their own that no rule gives a `__path__`, one sentence each: no file is read for them."""
    told = []
    for job in jobs:
        left = [labels for target in job.targets if (labels := relabel(target, job.relabel)) is not None]
        lacking = [labels for labels in left if not labels.get("__path__")]
        if lacking:
            like = next((name for labels in lacking for name in labels if _PATH_LIKE.fullmatch(name)), None)
            meant = f"; `{like}` is a label as any other" if like else ""
            told.append(f"job {job.name} has a target without `__path__`, for which no file is read{meant}")
    return told
