"""Labs for the corpus, each started in a process of its own."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from obs_check.errors import UsageError
from tests.corpus.diagnosis import Diagnosis, diagnose, shared_lab

FaultIds = tuple[str, ...]
Answer = tuple[FaultIds, Diagnosis | str]
"""Faults and their diagnosis, or why they cannot be put together."""


def on_a_lab_of_its_own(seeds: list[FaultIds]) -> list[Answer]:
    """The one seed, on a lab that starts with its faults."""
    (faults,) = seeds
    with TemporaryDirectory(prefix="obs-check-", ignore_cleanup_errors=True) as name:
        try:
            return [(faults, diagnose(Path(name), faults))]
        except UsageError as error:
            return [(faults, error.message)]


def on_a_shared_lab(seeds: list[FaultIds]) -> list[Answer]:
    """Seeds that change the dashboard only, one after the other on a healthy lab."""
    done: list[Answer] = []
    with ExitStack() as stack:
        name = stack.enter_context(TemporaryDirectory(prefix="obs-check-", ignore_cleanup_errors=True))
        with_faults = stack.enter_context(shared_lab(Path(name)))
        for faults in seeds:
            try:
                done.append((faults, with_faults(faults)))
            except UsageError as error:
                done.append((faults, error.message))
    return done
