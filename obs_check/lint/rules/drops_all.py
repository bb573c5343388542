"""drops-all: a stage drops every line of the sample."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.pipeline_sample import given
from obs_check.lint.question import NOW_NS
from obs_check.lint.rule import LintRule
from obs_check.shipper.item import Stage
from obs_check.shipper.simulate import run
from obs_check.shipper.stages.drop import Drop
from obs_check.shipper.stages.limits import Sampling
from obs_check.shipper.stages.match import Match


def _find(material: Material) -> Iterator[Found]:
    for sample in material.samples:
        for shipper, job, flow in material.jobs_of(sample):
            ran = run(job.pipeline, *given(job, flow, sample), NOW_NS)
            dropping = [effect for effect in ran.effects if effect.outcome == "dropped"]
            if len({effect.number for effect in dropping}) < len(sample.lines):
                continue
            for place in dict.fromkeys(effect.stage for effect in dropping):
                stage = job.pipeline.at(place)
                reached = sum(effect.stage == place for effect in ran.effects)
                text = _tested(stage) if reached == len(sample.lines) else None
                if stage is None or text is None:
                    continue
                claim = f"job {job.name}: `{stage.kind}` drops {_all(reached)} of {sample.name}"
                yield shipper.spot(job, text, stage=stage), claim, "drop only what no panel needs"


def _all(count: int) -> str:
    return "the only line" if count == 1 else f"all {count} lines"


def _tested(stage: Stage | None) -> str | None:
    """A text of the configuration that says which lines are dropped for what they hold; None where something else
    decides: lines of a sample are old, and a selector of labels alone drops a whole stream on purpose."""
    if isinstance(stage, Match):
        return stage.selector.filters[0][1] if stage.drop and stage.selector.filters else None
    if isinstance(stage, Sampling):
        return "rate" if not stage.rate else None
    return stage.tested() if isinstance(stage, Drop) and stage.older_than is None else None


RULE = LintRule("drops-all", "error", "a stage drops every line of the sample", _find)
