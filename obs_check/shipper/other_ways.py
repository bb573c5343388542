"""Ways in which a job may take a file's lines that its configuration alone does not tell: other discoveries, APIs."""

import re
from collections.abc import Iterable

from obs_check.shipper.model import LINES_COME_IN, ScrapeJob
from obs_check.shipper.pods import pod_logs

_KUBERNETES = "kubernetes_sd_configs"
_OF_DOCKER = ("docker_sd_configs", "loki.source.docker")
_OF_OBJECTS = "loki.source.podlogs"
_TELL_PATHS = ("file_sd_configs", "discovery.file")
"""Lists of targets that a person writes, with whatever labels."""
_NOT_FIXED = re.compile(r"[$*?\[{\\]")


def may_take(jobs: Iterable[ScrapeJob], path: str) -> str:
    """Why a job may take a file whatever the targets that are known, in words; "" where none may."""
    return next((f"job {job.name} {way}" for job in jobs if (way := _way(job, path))), "")


def other_discovery(jobs: Iterable[ScrapeJob]) -> list[str]:
    """Jobs whose targets a tree of files does not tell, one sentence each."""
    told = []
    for job in jobs:
        if ways := _lists(job):
            told.append(f"job {job.name} finds targets by {', '.join(ways)}, which cannot be determined from files")
    return told


def _lists(job: ScrapeJob) -> list[str]:
    ways = [way for way in job.discovery if way != _KUBERNETES and not (job.by_api and job.kubernetes)]
    return ways + [f"{_KUBERNETES} with role {role}" for role in job.roles if role != "pod"]


def _way(job: ScrapeJob, path: str) -> str:
    for way in _lists(job):
        if way in _OF_DOCKER:
            if "/containers/" in path:
                return f"reads containers by Docker's API ({way})"
        elif way == _OF_OBJECTS:
            if pod_logs(path):
                return f"reads the pods that PodLogs objects choose, by Kubernetes' API ({way})"
        elif job.reads_files and way not in LINES_COME_IN and _reaches(job, way, path):
            return f"finds targets by {way}, which cannot be determined from files"
    return ""


def _reaches(job: ScrapeJob, way: str, path: str) -> bool:
    """Whether a target of which nothing is known can have a path that takes a file: one that a rule makes, as far as
    that is fixed, or any where the list itself may tell it."""
    made = [rule.replacement for rule in job.relabel if rule.target == "__path__"]
    anything = way in _TELL_PATHS or any(rule.action == "labelmap" for rule in job.relabel)
    if anything or (not made and not way.endswith("_sd_configs") and "role" not in way):
        return True
    return any(path.startswith(_NOT_FIXED.split(one, maxsplit=1)[0]) for one in made)
