"""The files that the jobs of a configuration name."""

from collections.abc import Iterable

from obs_check.shipper.glob import fits_pattern
from obs_check.shipper.model import ScrapeJob


def takes_file(job: ScrapeJob, glob: str, path: str) -> bool:
    """Whether a path of a job takes a file; raises ConfigError for a pattern that is none."""
    return glob == path if job.literal_paths else fits_pattern(glob, path)


def as_read(job: ScrapeJob, line: str) -> str:
    """A line of a file that is UTF-8 as a job has it that decodes files from something else (promtail 3.5: tailer.go
    splits the bytes at line feeds first)."""
    try:
        return line.encode("utf-8", "surrogateescape").decode(job.encoding, "replace") if job.encoding else line
    except LookupError:
        return line


def globs(jobs: Iterable[ScrapeJob]) -> list[str]:
    """Every `__path__` of the jobs' static targets, as written."""
    return [target["__path__"] for job in jobs for target in job.targets if "__path__" in target]
