"""Lines of a sample inside a shipper's pipeline."""

import random
from functools import cache
from typing import TypeVar

from obs_check.golang.regex import capture_names
from obs_check.lint.question import NOW_NS
from obs_check.lint.sample import SampleLines, SampleShipping
from obs_check.logql.syntax.ast import Matcher
from obs_check.model.entry import Labels
from obs_check.shipper.item import Item, Stage, StageContext
from obs_check.shipper.label_flow import Flow
from obs_check.shipper.model import ScrapeJob
from obs_check.shipper.simulate import Shipped, simulate
from obs_check.shipper.stages.parse_json import Json
from obs_check.shipper.stages.parse_logfmt import Logfmt
from obs_check.shipper.stages.parse_regex import Regex

S = TypeVar("S", bound=Stage)


def fits_job(sample: SampleLines, flow: Flow) -> bool:
    """Whether a sample may be of a job: the job can set the labels that a person gave, and it is known what it does."""
    return not flow.unclear and flow.pushed.fits(Matcher(name, "=", value) for name, value in sample.labels.items())


def given(job: ScrapeJob, flow: Flow, sample: SampleLines) -> tuple[Labels, tuple[str, ...]]:
    """The labels and lines of a sample as they come to a job's first stage."""
    return {**flow.start.certain, **sample.labels}, sample.lines if job.reads_files else sample.bare


def of_labels(job: ScrapeJob, flow: Flow, name: str) -> bool:
    """Whether an extracted value may be there from the start, or be taken from one that is. Promtail 3.5: every label
    that a line comes with is such a value, `filename` too; what it is, no line of a sample tells."""
    found: set[str] = set()
    for stage in job.pipeline.every():
        if isinstance(stage, Regex | Json | Logfmt) and stage.source in flow.start.labels.keys() | found:
            found |= _extracted(stage)
    return name in found or flow.start.values(name) != frozenset({""})


def _extracted(stage: Regex | Json | Logfmt) -> set[str]:
    if isinstance(stage, Regex):
        return set(capture_names(stage.expression))
    return {name for name, _ in (stage.expressions if isinstance(stage, Json) else stage.mapping)}


def shipping_of(job: ScrapeJob, flow: Flow, sample: SampleLines) -> SampleShipping:
    """What a job makes of a sample, each way only once."""
    start, lines = given(job, flow, sample)
    asked = {name for stage, _ in flow.matches for name, _, _ in stage.selector.matchers}
    deciding = {name for name in asked - start.keys() if flow.start.values(name) != frozenset({""})}

    @cache
    def shipped(labels: frozenset[tuple[str, str]]) -> list[Shipped]:
        return simulate(job.pipeline, {**start, **dict(labels)}, lines, NOW_NS)

    return SampleShipping(lambda labels: shipped(frozenset(labels.items())), flow.pushed, frozenset(deciding))


def seen_by(job: ScrapeJob, flow: Flow, sample: SampleLines, kind: type[S]) -> list[tuple[S, list[Item]]]:
    """The stages of a kind, with the items that come to each when the lines of a sample are read."""
    stages = {place: stage for place, stage in job.pipeline.places() if isinstance(stage, kind)}
    labels, lines = given(job, flow, sample)
    seen: dict[str, list[Item]] = {place: [] for place in stages}

    def observe(place: str, before: Item | None, _out: list[Item], _holds: bool) -> None:
        if before is not None and place in seen:
            seen[place].append(before)

    chain = job.pipeline.start(StageContext(lambda: NOW_NS, chance=random.Random(0).random, observe=observe))
    for number, line in enumerate(lines, 1):
        chain.feed(Item(line, labels, None, number))
    chain.flush(None)
    return [(stage, seen[place]) for place, stage in stages.items()]
