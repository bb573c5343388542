"""Which extracted values the stages of a job read, and whether a stage in front can have set them, without any line."""

import re
from collections.abc import Iterator, Sequence

from obs_check.golang.regex import capture_names
from obs_check.shipper.environment import is_known
from obs_check.shipper.golang.template import TemplateFault
from obs_check.shipper.golang.template import parse as parse_template
from obs_check.shipper.item import Stage
from obs_check.shipper.label_flow import Possible
from obs_check.shipper.pipeline import Pipeline
from obs_check.shipper.relabel import RelabelRule
from obs_check.shipper.stages.components import NextProcess, RelabelLines
from obs_check.shipper.stages.containers import Cri, Docker
from obs_check.shipper.stages.declaration import Unclear
from obs_check.shipper.stages.drop import Drop
from obs_check.shipper.stages.eventlog import EventLogMessage
from obs_check.shipper.stages.labels import AddLabels, StaticLabels, StructuredMetadata
from obs_check.shipper.stages.luhn import Luhn
from obs_check.shipper.stages.match import Match
from obs_check.shipper.stages.output import OutputStage
from obs_check.shipper.stages.parse_json import Json
from obs_check.shipper.stages.parse_logfmt import Logfmt
from obs_check.shipper.stages.parse_pattern import Pattern
from obs_check.shipper.stages.parse_regex import Regex
from obs_check.shipper.stages.regexes import compile_regex
from obs_check.shipper.stages.split_json import SplitJson
from obs_check.shipper.stages.template import FromTemplate, Replace
from obs_check.shipper.stages.tenant import TENANT_LABEL, Tenant
from obs_check.shipper.stages.timestamp import Timestamp
from obs_check.shipper.stages.truncate import Truncate
from obs_check.shipper.stages.unseen import GeoIp, MetricsStage

_WRITTEN = re.compile(r"[\w@$-]+")
"""A name as people write it: the text of an expression that only Alloy can tell stands for another one."""
AS_TEMPLATE = re.compile(r"\{\{\s*\.(?P<name>[a-z_]\w*)\s*\}\}")
"""A template where the name of a value is wanted."""
SET_BEHIND = "that entry does nothing, a stage behind sets the label"
Read = tuple[str, str]
"""An extracted value, and what does not happen without it."""


def lacking_values(start: Possible, pipeline: Pipeline, idle_sets: bool = True) -> Iterator[tuple[Stage, list[Read]]]:
    """The stages that read extracted values, each with those of them that it can never find. `start` are the labels in
    front of the first stage. What a stage would set that lacks its own source counts as there with `idle_sets`: of two
    stages the first is the one to mend."""
    yield from _Values(start, idle_sets).through(pipeline)


class _Values:
    """The names that labels and extracted values may have; `open` where there may be any others."""

    def __init__(self, start: Possible, idle_sets: bool) -> None:
        self._idle_sets = idle_sets
        self._labels = set(start.labels)
        self._names = set(start.labels)
        self._open = start.open

    def through(self, pipeline: Pipeline) -> Iterator[tuple[Stage, list[Read]]]:
        # Promtail 3.5: a pipeline, that inside a `match` too, begins with the labels as extracted values.
        self._names |= self._labels
        for number, stage in enumerate(pipeline.stages):
            reads = list(_reads(stage, self._labels, pipeline.stages[number + 1 :]))
            lacking: list[Read] = []
            if reads:
                lacking = [] if self._open else [read for read in reads if self._lacks(read[0])]
                if isinstance(stage, Drop):
                    lacking = lacking if _needs(stage, {name for name, _ in lacking}) else []
                yield stage, lacking
            if isinstance(stage, Match):
                yield from self.through(stage.pipeline)
            elif self._idle_sets or not lacking or isinstance(stage, AddLabels):
                self._pass(stage)

    def _lacks(self, name: str) -> bool:
        return name not in self._names and bool(_WRITTEN.fullmatch(name) or AS_TEMPLATE.fullmatch(name))

    def _pass(self, stage: Stage) -> None:
        if isinstance(stage, NextProcess):
            self._names = set(self._labels)
            return
        extracted, labels = _sets(stage)
        if extracted is None or labels is None or not all(map(_WRITTEN.fullmatch, extracted | labels)):
            self._open = True
            return
        self._labels |= labels
        self._names |= extracted


