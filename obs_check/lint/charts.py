"""Helm charts as they are rendered: which there are, which of their files that stands for, and where in a template what
was rendered comes from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from obs_check.client.helm import find_helm, render_chart
from obs_check.documents.helm_template import chart_of, chart_of_template
from obs_check.errors import ObsCheckError


@dataclass(frozen=True)
class RenderedTemplate:
    """A template and what Helm makes of it. `source` is "" for one that is not a file, as in a packed dependency."""

    path: Path
    source: str
    rendered: str

    @property
    def name(self) -> str:
        """What messages call it, whose lines are not the template's."""
        return f"rendered {self.path}"

    def line(self, rendered: int) -> int:
        """The line (from 1) of the template that a rendered one (from 1) comes from: the line itself, else the last one
        before it that is in both."""
        return self._lines[rendered - 1] if self.source and rendered <= len(self._lines) else rendered

    @cached_property
    def _lines(self) -> list[int]:
        before, after = (list(_documents(text)) for text in (self.source, self.rendered))
        found = []
        for _, rows in after:
            # Helm sorts the documents of a chart by their kind.
            blocks = [(first, SequenceMatcher(None, source, rows).get_matching_blocks()) for first, source in before]
            first, same = max(blocks, key=lambda one: sum(block.size for block in one[1]))
            own = [0] * len(rows)
            for block in same:
                own[block.b : block.b + block.size] = range(first + block.a, first + block.a + block.size)
            last = first
            for number, line in enumerate(own):
                own[number] = last = line or last
            found += own
        return found


def _documents(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of each document of a YAML text, with the number of its first; what parts them is at a start."""
    rows = [row.strip() for row in text.split("\n")]
    starts = [number for number, row in enumerate(rows) if row == "---" or number == 0]
    for start, end in pairwise([*starts, len(rows)]):
        yield start + 1, rows[start:end]


@dataclass(frozen=True, slots=True)
class RenderedChart:
    """A chart, or a folder or file of its templates, and what Helm makes of the templates, those of its dependencies
    too."""

    folder: Path
    templates: tuple[RenderedTemplate, ...]
    whole: bool = True

    def stands_for(self, file: Path) -> bool:
        """Whether a file went into what was rendered: a template or the default values, of a dependency too."""
        if not file.is_relative_to(self.folder):
            return False
        parts = file.relative_to(self.folder).parts
        while self.whole and parts[0] == "charts" and len(parts) > 2:
            parts = parts[2:]
        return not self.whole or parts[0] == "templates" or parts == ("values.yaml",)


def render_charts(path: Path, env: Mapping[str, str], notes: list[str]) -> list[RenderedChart]:
    """The charts of a folder; of a template, or a folder of them, the chart above with those alone; none without
    `helm` on PATH. One that Helm does not render is left out, and `notes` say why."""
    helm = find_helm(env)
    if helm is None:
        return []
    found = []
    above = chart_of_template(path)
    for folder in _charts(path) if above is None else [above]:
        rendered = _rendered(helm, folder, env, notes)
        if rendered is None:
            continue
        if above is not None:
            here = path.resolve()
            own = (file for file in rendered if file.is_relative_to(here))
            rendered = {path / file.relative_to(here): rendered[file] for file in own}
        templates = (RenderedTemplate(file, _text(file), text) for file, text in rendered.items())
        found.append(RenderedChart(folder if above is None else path, tuple(templates), above is None))
    return found


def _rendered(helm: str, chart: Path, env: Mapping[str, str], notes: list[str]) -> dict[Path, str] | None:
    """What becomes of the templates of a chart, by itself or, where it needs what is in that, in the one that it is a
    dependency of."""
    try:
        return render_chart(helm, chart, env)
    except ObsCheckError as error:
        whole = chart_of(chart) if chart.parent.name == "charts" else None
        found = _rendered(helm, whole, env, []) if whole is not None else None
        if found is None:
            notes.append(" ".join(f"read without Helm: {error}".split()))
        return found


def _charts(folder: Path) -> Iterator[Path]:
    """The outermost charts of a folder."""
    last: Path | None = None
    for chart in sorted(file.parent for file in folder.rglob("Chart.yaml")):
        if last is None or not chart.is_relative_to(last):
            last = chart
            yield chart


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
