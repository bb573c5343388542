"""Helm charts as they are rendered: which there are, which of their files that stands for, and where in a template what
was rendered comes from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path

from obs_check.client.helm import find_helm, render_chart
from obs_check.documents.helm_template import chart_of_template
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
        before, after = ([row.strip() for row in text.split("\n")] for text in (self.source, self.rendered))
        found = [0] * len(after)
        for same in SequenceMatcher(None, before, after).get_matching_blocks():
            found[same.b : same.b + same.size] = range(same.a + 1, same.a + same.size + 1)
        last = 1
        for number, line in enumerate(found):
            found[number] = last = line or last
        return found


@dataclass(frozen=True, slots=True)
class RenderedChart:
    """A chart and its templates, those of its dependencies too."""

    folder: Path
    templates: tuple[RenderedTemplate, ...]

    def stands_for(self, file: Path) -> bool:
        """Whether a file went into what was rendered: a template or the default values, of a dependency too."""
        if not file.is_relative_to(self.folder):
            return False
        parts = file.relative_to(self.folder).parts
        while parts[0] == "charts" and len(parts) > 2:
            parts = parts[2:]
        return parts[0] == "templates" or parts == ("values.yaml",)


def render_charts(path: Path, env: Mapping[str, str], notes: list[str]) -> list[RenderedChart]:
    """The charts of a folder, or of a file that is a template the chart with that template alone; none without `helm`
    on PATH. One that Helm does not render is left out, and `notes` say why."""
    helm = find_helm(env)
    if helm is None:
        return []
    found = []
    for folder in _charts(path):
        try:
            rendered = render_chart(helm, folder, env)
        except ObsCheckError as error:
            notes.append(f"read without Helm: {error}")
            continue
        templates = [RenderedTemplate(file, _text(file), text) for file, text in rendered.items()]
        own = [one for one in templates if path.is_dir() or one.path.resolve() == path.resolve()]
        found.append(RenderedChart(folder, tuple(own)))
    return found


def _charts(path: Path) -> Iterator[Path]:
    """The outermost charts of a folder; the chart that a template is of."""
    if not path.is_dir():
        chart = chart_of_template(path)
        if chart is not None:
            yield chart
        return
    last: Path | None = None
    for folder in sorted(file.parent for file in path.rglob("Chart.yaml")):
        if last is None or not folder.is_relative_to(last):
            last = folder
            yield folder


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
