"""match-never: a match stage whose selector no line of its job can have."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule
from obs_check.logql.syntax.ast import Matcher
from obs_check.shipper.label_flow import Possible, known_matchers
from obs_check.shipper.model import ScrapeJob
from obs_check.shipper.pipeline import Pipeline
from obs_check.shipper.stages.labels import StructuredMetadata
from obs_check.shipper.stages.match import Match


def _find(material: Material) -> Iterator[Found]:
    for shipper in material.shippers:
        every = [(job, stage, labels) for job, flow in shipper.flows for stage, labels in flow.matches]
        told = {shipper.key(job, stage) for job, stage, labels in every if labels.fits(known_matchers(stage))}
        for job, stage, labels in every:
            if (key := shipper.key(job, stage)) not in told:
                told.add(key)
                matchers = known_matchers(stage)
                claim = f"job {job.name}: no line can match {_text(stage)}: {_why(matchers, labels, job)}"
                effect = "it drops nothing" if stage.drop else "its stages never run"
                needles = [f'{m.name}{m.op}"{m.value}"' for m in matchers if not labels.fits([m])]
                spot = shipper.spot(job, *needles, stage=stage)
                yield spot, claim, f"{effect}; set the label in front of the stage"


def _text(stage: Match) -> str:
    return "{" + ", ".join(f'{name}{op}"{value}"' for name, op, value in stage.selector.matchers) + "}"


def _why(matchers: list[Matcher], labels: Possible, job: ScrapeJob) -> str:
    for matcher in matchers:
        if not labels.fits([matcher]):
            values = sorted(labels.values(matcher.name) or ())
            if values == [""] and matcher.name in _metadata(job.pipeline):
                return f"{matcher.name} is structured metadata, a selector looks at labels alone"
            if values == [""]:
                return f"nothing in front of it sets {matcher.name}"
            return f"{matcher.name} is {' or '.join(v or 'absent' for v in values)} there"
    return "its matchers contradict each other"


def _metadata(pipeline: Pipeline) -> set[str]:
    """The names that the stages make structured metadata of."""
    return {name for stage in pipeline.every() if isinstance(stage, StructuredMetadata) for name, _ in stage.labels}


RULE = LintRule("match-never", "error", "a match selector that can never match", _find)
