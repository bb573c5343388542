"""Everything the rules look at, read from files."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from obs_check.lint.board import LintedDashboard
from obs_check.lint.charts import RenderedTemplate
from obs_check.lint.issue import Held, Spot
from obs_check.lint.other_lines import holds_pushing_program
from obs_check.lint.pipeline_sample import fits_job, shipping_of
from obs_check.lint.question import Question, board_questions
from obs_check.lint.sample import SampleLines
from obs_check.panel.datasource import Datasources
from obs_check.panel.elements import Dashboard
from obs_check.shipper.item import Stage
from obs_check.shipper.label_flow import Flow, label_flow
from obs_check.shipper.model import ScrapeJob, ShipperConfig
from obs_check.shipper.targets import LogFile


@dataclass(frozen=True)
class ShipperFile:
    """A shipper's configuration with its text."""

    config: ShipperConfig
    text: str

    def spot(self, job: ScrapeJob, *needles: str, stage: Stage | str = "") -> Spot:
        """The first line of a job that begins with one of the texts, else that holds one, else the job's own. With
        `stage` lines of that stage, or from one of that kind on, are looked at first."""
        file, _, number = job.place.rpartition(":")
        if self.config.dialect == "alloy":
            place, begin, last = self.config.stages.get(id(stage), ("", 0, 0))
            if place and place != self.config.file:
                return Spot(place, begin)
            if place:
                return Spot(file, begin + _line(self.text.split("\n")[begin - 1 : last], needles, _kind(stage), 0))
            # The stages of a job stand in other blocks than its source.
            return Spot(file, _line(self.text.split("\n"), needles, _kind(stage), int(number) - 1) + 1)
        start = int(number) if number.isdecimal() else 1
        later = [int(j.place.rpartition(":")[2] or 0) for j in self.config.jobs]
        end = min((line for line in later if line > start), default=None)
        rows = self.text.split("\n")[start - 1 : end - 1 if end else None]
        first, after = _extent(rows, job, stage)
        found = first + _line(rows[first:after], needles, _kind(stage), 0)
        return Spot(file or self.config.file, start + found)

    def key(self, job: ScrapeJob, stage: Stage) -> object:
        """What is the same for a stage of a job in all jobs that share its text: those of a component of Alloy's, and
        those with the very same stages (an anchor of YAML). What it is there for in one of them, it is there for."""
        return id(stage) if self.config.dialect == "alloy" else (job.pipeline, stage)

    @cached_property
    def flows(self) -> tuple[tuple[ScrapeJob, Flow], ...]:
        """Each job with the labels that its lines can have."""
        clients_of = self.config.clients_of
        return tuple(
            (job, label_flow(job, [client.external_labels for client in clients_of(job)])) for job in self.config.jobs
        )


def _kind(stage: Stage | str) -> str:
    return stage if isinstance(stage, str) else stage.kind


def _openings(rows: Sequence[str], kind: str) -> list[int]:
    """The indexes of the rows that begin a stage of a kind."""
    return [i for i, row in enumerate(rows) if kind and row.lstrip().startswith((f"- {kind}:", f"stage.{kind}"))]


def _extent(rows: Sequence[str], job: ScrapeJob, stage: Stage | str) -> tuple[int, int]:
    """The indexes of the first row of a job's stage and of that behind its last one; of all rows where the text does
    not tell (stages in one line)."""
    alike = [one for one in job.pipeline.every() if one.kind == _kind(stage)]
    openings = _openings(rows, _kind(stage))
    place = next((n for n, one in enumerate(alike) if one is stage), None)
    if place is None or len(openings) != len(alike):
        return 0, len(rows)
    return openings[place], [*openings, len(rows)][place + 1]


def _line(rows: Sequence[str], needles: tuple[str, ...], kind: str, default: int) -> int:
    """The index of the first row (from a stage on, where its kind is told) that begins with a needle, else holds one
    that is no part of a longer word, written as it is or with the backslashes that a quoted text has."""
    written = [(row, row.replace("\\\\", "\\").replace('\\"', '"')) for row in rows]
    starts = _openings(rows, kind)
    asked = re.compile("|".join(map(_as_words, needles)))
    for start in (*starts, 0):
        later = list(enumerate(written))[start:]
        begins = (i for i, ways in later if any(asked.match(way.lstrip(" \t-")) for way in ways))
        holds = (i for i, ways in later if any(map(asked.search, ways)))
        found = next(begins, next(holds, None)) if needles else None
        if found is not None:
            return found
    return starts[0] if starts else default


