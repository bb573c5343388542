"""The shipper's configuration as the causes use it: what takes a file, what becomes of lines, and changed versions."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from obs_check.documents.yaml_differences import differences
from obs_check.documents.yaml_edit import remove_node, with_item, with_value
from obs_check.documents.yaml_nodes import Place
from obs_check.documents.yaml_tree import load
from obs_check.errors import ConfigError, NotAllowed, Refused, Unavailable
from obs_check.evidence.context import Context
from obs_check.evidence.dashboard_edit import file_fix
from obs_check.model.entry import Labels
from obs_check.model.finding import Evidence, Fix, Observation, Proof, Safety
from obs_check.model.probe import Probe
from obs_check.model.secret import shorten
from obs_check.shipper import simulate
from obs_check.shipper.alloy.edit import AlloyText, alloy_tree
from obs_check.shipper.collect import as_read
from obs_check.shipper.model import ScrapeJob, ShipperConfig
from obs_check.shipper.pod_objects import known_of
from obs_check.shipper.pods import META, KnownPods
from obs_check.shipper.pushed import pushed_entries
from obs_check.shipper.read import alloy_parts, parse_shipper
from obs_check.shipper.simulate import Simulation
from obs_check.shipper.targets import NOBODY, FileReport, LogFile, RelabeledTarget, find_targets, report
from obs_check.shipper.wrapping import unwrap

_UID = f"{META}pod_uid"
_NESTED = re.compile(r"(\d+) (\w+)")


@dataclass(frozen=True, slots=True)
class Taken:
    """A job that takes a file, and the labels that its lines start with."""

    job: ScrapeJob
    labels: Labels

    @classmethod
    def of(cls, target: RelabeledTarget, file: str) -> "Taken":
        """A target of a job with a file that it takes."""
        return cls(target.job, {**target.labels, "filename": file})


@dataclass(frozen=True, slots=True)
class Rules:
    """A configuration file of promtail or Alloy. `text` may be a ConfigMap or Helm values that hold it; `pods` is
    what is known of pods."""

    path: Path
    text: str
    config: ShipperConfig
    env: Mapping[str, str]
    pods: KnownPods = NOBODY

    @classmethod
    def read(cls, path: Path, text: str, env: Mapping[str, str], pods: KnownPods = NOBODY) -> "Rules":
        """Raises ConfigError."""
        return cls(path, text, parse_shipper(text, str(path), env), env, pods)

    def with_whole(self, text: str) -> "Rules":
        """The configuration with another text; raises ConfigError."""
        return Rules.read(self.path, text, self.env, self.pods)

    def targets(self, file: str) -> list[RelabeledTarget]:
        """The targets that have to do with a file: all static ones, and those of the pod whose log it is."""
        return find_targets(self.config.jobs, [LogFile(file, size=1)], {}, self.pods)

    def about(self, file: str) -> FileReport:
        """What becomes of a file that is there and can be read, by its path."""
        # What the running shipper found is all that its discoveries find.
        open_ = () if self.pods.found else self.config.jobs
        return report([LogFile(file, size=1)], self.targets(file), self.config.open_parts, open_)[0]

    def takes(self, file: str) -> Taken | None:
        """The first job that takes a file."""
        found = self.about(file)
        return Taken.of(found.by[0], file) if found.by else None

    def run(self, file: str, lines: Iterable[str], now_ns: int) -> Simulation | None:
        """What becomes of lines of a file, stage by stage, and how they are pushed; None when no job takes it."""
        taken = self.takes(file)
        return None if taken is None else self._through(taken, lines, now_ns)

    def runs(self, file: str, lines: Sequence[str], now_ns: int) -> list[Simulation]:
        """What becomes of lines of a file in every target that takes it."""
        return [self._through(Taken.of(target, file), lines, now_ns) for target in self.about(file).by]

    def _through(self, taken: Taken, lines: Iterable[str], now_ns: int) -> Simulation:
        read = (as_read(taken.job, line) for line in lines)
        return pushed_entries(self.config, taken.job, simulate.run(taken.job.pipeline, taken.labels, read, now_ns))

    def job_place(self, job: ScrapeJob) -> Place:
        """Where a job stands in the configuration."""
        return ("scrape_configs", [j.name for j in self.config.jobs].index(job.name))

    def static_place(self, label: str, value: str, job: str = "") -> Place:
        """Where promtail's configuration has a label of a static target, of one job where it is named; the label alone,
        which is no place, where nowhere."""
        given = load(self.config.text, str(self.path))[0].plain() if self.config.dialect == "promtail" else {}
        for number, one in enumerate(given.get("scrape_configs") or []):
            for at, group in enumerate(one.get("static_configs") or []):
                if (group.get("labels") or {}).get(label) == value and job in ("", one["job_name"]):
                    return ("scrape_configs", number, "static_configs", at, "labels", label)
        return (label,)

    def client_place(self, number: int) -> Place:
        """Where client `number` stands in promtail's configuration."""
        return ("client",) if re.search(r"^client:", self.config.text, re.MULTILINE) else ("clients", number)

    def stage_place(self, job: ScrapeJob, stage: str) -> Place:
        """Where a stage stands that a simulation calls `3 match` or `3 match > 1 regex`."""
        place: Place = (*self.job_place(job), "pipeline_stages")
        for number, kind in _NESTED.findall(stage):
            place = (*place, int(number) - 1)
            if kind == "match" and not stage.endswith(f"{number} {kind}"):
                place = (*place, "match", "stages")
        return place

    def without_stage(self, job: ScrapeJob, stage: str) -> "Rules | None":
        """The configuration without a stage, and without the `match` around it where that has no other; None where its
        place in the text is not found."""
        if self._alloy is not None:
            after = self._changed(self._alloy.without_stage(job, stage))
        else:
            after = self.edited(lambda text: remove_node(text, self.stage_place(job, stage)))
        above = stage.rpartition(" > ")[0]
        return self.without_stage(job, above) if after is None and above else after

    def without_attribute(self, job: ScrapeJob, stage: str, name: str) -> "Rules | None":
        """The configuration without an attribute of a stage."""
        if self._alloy is not None:
            return self._changed(self._alloy.without_attribute(job, stage, name))
        kind = stage.rpartition(" ")[2]
        return self.edited(lambda text: remove_node(text, (*self.stage_place(job, stage), kind, name)))

    def with_first_stage(self, job: ScrapeJob, name: str) -> "Rules | None":
        """The configuration with an empty stage in front of the others."""
        if self._alloy is not None:
            return self._changed(self._alloy.with_first_stage(job, name))
        place = (*self.job_place(job), "pipeline_stages")
        return self.edited(lambda text: with_item(text, place, 0, {name: {}}))

    def with_text(self, place: Place, old: str, new: str) -> "Rules | None":
        """The configuration with another text for `old`, which promtail's has at `place`."""
        if self._alloy is not None:
            return self._changed(self._alloy.with_text(old, new))
        if not place:
            return None
        return self.edited(lambda text: with_value(text, place, new))

    def without_text(self, place: Place, value: str) -> "Rules | None":
        """The configuration without the attribute that has a text, in promtail's at `place`."""
        if self._alloy is not None:
            return self._changed(self._alloy.without_value(str(place[-1]), value))
        return self.edited(lambda text: remove_node(text, place))

    @property
    def _alloy(self) -> AlloyText | None:
        if self.config.dialect != "alloy":
            return None
        return AlloyText(self.text, alloy_parts(self.text, str(self.path)), str(self.path))

    def _changed(self, text: str | None) -> "Rules | None":
        try:
            if text is None or (self._alloy is not None and not self._changed_alone(text)):
                return None
            return self.with_whole(text)
        except ConfigError:
            return None

    def _changed_alone(self, text: str) -> bool:
        """Whether one block or attribute of Alloy's differs and nothing else does."""
        file = str(self.path)
        before, after = (alloy_tree(alloy_parts(one, file), file) for one in (self.text, text))
        return len({place[:-1] for place, _, _ in differences(before, after)}) == 1

    def edited(self, *changes: Callable[[str], str]) -> "Rules | None":
        """The configuration with changes of promtail's own YAML; None where that is put together by a template, where a
        place is not found, where the shipper would refuse the result, and for Alloy's syntax."""
        if self.config.dialect != "promtail":
            return None
        inner, _document = unwrap(self.text, str(self.path))
        after = inner.text
        try:
            for change in changes:
                after = change(after)
        except ConfigError:
            return None
        rows, old = self.text.splitlines(keepends=True), inner.text.splitlines()
        start = inner.first_line - 1
        block = rows[start : start + len(old)]
        indent = min((len(r) - len(r.lstrip()) for r in block if r.strip()), default=0)
        own = min((len(r) - len(r.lstrip()) for r in old if r.strip()), default=0)
        shift = " " * (indent - own)
        if [row.removeprefix(shift).rstrip() for row in block] != [row.rstrip() for row in old]:
            return None
        new = [(shift + row if row.strip() else row) for row in after.splitlines(keepends=True)]
        behind = rows[start + len(old) :]
        if behind and not new[-1].endswith("\n"):
            new[-1] += "\n"
        changed = self._changed("".join([*rows[:start], *new, *behind]))
        if changed is None or unwrap(changed.text, str(self.path))[0].text.rstrip() != after.rstrip():
            return None
        return changed

    def fix(self, summary: str, after: "Rules | None", safety: Safety = "review") -> Fix:
        """The fix that turns this configuration into `after`; one for a person without it."""
        if after is None:
            return Fix(summary)
        return file_fix(summary, self.path, self.text, after.text, safety)


