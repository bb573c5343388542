"""high-cardinality-label: a label with a new value for nearly every line, so a new stream each."""

import re
from collections.abc import Iterator
from dataclasses import replace

from obs_check.golang.regex import capture_names
from obs_check.lint.issue import Found, Spot
from obs_check.lint.material import Material, ShipperFile
from obs_check.lint.pipeline_sample import fits_job
from obs_check.lint.rule import LintRule
from obs_check.model.wording import count_noun
from obs_check.shipper.label_flow import Flow
from obs_check.shipper.model import ScrapeJob
from obs_check.shipper.pods import META
from obs_check.shipper.relabel import RelabelRule, relabel
from obs_check.shipper.simulate import simulate
from obs_check.shipper.stages.labels import AddLabels
from obs_check.shipper.stages.parse_regex import Regex
from obs_check.shipper.stages.template import FromTemplate, Replace
from obs_check.shipper.value_flow import lacking_values

MOST_VALUES = 20
"""Distinct values of a label in a sample above which it counts as unbounded, when they are half of the lines."""
_UNBOUNDED = re.compile(
    r"(.*_)?(url|uri|href|query|request_?id|req_?id|correlation_?id|trace_?id|span_?id|session_?id|user_?agent|uuid"
    r"|guid|ip|addr|address|timestamp|ts|time|event_?time|duration|latency|bytes)|.+_uid"
    r"|((http|re?q(uest)?|ur[il])_?)?path|(remote|client|peer|source|src)_?port"
    r"|((body|content|message|payload|re?q(uest)?|resp?(onse)?)_?)?(size|length)",
    re.IGNORECASE,
)
_OF_ONE_SIDE = re.compile(
    r"(.*_)?(host|node|server|local|listen|bind|backend|upstream|instance|machine|device|gateway|cluster|base|site|root"
    r"|repo|self|private|request)_?(url|uri|uuid|guid|uid|ip|addr|address)",
    re.IGNORECASE,
)
"""What names the machines that serve, of which there are some, not those that ask: Traefik's RequestAddr is a host."""
_OF_WORDS = re.compile(r"\(\?P?<(?P<name>\w+)>(?:\?:)?[\w/|-]*\)")
"""A group that takes one of some words."""
_OF_A_POD = {f"{META}pod_ip", f"{META}pod_uid"}
_REMEDY = "leave it in the line and parse it in the query, or move it to structured_metadata"


def _find(material: Material) -> Iterator[Found]:
    for shipper in material.shippers:
        places: set[tuple[Spot, str]] = set()
        for job, flow in shipper.flows:
            told: set[str] = set()
            constant = set(_not_of_lines(job, flow))
            for name, source in flow.sources.items():
                if source in constant or flow.pushed.values(name) is not None:
                    continue
                if _UNBOUNDED.fullmatch(source) and not _OF_ONE_SIDE.fullmatch(source):
                    told.add(name)
                    claim = f"job {job.name} makes a label of {source}: a stream for every value"
                    spot = _spot(shipper, job, name)
                    if (spot, source) not in places:
                        # The stages of one component of Alloy's are those of several jobs.
                        places.add((spot, source))
                        yield spot, claim, _REMEDY
            for number, rule in enumerate(job.relabel, 1):
                source = _own_of_pod(rule, job)
                if source and flow.pushed.values(rule.target) is None and not _is_changed(rule, job, number, flow):
                    told.add(rule.target)
                    claim = f"job {job.name} makes a label of {source}: streams of their own for every pod"
                    yield (
                        shipper.spot(job, f"target_label: {rule.target}", f'"{rule.target}"'),
                        claim,
                        "keep to names that live longer",
                    )
            for sample in material.samples:
                if fits_job(sample, flow):
                    for name, count, lines in _counted(job, sample.lines):
                        if name not in told and name != "filename":
                            told.add(name)
                            claim = (
                                f"job {job.name}: label {name} has {count} values in "
                                f"{count_noun(lines, 'line')} of {sample.name}"
                            )
                            yield _spot(shipper, job, name), claim, _REMEDY


def _not_of_lines(job: ScrapeJob, flow: Flow) -> Iterator[str]:
    """Values that `labels` stages take and no stage reads from a line, which the target's own label of the name may
    say, those that a stage writes anew, as a path without its ids, and those that an expression counts up."""
    targets = replace(flow.start, labels={})
    for stage, lacking in lacking_values(targets, job.pipeline, idle_sets=False):
        if isinstance(stage, AddLabels):
            yield from (name for name, _ in lacking)
    for one in job.pipeline.every():
        if isinstance(one, FromTemplate | Replace) and one.source is not None:
            yield one.source
        elif isinstance(one, Regex):
            yield from (found["name"] for found in _OF_WORDS.finditer(one.expression))
            if one.source in capture_names(one.expression):
                yield one.source


def _spot(shipper: ShipperFile, job: ScrapeJob, name: str) -> Spot:
    """Where a job's `labels` stage makes a label."""
    own = (one for one in job.pipeline.every() if isinstance(one, AddLabels) and name in dict(one.labels))
    return shipper.spot(job, f"{name}:", f"{name} =", f'"{name}"', stage=next(own, "labels"))


def _own_of_pod(rule: RelabelRule, job: ScrapeJob) -> str:
    """What each pod has of its own that a rule makes a label of, "" for none. Other targets keep their addresses."""
    kept = rule.action == "replace" and "$" in rule.replacement and not rule.target.startswith("__")
    own = _OF_A_POD | ({"__address__"} if job.finds_pods else set())
    return next((source for source in rule.sources if kept and source in own), "")


def _is_changed(rule: RelabelRule, job: ScrapeJob, number: int, flow: Flow) -> bool:
    """Whether what a rule sets is set anew behind it, or taken away: by a rule after the first `number`, or a stage."""
    return rule.target in flow.sources or any(
        other.target == rule.target
        or (other.action in ("labeldrop", "labelkeep") and not relabel({rule.target: "x"}, [other]))
        for other in job.relabel[number:]
    )


def _counted(job: ScrapeJob, lines: tuple[str, ...]) -> Iterator[tuple[str, int, int]]:
    """Labels whose values are too many, with how many values in how many lines."""
    values: dict[str, set[str]] = {}
    shipped = simulate(job.pipeline, {}, lines, 0)
    for one in shipped:
        for name, value in one.labels.items():
            values.setdefault(name, set()).add(value)
    for name, found in values.items():
        if len(found) > MOST_VALUES and 2 * len(found) > len(shipped):
            yield name, len(found), len(shipped)


RULE = LintRule("high-cardinality-label", "warning", "a label has a new value for nearly every line", _find)
