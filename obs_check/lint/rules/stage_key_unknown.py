"""stage-key-unknown: a key of a promtail stage that is none of its settings, which promtail passes over in silence."""

from collections.abc import Iterator

from obs_check.lint.issue import Found, Spot
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule
from obs_check.shipper.stages.containers import Cri, Docker


def _find(material: Material) -> Iterator[Found]:
    told: set[tuple[Spot, str]] = set()
    for shipper in material.shippers:
        for job in shipper.config.jobs:
            for one in job.pipeline.passed_over:
                if job.comes_bare and one.stage in (Docker.kind, Cri.kind):
                    # The whole stage does nothing there: stage-without-effect speaks of it.
                    continue
                remedy = f"did you mean `{one.near}`?" if one.near else f"remove it, or see the settings of {one.stage}"
                spot = Spot(one.file, one.line)
                if (spot, one.said) not in told:
                    # An anchor of YAML stands in several jobs.
                    told.add((spot, one.said))
                    yield spot, f"job {job.name}: {one.said}", remedy


RULE = LintRule("stage-key-unknown", "warning", "keys of stages that promtail passes over", _find)
