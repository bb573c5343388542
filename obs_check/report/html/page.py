"""The page: what its templates are given, and how it is kept from asking anything of anyone."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from obs_check import __version__
from obs_check.app.verify.document import Document
from obs_check.report.html.about import About, about
from obs_check.report.html.causes import ToldCause, told_causes
from obs_check.report.html.charts import OverTime, decisions_over_time, latency_by_hop
from obs_check.report.html.drawing import Drawing, mark_code
from obs_check.report.html.grid import (
    Grid,
    Kind,
    event_grid,
    hop_grid,
    latency_grid,
    moment,
    panel_grid,
    plain_grid,
    slice_grid,
    without_empty,
)
from obs_check.report.html.headline import headline
from obs_check.report.html.hops import ToldHop, told_hops
from obs_check.report.html.panels import ToldPanel, told_panels
from obs_check.report.html.pipeline import pipeline_drawings
from obs_check.report.html.probes import SHOWN_CHARS, Probes
from obs_check.report.html.runs import ToldRun, runs_of
from obs_check.report.terminal import escape_controls

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class _Part:
    """All that the page says of one run."""

    run: ToldRun
    pipeline: list[Drawing]
    over_time: OverTime | None
    latency: Drawing | None
    causes: list[ToldCause]
    panels: list[ToldPanel]
    hops: list[ToldHop]
    about: About
    grids: dict[str, Grid]


def to_html(document: "Document") -> str:
    """The page of a document. Every text in it is inert; its own style and script are allowed by their hashes, and
    nothing else: no address is asked for anything."""
    probes = Probes()
    parts = [_part(run, probes) for run in runs_of(document)]
    style, script = (_TEMPLATES.joinpath(name).read_text("utf-8") for name in ("page.css", "page.js"))
    return _template().render(
        document=document,
        command=str(document.get("command") or ""),
        head=headline(document),
        version=__version__,
        made_by=(document.get("versions") or {}).get("obs-check") or __version__,
        parts=parts,
        comparisons=_comparisons(document),
        changes=[str(change) for change in document.get("changes") or ()],
        probes=probes.all,
        shown_chars=SHOWN_CHARS,
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; "
        "form-action 'none'",
    )


@cache
def _template() -> "Template":
    """The page's, compiled once: that takes longer than to fill it in."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: escape_controls(value) if type(value) is str else value,
    )
    environment.filters |= {"moment": moment, "ticked": mark_code}
    return environment.get_template("page.html.j2")


def _part(run: ToldRun, probes: Probes) -> _Part:
    causes = told_causes(run, probes)
    hops, panels = told_hops(run, probes), told_panels(run, probes)
    over = decisions_over_time(run)
    grids = {}
    if run.rows("panels"):
        grids["panels"] = panel_grid(
            run, {one.cause: one.anchor for one in reversed(causes)}, {one.row: one.anchor for one in panels}
        )
    if run.rows("hops"):
        grids["hops"] = hop_grid(run, {one.row: one.evidence for one in hops})
        grids["latency"] = latency_grid(run)
    if run.rows("events"):
        grids["events"] = event_grid(run)
    if over is not None:
        grids["slices"] = slice_grid(run, over)
    if run.rows("control"):
        grids["control"] = plain_grid(
            run.anchor("table", "control"),
            f"Panels before and after the events{run.caption}",
            [
                ("id", "id", "number"),
                ("title", "panel", "row"),
                ("before", "before", "text"),
                ("after", "after", "text"),
                ("words", "means", "text"),
                ("differs", "differs", "text"),
            ],
            run.rows("control"),
        )
    if run.rows("suggested"):
        grids["suggested"] = plain_grid(
            run.anchor("table", "suggested"),
            f"Panels with the proposed fixes, read without saving them{run.caption}",
            [
                ("id", "id", "number"),
                ("title", "panel", "row"),
                ("reads", "reads", "text"),
                ("would_read", "would read", "text"),
                ("verdict", "verdict", "verdict"),
                ("cause", "cause", "code"),
            ],
            run.rows("suggested"),
        )
    grids = {name: without_empty(grid) for name, grid in grids.items()}
    return _Part(run, pipeline_drawings(run), over, latency_by_hop(run), causes, panels, hops, about(run), grids)


def _comparisons(document: "Document") -> list[Grid]:
    changed: list[tuple[str, str, Kind]] = [
        ("change", "change", "change"),
        ("before", "before", "text"),
        ("after", "after", "text"),
    ]
    grids = []
    if hops := document.get("hop_comparison"):
        of_hops: list[tuple[str, str, Kind]] = [("hop", "hop", "row"), ("path", "path", "text"), *changed]
        grids.append(plain_grid("table-hop-comparison", "Events seen by each hop, before and after", of_hops, hops))
    if panels := document.get("comparison"):
        of_panels: list[tuple[str, str, Kind]] = [("id", "id", "number"), ("title", "panel", "row"), *changed]
        grids.append(plain_grid("table-comparison", "What each panel reads, before and after", of_panels, panels))
    return grids


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
