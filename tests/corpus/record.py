"""Answers that are kept as they come, so that the whole matrix can be run in pieces on one commit."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.corpus.diagnosis import Diagnosis
from tests.corpus.fixes import Mended
from tests.corpus.labs import Answered, Apart, Cell, Crashed

KINDS: Mapping[str, type[Answered]] = {kind.__name__: kind for kind in (Diagnosis, Apart, Crashed)}
_JUDGED = ("verdict", "outages", "unexplained")
"""What is kept of a document beside the claims of its findings: as much as a row of the matrix is judged by."""


@dataclass(frozen=True, slots=True)
class Record:
    """A file with one JSON object an answer; those of other commits in it are left alone."""

    path: Path
    commit: str

    def known(self) -> dict[Cell, Answered]:
        """The answers of this commit that are there already."""
        if not self.path.exists():
            return {}
        rows = map(json.loads, self.path.read_text().splitlines())
        return dict(_read(row) for row in rows if row["commit"] == self.commit)

    def keep(self, answers: Iterator[tuple[Cell, Answered]]) -> Iterator[tuple[Cell, Answered]]:
        """The same answers, each written down before it is passed on."""
        with self.path.open("a") as file:
            for cell, answer in answers:
                row = {"commit": self.commit, **asdict(cell), "kind": type(answer).__name__, "answer": _kept(answer)}
                print(json.dumps(row), file=file, flush=True)
                yield cell, answer


def commit_of(tree: Path) -> str:
    """The commit that a tree is at, "" where it holds changes: then nobody could run the same again."""
    if _git(tree, "status", "--porcelain"):
        return ""
    return _git(tree, "rev-parse", "HEAD")


def _git(tree: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=tree, check=True, capture_output=True, text=True).stdout.strip()


def _kept(answer: Answered) -> dict[str, Any]:
    kept = asdict(answer)
    if isinstance(answer, Diagnosis):
        claims = [{"claim": finding["claim"]} for finding in answer.document["findings"]]
        kept["document"] = {**{key: answer.document[key] for key in _JUDGED}, "findings": claims}
    return kept


def _read(row: Mapping[str, Any]) -> tuple[Cell, Answered]:
    answer = dict(row["answer"])
    if row["kind"] == Diagnosis.__name__:
        mended = tuple(Mended(one["cause"], one["safety"], tuple(one["wrong"])) for one in answer["mended"])
        answer |= {"causes": tuple(answer["causes"]), "mended": mended}
    return Cell(tuple(row["faults"]), row["variant"], tuple(row["native"])), KINDS[row["kind"]](**answer)
