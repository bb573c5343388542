"""Which job of a configuration takes a file, judged by its name alone."""

from collections.abc import Iterable, Iterator

from obs_check.model.entry import Labels
from obs_check.shipper.glob import fits
from obs_check.shipper.model import ScrapeJob
from obs_check.shipper.relabel import relabel


def takes(job: ScrapeJob, glob: str, path: str) -> bool:
    """Whether a path of a job takes a file; raises ConfigError for a pattern that is none."""
    return glob == path if job.literal_paths else fits(glob, path)


def collected(jobs: Iterable[ScrapeJob], path: str) -> Iterator[tuple[ScrapeJob, Labels]]:
    """The jobs that take a file, each with the labels that its lines start with."""
    for job in jobs:
        for target in job.targets:
            labels = relabel(target, job.relabel)
            if labels is None or not takes(job, labels.get("__path__", ""), path):
                continue
            exclude = labels.get("__path_exclude__", "")
            if exclude and fits(exclude, path):
                continue
            kept = {name: value for name, value in labels.items() if not name.startswith("__")}
            yield job, {**kept, "filename": path}


def globs(jobs: Iterable[ScrapeJob]) -> list[str]:
    """Every `__path__` of the jobs' static targets, as written."""
    return [target["__path__"] for job in jobs for target in job.targets if "__path__" in target]
