"""multiline-never: no line of the sample begins a block of a multiline stage."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.pipeline_sample import seen_by
from obs_check.lint.rule import LintRule
from obs_check.model.secret import shorten
from obs_check.model.wording import in_quotes
from obs_check.shipper.stages.multiline import Multiline
from obs_check.shipper.stages.regexes import compile_regex


def _find(material: Material) -> Iterator[Found]:
    for sample in material.samples:
        for shipper, job, flow in material.jobs_of(sample):
            for stage, items in seen_by(job, flow, sample, Multiline):
                first = compile_regex(stage.firstline)
                if not items or any(first.search(item.line) for item in items):
                    continue
                claim = (
                    f"job {job.name}: firstline {in_quotes(stage.firstline)} fits none of {len(items)} lines of "
                    f"{sample.name}, for example {shorten(items[0].line, 60)}: no lines are joined"
                )
                yield shipper.spot(job, "firstline", stage=stage), claim, "write what the first line begins with"


RULE = LintRule("multiline-never", "error", "a multiline stage whose first line never comes", _find)