def _fixed_labels(stages: Sequence[Stage]) -> set[str]:
    """The labels that these stages set to a fixed value, inside of a `match` too."""
    found = {name for stage in stages if isinstance(stage, StaticLabels) for name, value in stage.labels if value}
    return found.union(*(_fixed_labels(stage.pipeline.stages) for stage in stages if isinstance(stage, Match)))


def _needs(stage: Drop, lacking: set[str]) -> bool:
    """Whether a drop stage drops nothing without these values. Promtail 3.5: absent sources are left out of the text
    that `expression` and `value` test; without a test every source has to be there."""
    if stage.expression is None and stage.value is None:
        return bool(lacking)
    tested = stage.expression or stage.value or ""
    takes_nothing = compile_regex(stage.expression).search("") if stage.expression is not None else stage.value == ""
    return lacking >= set(stage.source or ()) and is_known(tested) and not takes_nothing


def _reads(stage: Stage, labels: set[str], behind: Sequence[Stage]) -> Iterator[Read]:
    match stage:
        case AddLabels() if not stage.from_metadata:
            fixed = _fixed_labels(behind)
            for name, source in stage.labels:
                if name not in labels:
                    yield source, f"{SET_BEHIND} {name}" if name in fixed else f"the label {name} is not set"
        case StructuredMetadata():
            yield from ((source, f"{name} is not set") for name, source in stage.labels if source not in labels)
        case OutputStage():
            yield stage.source, "the line stays as it is"
        case Timestamp():
            yield stage.source, "lines keep the time that they have"
        case Tenant() if stage.source:
            yield stage.source, "no tenant is set"
        case Json() | Logfmt() | Regex() | Pattern() if stage.source is not None:
            yield stage.source, "it extracts nothing"
        case EventLogMessage():
            yield stage.source, "it extracts nothing"
        case FromTemplate() if effect := _without_value(stage.template):
            yield stage.source, effect
        case Replace() | Luhn() | SplitJson() if stage.source is not None:
            yield stage.source, "it changes nothing"
        case Drop():
            yield from ((name, "it drops nothing") for name in stage.source or ())
        case MetricsStage():
            yield from ((source, f"the metric {name} counts nothing") for name, source in stage.sources if source)
        case _:
            pass


def _without_value(template: str) -> str:
    """What a template does where its source has no value; "" where it writes something all the same."""
    if set(re.findall(r"\.([A-Za-z_]\w*)", template)) != {"Value"}:
        return ""
    try:
        text = parse_template(template).render({})
    except TemplateFault:
        text = ""
    # Promtail 3.5: an empty text is not set, and a field that is not there writes these words.
    return "it sets `<no value>`" if "<no value>" in text else "" if text else "it sets nothing"


def _sets(stage: Stage) -> tuple[set[str] | None, set[str] | None]:
    """The extracted values and the labels that a stage may set; None for any."""
    match stage:
        case Json() | Logfmt() if stage.regex is not None:
            return None, set()
        case Regex() | Replace() if not is_known(stage.expression):
            return None, set()
        case Pattern() if not is_known(stage.pattern):
            return None, set()
        case Json():
            return {name for name, _ in stage.expressions}, set()
        case Logfmt():
            return {name for name, _ in stage.mapping}, set()
        case Regex():
            names = set(capture_names(stage.expression))
            return names, names if stage.labels_from_groups else set()
        case Pattern():
            names = set(re.findall(r"<(\w+)>", stage.pattern))
            return names, names if stage.labels_from_groups else set()
        case FromTemplate():
            return {stage.source}, set()
        case Replace():
            return set(capture_names(stage.expression)), set()
        case Cri():
            return {"time", "stream", "flags", "content"}, {"stream"}
        case Docker():
            return {"output", "stream", "timestamp"}, {"stream"}
        case AddLabels() | StaticLabels():
            return set(), {name for name, _ in stage.labels}
        case Tenant():
            return set(), {TENANT_LABEL}
        case Truncate():
            return {"truncated"}, set()
        case RelabelLines():
            return set(), _relabelled(stage.rules)
        case EventLogMessage() | GeoIp():
            return None, set()
        case Unclear():
            return None, None
        case _:
            return set(), set()


def _relabelled(rules: tuple[RelabelRule, ...]) -> set[str] | None:
    if any(rule.action == "labelmap" or "$" in rule.target for rule in rules):
        return None
    return {rule.target for rule in rules if rule.target}
