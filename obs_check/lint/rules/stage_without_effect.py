"""stage-without-effect: a stage that does nothing to the lines of its job, whatever they are."""

from collections.abc import Iterator, Sequence

from obs_check.golang.regex import capture_names
from obs_check.lint.issue import Found, Spot
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule
from obs_check.model.wording import in_quotes
from obs_check.shipper.environment import is_known
from obs_check.shipper.item import Stage
from obs_check.shipper.model import ScrapeJob
from obs_check.shipper.pipeline import Pipeline
from obs_check.shipper.stages.containers import Cri, Docker
from obs_check.shipper.stages.declaration import Unclear
from obs_check.shipper.stages.drop import Drop
from obs_check.shipper.stages.match import Match
from obs_check.shipper.stages.multiline import Multiline
from obs_check.shipper.stages.parse_regex import Regex
from obs_check.shipper.stages.regexes import compile_regex
from obs_check.shipper.stages.template import Replace
from obs_check.shipper.stages.timestamp import Timestamp
from obs_check.shipper.stages.unseen import MetricsStage

_CRI_LINES = [
    f"2006-01-02T15:04:05.000000000{zone} {stream} F {text}"
    for zone in ("Z", "+01:00")
    for stream in ("stdout", "stderr")
    for text in ("", "x", "\tat x.y(Z.java:1)", "[x]", "{", "}")
]


def _find(material: Material) -> Iterator[Found]:
    for shipper in material.shippers:
        told: set[tuple[Spot, str]] = set()
        working = {
            shipper.key(job, stage)
            for job in shipper.config.jobs
            for stage, before, behind in _placed(job.pipeline, [])
            if _why(stage, before, behind, job) is None
        }
        of_files = {id(one) for job in shipper.config.jobs if not job.comes_bare for one in job.pipeline.every()}
        for job in shipper.config.jobs:
            for stage, before, behind in _placed(job.pipeline, []):
                why = None if shipper.key(job, stage) in working else _why(stage, before, behind, job)
                bare = _unwraps(stage, job) if why is None and id(stage) not in of_files else None
                if (found := why or bare) is None:
                    continue
                needle, claim, remedy = found
                spot = shipper.spot(job, needle, stage=stage)
                if (spot, claim) not in told:
                    # The stages of one component of Alloy's are those of several jobs.
                    told.add((spot, claim))
                    # What is said of every job of a file in the same words is one habit.
                    yield spot, claim if bare else f"job {job.name}: {claim}", remedy


def _placed(pipeline: Pipeline, before: list[Stage]) -> Iterator[tuple[Stage, Sequence[Stage], Sequence[Stage]]]:
    """The stages with those that lines may have passed in front of them, and those behind them in their row."""
    for number, stage in enumerate(pipeline.stages, 1):
        yield stage, list(before), pipeline.stages[number:]
        before.append(stage)
        if isinstance(stage, Match):
            yield from _placed(stage.pipeline, before)


def _why(stage: Stage, before: Sequence[Stage], behind: Sequence[Stage], job: ScrapeJob) -> tuple[str, str, str] | None:
    """A text of the stage, why it does nothing, and what to do."""
    match stage:
        case Regex() if is_known(stage.expression) and not capture_names(stage.expression):
            return (
                "expression",
                f"`regex` does nothing: {in_quotes(stage.expression)} has no named group to extract{_counted(behind)}",
                'name what it takes, `(?P<name>...)`; stages for lines that fit stand in a `match`, `{...} |~ "..."`',
            )
        case Replace() if is_known(stage.expression) and not compile_regex(stage.expression).groups:
            claim = (
                f"`replace` does nothing: {in_quotes(stage.expression)} has no group, and groups are what it replaces"
            )
            return "expression", claim, "write brackets around what is to be replaced"
        case Drop() if stage.older_than is not None and job.reads_files and not any(map(_sets_time, before)):
            claim = "`drop` by `older_than` does nothing: no stage in front of it takes a time, so lines are of now"
            return "older_than", claim, "set the time in front of it with a `timestamp`, `cri` or `docker` stage"
        case Multiline() if any(isinstance(one, Cri) for one in behind) and _begins_every_line(stage):
            claim = (
                f"`multiline` joins nothing: in front of `cri` {in_quotes(stage.firstline)} fits the time that begins "
                "each line"
            )
            return "firstline", claim, "put it behind `cri`"
        case _:
            return None


def _unwraps(stage: Stage, job: ScrapeJob) -> tuple[str, str, str] | None:
    """What is said of a stage through which no line goes that has the wrapping of a container runtime."""
    if not isinstance(stage, Cri | Docker):
        return None
    api = "Kubernetes" if "loki.source.kubernetes" in job.discovery else "Docker"
    return (
        f"{stage.kind}:",
        f"`{stage.kind}` unwraps nothing: lines come by {api}'s API without a wrapping",
        "take it out",
    )


def _counted(behind: Sequence[Stage]) -> str:
    """What is said of metrics behind a regex that was meant to choose lines."""
    metrics = behind[0] if behind else None
    every = [name for name, source in metrics.sources if not source] if isinstance(metrics, MetricsStage) else []
    return f", and keeps no line back: {' and '.join(every)} behind it counts all" if every else ""


def _sets_time(stage: Stage) -> bool:
    return isinstance(stage, Timestamp | Cri | Docker | Unclear)


def _begins_every_line(stage: Multiline) -> bool:
    first = compile_regex(stage.firstline)
    return all(first.search(line) for line in _CRI_LINES)


RULE = LintRule(
    "stage-without-effect", "warning", "a stage of a shipper that does nothing, whatever the lines are", _find
)
