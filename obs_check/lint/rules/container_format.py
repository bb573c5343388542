"""container-format: the lines of the sample are wrapped by a container runtime, and the job unwraps another way."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material, ShipperFile
from obs_check.lint.pipeline_sample import fits_job, given
from obs_check.lint.rule import LintRule
from obs_check.lint.sample import SampleLines
from obs_check.model.entry import Labels
from obs_check.shipper.pipeline import Pipeline
from obs_check.shipper.simulate import simulate
from obs_check.shipper.stages.containers import Cri, Docker

_OTHER = {"cri": "docker", "docker": "cri"}


def _find(material: Material) -> Iterator[Found]:
    for shipper, job, flow in material.flows():
        for sample in material.samples:
            if not sample.wrapping or not job.reads_files or not fits_job(sample, flow):
                continue
            kinds = _kinds(job.pipeline)
            wrong = _OTHER[sample.wrapping]
            if wrong in kinds and sample.wrapping not in kinds:
                claim = f"job {job.name}: the lines of {sample.name} are {sample.wrapping}, the stage is `{wrong}`"
                yield shipper.spot(job, f"{wrong}:", f"stage.{wrong}"), claim, f"write {_stage(shipper, sample)}"
            elif sample.wrapping not in kinds and _still_wrapped(job.pipeline, *given(job, flow, sample)):
                claim = (
                    f"job {job.name}: the lines of {sample.name} are {sample.wrapping} and are pushed with the wrapping"
                )
                yield shipper.spot(job), claim, f"begin its stages with {_stage(shipper, sample)}"


def _stage(shipper: ShipperFile, sample: SampleLines) -> str:
    return f"`stage.{sample.wrapping} {{}}`" if shipper.config.dialect == "alloy" else f"`- {sample.wrapping}: {{}}`"


def _kinds(pipeline: Pipeline) -> set[str]:
    return {stage.kind for stage in pipeline.every() if isinstance(stage, Cri | Docker)}


def _still_wrapped(pipeline: Pipeline, labels: Labels, lines: tuple[str, ...]) -> bool:
    shipped = simulate(pipeline, labels, lines, 0)
    return bool(shipped) and all(one.line in lines for one in shipped)


RULE = LintRule("container-format", "error", "a docker stage on CRI lines, or the other way round, or none", _find)