def _as_words(text: str) -> str:
    """The regular expression of a text between other words, with any blanks where it has one: `alloy fmt` sets the
    signs of a block below each other."""
    words = r"[ \t]+".join(map(re.escape, text.split(" ")))
    begins, ends = re.match(r"\w", text), re.search(r"\w$", text)
    return "".join((r"(?<!\w)" if begins else "", words, r"(?!\w)" if ends else ""))


@dataclass(frozen=True)
class Tree:
    """The files of a machine, under the directory that stands for its `/`."""

    root: Path
    files: tuple[LogFile, ...]


@dataclass(frozen=True)
class Material:
    """`datasources` and `tree` are None where nobody gave them; `texts` are the files read, for their comments;
    `rendered` are templates of charts by what `boards` and `shippers` call them."""

    boards: tuple[LintedDashboard, ...] = ()
    shippers: tuple[ShipperFile, ...] = ()
    file_questions: tuple[Question, ...] = ()
    samples: tuple[SampleLines, ...] = ()
    datasources: Datasources | None = None
    tree: Tree | None = None
    texts: tuple[tuple[str, str], ...] = ()
    rendered: Mapping[str, RenderedTemplate] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = ()
    """What could not be had as it is meant."""
    folders: tuple[Path, ...] = ()
    """The directories that were given."""
    other_lines: tuple[str, ...] = ()
    """What brings lines of no job to Loki, whose labels are not read, each with `file:line`."""

    def is_pushed_to(self) -> bool:
        """Whether lines of no job reach Loki, so that no label can be called unset."""
        return bool(self.other_lines) or any(map(holds_pushing_program, self.folders))

    def in_file(self, spot: Spot) -> Spot:
        """A place as the user's files have it: what was rendered stands in its template."""
        template = self.rendered.get(spot.path)
        return spot if template is None else replace(spot, path=str(template.path), line=template.line(spot.line))

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The queries of dashboards and files."""
        of_boards = [q for board in self.boards for q in board_questions(board, self.datasources)]
        return (*of_boards, *self.file_questions)

    @cached_property
    def copies(self) -> Mapping[Held, Sequence[Held]]:
        """The dashboards of files that are the same as one of another file, by that one: the nearest to the top, since
        copies are put away below. A file with a comment that switches rules off speaks for itself."""
        own = {path for path, text in self.texts if not path.endswith(".json") and "obs-check:disable" in text}
        own |= {shipper.config.file for shipper in self.shippers}
        of_templates = {path: str(template.path) for path, template in self.rendered.items()}
        held = [(of_templates.get(board.path, board.path), board.dashboard) for board in self.boards]
        counted = Counter((path, dashboard.uid) for path, dashboard in held)
        firsts: dict[object, list[tuple[str, Dashboard]]] = {}
        found: dict[Held, list[Held]] = {}
        for path, dashboard in sorted(held, key=lambda one: len(Path(one[0]).parts)):
            if path in own or counted[path, dashboard.uid] > 1:
                continue
            alike = firsts.setdefault((dashboard.uid, dashboard.title), [])
            first = next((file for file, other in alike if other.document == dashboard.document), "")
            if first:
                found.setdefault((first, dashboard.uid), []).append((path, dashboard.uid))
            else:
                alike.append((path, dashboard))
        return found

    def jobs_of(self, sample: SampleLines) -> list[tuple[ShipperFile, ScrapeJob, Flow]]:
        """The jobs that a sample is of. One whose labels nobody gave is of a job only where there is no other: what a
        pipeline does to somebody else's lines proves nothing."""
        flows = self.flows()
        fitting = [found for found in flows if fits_job(sample, found[2])]
        return fitting if sample.labels or len(flows) == 1 else []

    @cached_property
    def stored_samples(self) -> tuple[SampleLines, ...]:
        """The samples as queries find them in Loki: what their one job ships of them; as they stand in the file where
        they are of no job or of several."""
        return tuple(self._stored(sample) for sample in self.samples)

    def _stored(self, sample: SampleLines) -> SampleLines:
        jobs = self.jobs_of(sample)
        if len(jobs) != 1:
            return sample
        _, job, flow = jobs[0]
        shipping = shipping_of(job, flow, sample)
        return replace(sample, name=f"{sample.name} as job {job.name} ships it", shipping=shipping)

    def flows(self) -> list[tuple[ShipperFile, ScrapeJob, Flow]]:
        """Every job of every configuration, with the labels that its lines can have."""
        return [(shipper, job, flow) for shipper in self.shippers for job, flow in shipper.flows]
