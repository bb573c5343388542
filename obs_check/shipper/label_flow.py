"""Which labels the lines of a job can have, before each `match` stage and when they are pushed, without any line."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from obs_check.logql.engine.match import stream_test
from obs_check.logql.syntax.ast import Matcher, MatchOp
from obs_check.model.entry import Labels
from obs_check.shipper.environment import is_known
from obs_check.shipper.model import ScrapeJob
from obs_check.shipper.pipeline import Pipeline
from obs_check.shipper.relabel import RelabelRule, relabel
from obs_check.shipper.stages.components import RelabelLines
from obs_check.shipper.stages.containers import Cri, Docker
from obs_check.shipper.stages.declaration import Unclear
from obs_check.shipper.stages.labels import AddLabels, LabelAllow, LabelDrop, StaticLabels, StructuredMetadata
from obs_check.shipper.stages.match import Match
from obs_check.shipper.stages.pack import Pack
from obs_check.shipper.stages.parse_regex import Regex

Values = frozenset[str] | None
"""What a label can be, "" for absent; None for anything."""
_ANY_LABELS = ("file_sd_configs", "http_sd_configs")
"""Discoveries whose targets may have any labels; what others tell begins with `__meta_`."""
_NO_OWN_LABELS = ("loki.source.docker", "loki.source.kubernetes", "discovery.docker", "discovery.dockerswarm")
"""Alloy's sources and discoveries that add no labels but such either."""
_FILLED_IN = re.compile(r"\{\{|\$[A-Za-z_]|<%|#\{|^(?:%\w+%|__\w+__|<[^<>]+>|@\w+@)$")
"""Signs of what a program or a person fills in before the shipper reads it."""
_SETTING = ("replace", "lowercase", "uppercase", "hashmod")


@dataclass(frozen=True)
class Possible:
    """Labels by name with their values. `open`: there may be others whose names nobody knows (a labelmap)."""

    labels: Mapping[str, Values] = field(default_factory=dict)
    open: bool = False

    def values(self, name: str) -> Values:
        """What a label can be."""
        return self.labels.get(name, None if self.open else frozenset({""}))

    @property
    def certain(self) -> Labels:
        """The labels that every line has, with the one value that they have."""
        single = {name: values for name, values in self.labels.items() if values is not None and len(values) == 1}
        return {name: value for name, (value,) in single.items() if value}

    def fits(self, matchers: Iterable[Matcher]) -> bool:
        """Whether lines exist that all matchers take."""
        by_name: dict[str, list[Matcher]] = {}
        for matcher in matchers:
            by_name.setdefault(matcher.name, []).append(matcher)
        return all(self._fits(name, own) for name, own in by_name.items())

    def _fits(self, name: str, matchers: list[Matcher]) -> bool:
        values = self.values(name)
        test = stream_test(matchers)
        if values is None:
            # Anything goes, but two different texts do not.
            values = frozenset(m.value for m in matchers if m.op == "=")
            return not values or any(test({name: value}) for value in values)
        return any(test({name: value}) for value in values)


@dataclass(frozen=True)
class Flow:
    """`start` are the labels in front of the first stage, `ways` those that each client pushes; `matches` are the match
    stages with the labels in front of each; `sources` maps labels of `labels` stages to the extracted values they take.
    `unclear` tells that a stage hangs on the shipper's environment, so that no line shows what the job does."""

    start: Possible
    ways: tuple[Possible, ...]
    matches: tuple[tuple[Match, Possible], ...]
    sources: Mapping[str, str]
    unclear: bool = False

    @cached_property
    def pushed(self) -> Possible:
        """The labels at the end, whatever the client."""
        return _either(list(self.ways))


def label_flow(job: ScrapeJob, external: Sequence[Labels]) -> Flow:
    """The labels of a job's lines; `external` are those that each of its clients adds."""
    found: list[tuple[Match, Possible]] = []
    sources: dict[str, str] = {}
    start = _start(job)
    end = _through(start, job.pipeline, found, sources, job.comes_bare)
    unclear = any(isinstance(stage, Unclear) for stage in job.pipeline.every())
    ways = tuple(_with_external(end, labels) for labels in external or [{}])
    return Flow(start, ways, tuple(found), sources, unclear)


def _with_external(end: Possible, external: Labels) -> Possible:
    """With what a client adds, behind all stages, to lines that lack the label then."""
    added = {name: _or_else(end.labels.get(name, frozenset({""})), _known(value)) for name, value in external.items()}
    return Possible({**end.labels, **added}, end.open)


def _start(job: ScrapeJob) -> Possible:
    """Behind discovery and relabeling; every file gets the label `filename`."""
    ways = []
    open_names = {r.target for r in job.relabel if r.target and not (is_known(r.regex) and is_known(r.replacement))}
    for target in job.targets:
        labels = relabel(target, (rule for rule in job.relabel if _chooses_surely(rule, target)))
        if labels is not None:
            own = {name: _known(value) for name, value in labels.items()} | dict.fromkeys(open_names)
            kept = {name: values for name, values in own.items() if not name.startswith("__")}
            ways.append(Possible({**kept, **({"filename": None} if "__path__" in labels else {})}))
    if job.discovery:
        ways.append(_discovered(job))
    return _either(ways) if ways else Possible(open=True)