def shipper_rules(context: Context) -> Rules | None:
    """The configuration that obs-check.yaml names, None without one. Raises ConfigError."""
    path = context.named.shipper_config
    if path is None:
        return None
    text = context.configured_text(path, "shipper.config")
    config = parse_shipper(text, str(path), context.env)
    return Rules(path, text, config, context.env, _known_pods(context, config.dialect))


def _known_pods(context: Context, dialect: str) -> KnownPods:
    """promtail's targets, as its snapshot behind the run has them, else as it says now, and the cluster's pods that it
    does not know. Alloy shows its targets as its rules left them."""
    states = [hop.shipping.after for hop in context.hops if hop.shipping is not None]
    if not states and context.shipper is not None:
        with suppress(Unavailable, NotAllowed, Refused):
            states = [context.shipper.state()[0]]
    targets = [target for state in states[:1] if state.kind == "promtail" for target in state.targets]
    found = tuple(target.discovered for target in targets)
    uids = {labels.get(_UID) for labels in found}
    known = known_of(context.pods(), dialect)
    return replace(known, found=found, listed=tuple(one for one in known.listed if one.get(_UID) not in uids))


def simulated_evidence(
    seen: tuple[Probe, ...], title: str, fixed: Simulation | None, lines: int, now_ns: int
) -> Evidence:
    """What was seen, and the changed configuration run on the lines; without one nothing is proved by it."""
    return Observation(seen) if fixed is None else Proof(seen, (simulation_probe(title, fixed, lines, now_ns),))


def simulation_probe(title: str, ran: Simulation | None, lines: int, now_ns: int) -> Probe:
    """A simulation as a probe: {"lines", "entries", "dropped", "first": {"ts", "labels", "line", "bytes"}};
    {"lines",
    "simulated": False} where there was none."""
    if ran is None:
        return Probe("shipper", title, {"lines": lines, "simulated": False}, now_ns)
    first = ran.shipped[0] if ran.shipped else None
    answer = {
        "lines": lines,
        "entries": len(ran.shipped),
        "dropped": ran.dropped,
        "first": {
            "ts": first.ts,
            "labels": first.labels,
            "line": shorten(first.line, 300),
            "bytes": len(first.line.encode()),
        }
        if first
        else None,
    }
    return Probe("shipper", title, answer, now_ns)
