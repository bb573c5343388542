"""drops-nothing: a drop stage tests what no stage in front of it sets, or a value in another case."""

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
from obs_check.shipper.value_flow import lacking_values

_REMEDY = "extract it with a parser stage, or drop by `expression`"


def _find(material: Material) -> Iterator[Found]:
    for sample in material.samples:
        for shipper, job, flow in material.jobs_of(sample):
            known = [stage for stage, reads in lacking_values(flow.start, job.pipeline) if reads]
            for stage, items in seen_by(job, flow, sample, Drop):
                # Without any line it is known of those that value-not-extracted names.
                if items and stage not in known and (lacking := _lacking(stage, items, job, flow)):
                    claim = (
                        f"job {job.name}: `drop` can drop nothing: no stage in front of it extracts "
                        f"{' and '.join(map(repr, lacking))} from {sample.name}"
                    )
                    yield shipper.spot(job, stage.tested(), stage=stage), claim, _REMEDY
                elif meant := _in_other_case(stage, items):
                    is_there = f"{' and '.join(stage.source or ())} is {meant!r} there and not {stage.value!r}"
                    claim = f"job {job.name}: `drop` drops none of the lines of {sample.name}: {is_there}"
                    yield shipper.spot(job, stage.tested(), stage=stage), claim, f"write value: {meant}, case counts"


def _in_other_case(stage: Drop, items: list[Item]) -> str:
    """What the source is on some line where `value` asks for the same in another case; "" where it drops one, or none
    is like it."""
    if stage.value is None or len(stage.source or ()) != 1:
        return ""
    texts = {text for item in items if (text := item.source((stage.source or ("",))[0])) is not None}
    alike = sorted(text for text in texts if text.casefold() == stage.value.casefold())
    return "" if stage.value in texts else next(iter(alike), "")


def _lacking(stage: Drop, items: list[Item], job: ScrapeJob, flow: Flow) -> list[str]:
    """What the stage tests and no item has; nothing where it drops one all the same."""
    # Promtail 3.5: absent sources are left out of the text that `expression` and `value` test, so that one is enough,
    # and an expression that fits no text at all drops without any.
    running = stage.start(StageContext(lambda: NOW_NS), "")
    if any(not running.feed(item.copy()) for item in items):
        return []
    sources = stage.source or ()
    absent = [
        name for name in sources if not of_labels(job, flow, name) and all(name not in item.extracted for item in items)
    ]
    tested = stage.expression is not None or stage.value is not None
    return absent if len(absent) == len(sources) or not tested else []


RULE = LintRule("drops-nothing", "warning", "a drop stage tests what no stage in front of it sets", _find)