def _chooses_surely(rule: RelabelRule, target: Labels) -> bool:
    """Whether a rule does not choose targets by what is known only where the shipper runs."""
    texts = [rule.regex, *(target.get(name, "") for name in rule.sources)]
    return rule.action not in ("keep", "drop") or all(map(is_known, texts))


def _discovered(job: ScrapeJob) -> Possible:
    known = _relabelled(Possible({}, may_have_any_labels(job)), job.relabel)
    # Promtail 3.5, Alloy 1.18: what reads files sets it, an API's lines have the labels of their target alone.
    return Possible({**known.labels, "filename": None}, known.open) if job.reads_files else known


def may_have_any_labels(job: ScrapeJob) -> bool:
    """Whether a discovery of a job may give labels whose names nobody knows."""
    return any(map(_is_open, job.discovery))


def _is_open(way: str) -> bool:
    """Whether targets that are found that way may have labels whose names nobody knows."""
    return way in _ANY_LABELS or not (way.endswith("_sd_configs") or way in _NO_OWN_LABELS)


def _relabelled(state: Possible, rules: Iterable[RelabelRule]) -> Possible:
    """Behind rules, whatever the labels are that nobody knows."""
    labels, is_open = dict(state.labels), state.open
    for rule in rules:
        if rule.action in _SETTING:
            if "$" in rule.target:
                is_open = True
            elif not rule.target.startswith("__"):
                labels[rule.target] = _written(rule, labels.get(rule.target, frozenset({""})))
        elif rule.action == "labelmap":
            is_open = True
        elif rule.action in ("labeldrop", "labelkeep"):
            labels = {name: values for name, values in labels.items() if relabel({name: "x"}, [rule])}
    return Possible(labels, is_open)


def _written(rule: RelabelRule, before: Values) -> Values:
    if rule.action != "replace" or "$" in rule.replacement or before is None or _known(rule.replacement) is None:
        return None
    return frozenset({rule.replacement}) | (frozenset() if rule.regex in ("(.*)", ".*", "") else before)


def _known(value: str) -> Values:
    return frozenset({value}) if is_known(value) and not _FILLED_IN.search(value) else None


def _either(ways: list[Possible]) -> Possible:
    labels: dict[str, Values] = {}
    for name in {name for way in ways for name in way.labels}:
        values = [way.values(name) for way in ways]
        known = [v for v in values if v is not None]
        labels[name] = frozenset().union(*known) if len(known) == len(values) else None
    return Possible(labels, any(way.open for way in ways))


def _or_else(values: Values, other: Values) -> Values:
    """The values of a label that has another where it is absent."""
    if values is None or "" not in values:
        return values
    return None if other is None else (values - {""}) | other


def known_matchers(stage: Match) -> list[Matcher]:
    """The matchers of a stage's selector whose values do not hang on the shipper's environment."""
    return [Matcher(name, cast(MatchOp, op), value) for name, op, value in stage.selector.matchers if is_known(value)]


def _through(
    state: Possible, pipeline: Pipeline, found: list[tuple[Match, Possible]], sources: dict[str, str], bare: bool
) -> Possible:
    """Behind the stages. Lines that come `bare` have no wrapping that `cri` could take off; what is JSON of its own may
    have a `stream` for `docker`."""
    for stage in pipeline.stages:
        labels = dict(state.labels)
        match stage:
            case AddLabels():
                labels |= {name: None for name, _ in stage.labels}
                sources.update(stage.labels)
            case StaticLabels():
                labels |= {name: _known(value) for name, value in stage.labels if value}
            case LabelDrop():
                labels |= {name: frozenset({""}) for name in stage.names}
            case LabelAllow():
                labels = {name: state.values(name) for name in stage.names}
                state = Possible(labels)
            case StructuredMetadata():
                labels |= {source: frozenset({""}) for _, source in stage.labels if source in labels}
            case Cri() if bare:
                pass
            case Docker() | Cri():
                labels["stream"] = frozenset({"stdout", "stderr", ""})
            case Pack():
                labels |= {name: frozenset({""}) for name in stage.labels}
            case RelabelLines():
                state = _relabelled(state, stage.rules)
                labels = dict(state.labels)
            case Regex() if stage.labels_from_groups:
                labels |= dict.fromkeys(re.findall(r"\(\?P?<(\w+)>", stage.expression))
            case Unclear():
                state, labels = Possible(open=True), dict.fromkeys(labels)
            case Match():
                found.append((stage, state))
                if state.fits(known_matchers(stage)):
                    state = _either([state, _through(state, stage.pipeline, found, sources, bare)])
                labels = dict(state.labels)
            case _:
                pass
        state = Possible(labels, state.open)
    return state
