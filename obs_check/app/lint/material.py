"""Everything the rules look at, read from files."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from obs_check.app.lint.board import Board
from obs_check.app.lint.question import Question, board_questions
from obs_check.app.lint.rule import Spot
from obs_check.app.lint.sample import Sample
from obs_check.panel.datasource import Datasources
from obs_check.shipper.label_flow import Flow, label_flow
from obs_check.shipper.model import ScrapeJob, ShipperConfig
from obs_check.shipper.targets import LogFile


@dataclass(frozen=True)
class ShipperFile:
    """A shipper's configuration with its text."""

    config: ShipperConfig
    text: str

    def spot(self, job: ScrapeJob, *needles: str) -> Spot:
        """The first line of a job that begins with one of the texts, else that holds one, else the job's own."""
        file, _, number = job.place.rpartition(":")
        start = int(number) if number.isdecimal() else 1
        later = [int(j.place.rpartition(":")[2] or 0) for j in self.config.jobs]
        end = min((line for line in later if line > start), default=None)
        rows = self.text.split("\n")[start - 1 : end - 1 if end else None]
        begins = (i for i, row in enumerate(rows) if row.lstrip(" -").startswith(needles))
        holds = (i for i, row in enumerate(rows) if any(n in row for n in needles))
        at = next(begins, next(holds, 0)) if needles else 0
        return Spot(file or self.config.file, start + at)

    @cached_property
    def flows(self) -> tuple[tuple[ScrapeJob, Flow], ...]:
        """Each job with the labels that its lines can have. With several clients, any client's external labels."""
        external = {name: value for client in self.config.clients for name, value in client.external_labels.items()}
        return tuple((job, label_flow(job, external)) for job in self.config.jobs)


@dataclass(frozen=True)
class Tree:
    """The files of a machine, under the directory that stands for its `/`."""

    root: Path
    files: tuple[LogFile, ...]


@dataclass(frozen=True)
class Material:
    """`datasources` and `tree` are None where nobody gave them; `texts` are the files read, for their comments."""

    boards: tuple[Board, ...] = ()
    shippers: tuple[ShipperFile, ...] = ()
    file_questions: tuple[Question, ...] = ()
    samples: tuple[Sample, ...] = ()
    datasources: Datasources | None = None
    tree: Tree | None = None
    texts: tuple[tuple[str, str], ...] = ()

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The queries of dashboards and files."""
        of_boards = [q for board in self.boards for q in board_questions(board, self.datasources)]
        return (*of_boards, *self.file_questions)

    def jobs(self) -> list[tuple[ShipperFile, ScrapeJob]]:
        """Every job of every configuration."""
        return [(shipper, job) for shipper in self.shippers for job in shipper.config.jobs]
