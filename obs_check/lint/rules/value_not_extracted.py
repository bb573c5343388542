"""value-not-extracted: a stage reads an extracted value that no stage in front of it can set."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material, ShipperFile
from obs_check.lint.rule import LintRule
from obs_check.shipper.item import Stage
from obs_check.shipper.model import ScrapeJob
from obs_check.shipper.stages.labels import AddLabels, StructuredMetadata
from obs_check.shipper.stages.unseen import MetricsStage
from obs_check.shipper.value_flow import AS_TEMPLATE, SET_BEHIND, Read, lacking_values


def _find(material: Material) -> Iterator[Found]:
    for shipper in material.shippers:
        for stage, jobs, reads in _lacking(shipper):
            names = list(dict.fromkeys(name for name, _ in reads))
            effects = ", ".join(dict.fromkeys(effect for _, effect in reads))
            of_jobs = f"job{'s' if len(jobs) > 1 else ''} {' and '.join(job.name for job in jobs)}"
            lacking = " or ".join(map(repr, names))
            claim = f"{of_jobs}: no stage in front of `{stage.kind}` extracts {lacking}: {effects}"
            behind = all(effect.startswith(SET_BEHIND) for _, effect in reads)
            fixed = "; a fixed value is set by `static_labels`" if isinstance(stage, AddLabels) and not behind else ""
            bare = [found["name"] for name in names if (found := AS_TEMPLATE.fullmatch(name))]
            spot = shipper.spot(jobs[0], *_needles(stage, names, shipper), stage=stage)
            remedy = f"extract it with a parser stage in front, or take it out{fixed}"
            yield spot, claim, f"name the value, no template: {' and '.join(bare)}" if bare else remedy


def _needles(stage: Stage, names: list[str], shipper: ShipperFile) -> list[str]:
    """What the row begins with or holds that reads the values, none for the first row of the stage."""
    if isinstance(stage, AddLabels | StructuredMetadata | MetricsStage):
        return names
    return [f'"{name}"' for name in names] if shipper.config.dialect == "alloy" else []


def _lacking(shipper: ShipperFile) -> Iterator[tuple[Stage, list[ScrapeJob], list[Read]]]:
    """The stages with what they lack in every job. The stages of one component of Alloy's are those of several jobs:
    what the lines of one of them bring is not missing."""
    found: dict[object, tuple[Stage, list[ScrapeJob], list[Read]]] = {}
    for job, flow in shipper.flows:
        lacking = {id(stage): reads for stage, reads in lacking_values(flow.start, job.pipeline)}
        for stage in job.pipeline.every():
            reads, key = lacking.get(id(stage), []), shipper.key(job, stage)
            first, jobs, before = found.setdefault(key, (stage, [], reads))
            found[key] = first, [*jobs, job], [read for read in before if read in reads]
    yield from (one for one in found.values() if one[2])


RULE = LintRule("value-not-extracted", "warning", "a stage reads a value that nothing in front of it extracts", _find)
