"""drops-nothing: a drop stage tests what no stage in front of it sets."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.pipeline_sample import of_labels, seen_by
from obs_check.lint.question import NOW_NS
from obs_check.lint.rule import LintRule
from obs_check.shipper.item import Item, StageContext
from obs_check.shipper.label_flow import Flow
from obs_check.shipper.model import ScrapeJob
from obs_check.shipper.stages.drop import Drop


def _find(material: Material) -> Iterator[Found]:
    for sample in material.samples:
        for shipper, job, flow in material.jobs_of(sample):
            for stage, items in seen_by(job, flow, sample, Drop):
                if items and (lacking := _lacking(stage, items, job, flow)):
                    what, remedy = lacking
                    claim = (
                        f"job {job.name}: `drop` can drop nothing: no stage in front of it {what} from {sample.name}"
                    )
                    yield shipper.spot(job, stage.tested(), stage=stage), claim, remedy


def _lacking(stage: Drop, items: list[Item], job: ScrapeJob, flow: Flow) -> tuple[str, str] | None:
    """What the stage tests and no item has, with the remedy; None where it drops one all the same."""
    # Promtail 3.5: absent sources are left out of the text that `expression` and `value` test, so that one is enough,
    # and an expression that fits no text at all drops without any.
    running = stage.start(StageContext(lambda: NOW_NS), "")
    if any(not running.feed(item.copy()) for item in items):
        return None
    sources = stage.source or ()
    absent = [
        name for name in sources if not of_labels(job, flow, name) and all(name not in item.extracted for item in items)
    ]
    tested = stage.expression is not None or stage.value is not None
    if absent and (len(absent) == len(sources) or not tested):
        return f"extracts {' and '.join(map(repr, absent))}", "extract it with a parser stage, or drop by `expression`"
    if stage.older_than is not None and job.reads_files and all(item.ts is None for item in items):
        return "takes a time", "set the lines' time in front of it with a `timestamp`, `cri` or `docker` stage"
    return None


RULE = LintRule("drops-nothing", "warning", "a drop stage tests what no stage in front of it sets", _find)
