"""Which job of a configuration takes a file, judged by its name alone."""

import fnmatch
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from obs_check.model.entry import Labels
from obs_check.shipper.model import ScrapeJob
from obs_check.shipper.relabel import relabel


def fits(pattern: str, path: str) -> bool:
    """Whether a `__path__` fits a file: `*` stays inside a segment, a segment `**` spans any number of them.

    promtail 3.5 uses doublestar patterns; braces are spelled out by their alternatives.
    """
    return any(_segments(_parts(one), _parts(path)) for one in _spelled(pattern))


def collected(jobs: Iterable[ScrapeJob], path: str) -> Iterator[tuple[ScrapeJob, Labels]]:
    """The jobs that take a file, each with the labels that its lines start with."""
    for job in jobs:
        for target in job.targets:
            labels = relabel(target, job.relabel)
            if labels is None or not fits(labels.get("__path__", ""), path):
                continue
            exclude = labels.get("__path_exclude__", "")
            if exclude and fits(exclude, path):
                continue
            kept = {name: value for name, value in labels.items() if not name.startswith("__")}
            yield job, {**kept, "filename": path}


def globs(jobs: Iterable[ScrapeJob]) -> list[str]:
    """Every `__path__` of the jobs' static targets, as written."""
    return [target["__path__"] for job in jobs for target in job.targets if "__path__" in target]


def _parts(path: str) -> tuple[str, ...]:
    return PurePosixPath(path).parts


def _spelled(pattern: str) -> list[str]:
    start, end = pattern.find("{"), pattern.find("}")
    if not 0 <= start < end:
        return [pattern]
    choices = pattern[start + 1 : end].split(",")
    return [one for c in choices for one in _spelled(pattern[:start] + c + pattern[end + 1 :])]


def _segments(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(_segments(pattern[1:], path[i:]) for i in range(len(path) + 1))
    return bool(path) and fnmatch.fnmatchcase(path[0], pattern[0]) and _segments(pattern[1:], path[1:])
