"""Labs for the corpus, each started in a process of its own."""

import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from obs_check.errors import UsageError
from tests.corpus.diagnosis import Diagnosis, Stack, diagnose, shared_lab
from tests.corpus.one_lab import only_dashboard

GROUP = 12
"""Dashboard faults that one shared lab serves."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Faults, the id of the variant of the stack that they are seeded in, and the programs of PATH in it."""

    faults: tuple[str, ...]
    variant: str = "plain"
    native: tuple[str, ...] = ()

    @property
    def stack(self) -> Stack:
        """What they are seeded in."""
        return Stack(self.variant, self.native)

    @property
    def shares_a_lab(self) -> bool:
        """Whether a healthy lab will do, whose dashboard alone is broken."""
        return bool(self.faults) and all(only_dashboard(fault) for fault in self.faults)


@dataclass(frozen=True, slots=True)
class Apart:
    """Why faults cannot be put together there."""

    why: str


@dataclass(frozen=True, slots=True)
class Crashed:
    """obs-check, or the lab, came to no answer: the traceback."""

    text: str


Answered = Diagnosis | Apart | Crashed
Answer = tuple[Cell, Answered]


def diagnoses(cells: Sequence[Cell], jobs: int) -> Iterator[Answer]:
    """The answer of every cell, as they come; `jobs` labs at once."""
    tasks = [[cell] for cell in cells if not cell.shares_a_lab]
    for stack in dict.fromkeys(cell.stack for cell in cells):
        shared = [cell for cell in cells if cell.stack == stack and cell.shares_a_lab]
        tasks += [shared[at : at + GROUP] for at in range(0, len(shared), GROUP)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(_on_a_shared_lab if task[0].shares_a_lab else _on_its_own_lab, task) for task in tasks]
        for number, finished in enumerate(as_completed(running), start=1):
            if sys.stderr.isatty() or number % 10 == 0 or number == len(running):
                print(f"{number} of {len(running)} labs", file=sys.stderr)
            yield from finished.result()


def _on_its_own_lab(cells: list[Cell]) -> list[Answer]:
    (cell,) = cells
    with TemporaryDirectory(prefix="obs-check-", ignore_cleanup_errors=True) as name:
        return [
            _answer(cell, lambda faults: diagnose(Path(name), faults, cell.stack, apply=len(faults) == 1)),
        ]


def _on_a_shared_lab(cells: list[Cell]) -> list[Answer]:
    """One after the other on a healthy lab."""
    with ExitStack() as stack:
        name = stack.enter_context(TemporaryDirectory(prefix="obs-check-", ignore_cleanup_errors=True))
        with_faults = stack.enter_context(shared_lab(Path(name), cells[0].stack))
        return [_answer(cell, with_faults) for cell in cells]


def _answer(cell: Cell, diagnosed: Callable[[tuple[str, ...]], Diagnosis]) -> Answer:
    try:
        return cell, diagnosed(cell.faults)
    except UsageError as error:
        return cell, Apart(error.message)
    except Exception:  # one crash must not cost the other answers
        return cell, Crashed(traceback.format_exc())
