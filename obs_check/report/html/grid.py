"""Tables as the page shows them: a caption, columns with a kind, cells that may lead to their evidence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from obs_check.model.window import shown_time
from obs_check.report.html.charts import OverTime, latency_text
from obs_check.report.html.pipeline import PATHS
from obs_check.report.html.runs import ToldRun

Kind = Literal["text", "long", "number", "code", "verdict", "change", "row"]
"""`row` is the column that names the row; `verdict` and `change` a word with its mark; `long` a text that is broken
anywhere."""


@dataclass(frozen=True, slots=True)
class Cell:
    """`key` is what a column is sorted by where it is not the text."""

    text: str
    href: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """`anchor` is unique in the page; every row has a cell for each of `columns`, and an anchor of its own or ""."""

    anchor: str
    caption: str
    columns: Sequence[tuple[str, Kind]]
    rows: Sequence[tuple[str, Sequence[Cell]]]


def hop_grid(run: ToldRun, evidence: Mapping[str, tuple[str, str]]) -> Grid:
    """Every hop of both paths; `evidence` has (words, anchor) by the anchor of the hop."""
    columns: list[tuple[str, Kind]] = [
        ("hop", "row"),
        ("path", "text"),
        ("sent", "number"),
        ("seen", "number"),
        ("latency", "number"),
        *((heading, "number") for heading in _OF_LARGE_RUNS),
        ("verdict", "verdict"),
        ("evidence", "text"),
        ("missing", "code"),
        ("note", "long"),
    ]
    rows = []
    for hop in run.rows("hops"):
        name, path = hop.get("hop"), hop.get("path")
        value = hop.get("latency_ms")
        shown = latency_text(value) if value is not None else ""
        cells = [Cell(_text(name)), Cell(_text(path)), Cell(_text(hop.get("sent"))), Cell(_text(hop.get("seen")))]
        anchor = run.anchor("hop", path, name)
        cells += [Cell(shown, key=_text(value)), *(Cell(_large(hop.get(key))) for key in _OF_LARGE_RUNS.values())]
        cells += [Cell(_text(hop.get("verdict"))), Cell(*evidence.get(anchor, ("",)))]
        rows.append((anchor, [*cells, Cell(_few(hop.get("missing"))), Cell(_text(hop.get("note")))]))
    used = sorted({str(hop.get("path")) for hop in run.rows("hops")})
    return Grid(
        run.anchor("table", "hops"),
        f"What every hop saw{run.caption} ({'; '.join(PATHS[path] for path in used if path in PATHS)})",
        columns,
        rows,
    )


_OF_LARGE_RUNS = {
    "95 of 100 by": "p95_ms",
    "last by": "max_ms",
    "late": "late",
    "duplicate": "duplicate",
    "displaced": "displaced",
    "unexpected": "unexpected",
}
"""Heading -> field of a hop, which only a large run has: times, and how many tags."""


def _large(value: object) -> str:
    if isinstance(value, list):
        return str(len(value))
    return "" if value is None else latency_text(value)


def panel_grid(run: ToldRun, causes: Mapping[str, str], details: Mapping[str, str]) -> Grid:
    """Every panel: what it reads and what it should. `causes` are the anchors of the causes that the page explains,
    `details` those of what the panels stand on, by the anchors of their rows."""
    columns: list[tuple[str, Kind]] = [
        ("id", "number"),
        ("panel", "row"),
        ("verdict", "verdict"),
        ("reads", "text"),
        ("of the run", "text"),
        ("wanted", "text"),
        ("cause", "code"),
        ("path", "text"),
    ]
    rows = []
    for n, panel in enumerate(run.rows("panels")):
        cause = _text(panel.get("cause"))
        anchor = run.anchor("panel", n)
        cells = [Cell(_text(panel.get("id"))), Cell(_text(panel.get("title")), details.get(anchor, ""))]
        cells += [Cell(_text(panel.get(key))) for key in ("verdict", "reads", "of_run", "wanted")]
        rows.append((anchor, [*cells, Cell(cause, causes.get(cause, "")), Cell(_text(panel.get("path")))]))
    return Grid(run.anchor("table", "panels"), f"What every panel reads{run.caption}", columns, rows)


def event_grid(run: ToldRun) -> Grid:
    """Every event as it was sent and answered."""
    columns: list[tuple[str, Kind]] = [
        ("tag", "row"),
        ("expected", "text"),
        ("decided", "text"),
        ("status", "number"),
        ("sent at (UTC)", "code"),
        ("method", "text"),
        ("address", "code"),
        ("error", "long"),
    ]
    rows = []
    for event in run.rows("events"):
        sent = event.get("sent_ns")
        cells = [Cell(_text(event.get(key))) for key in ("tag", "decision", "verdict", "status")]
        cells += [Cell(moment(sent)), *(Cell(_text(event.get(key))) for key in ("method", "url", "error"))]
        rows.append(("", cells))
    return Grid(run.anchor("table", "events"), f"The events that were sent{run.caption}", columns, rows)


def slice_grid(run: ToldRun, over: OverTime) -> Grid:
    """What the chart over time is drawn from."""
    columns: list[tuple[str, Kind]] = [("from (UTC)", "row"), *((kind, "number") for kind in over.decisions)]
    rows = [("", [Cell(moment(s.start_ns)), *(Cell(str(s.counts[k])) for k in over.decisions)]) for s in over.slices]
    caption = f"Decisions in slices of {over.step_ms:,} ms{run.caption}"
    return Grid(run.anchor("table", "slices"), caption, columns, rows)


def latency_grid(run: ToldRun) -> Grid:
    """What the chart of latencies is drawn from."""
    columns: list[tuple[str, Kind]] = [("hop", "row"), ("path", "text"), ("median", "number"), ("verdict", "verdict")]
    hops = [hop for hop in run.rows("hops") if hop.get("hop") != "egress"]
    rows = [
        (
            "",
            [
                Cell(_text(hop.get("hop"))),
                Cell(_text(hop.get("path"))),
                Cell(latency_text(hop.get("latency_ms"))),
                Cell(_text(hop.get("verdict"))),
            ],
        )
        for hop in hops
    ]
    return Grid(run.anchor("table", "latency"), f"First seen minus sent, median{run.caption}", columns, rows)


def without_empty(grid: Grid) -> Grid:
    """The table without the columns in which nothing stands."""
    kept = [n for n, _ in enumerate(grid.columns) if any(cells[n].text for _, cells in grid.rows)]
    rows = [(anchor, [cells[n] for n in kept]) for anchor, cells in grid.rows]
    return Grid(grid.anchor, grid.caption, [grid.columns[n] for n in kept], rows)


def plain_grid(anchor: str, caption: str, columns: Sequence[tuple[str, str, Kind]], rows: Iterable[object]) -> Grid:
    """Rows as they stand; a column is (key, heading, kind)."""
    found = [("", [Cell(_text(row.get(key))) for key, _, _ in columns]) for row in rows if isinstance(row, Mapping)]
    return Grid(anchor, caption, [(heading, kind) for _, heading, kind in columns], found)


def moment(ns: object) -> str:
    """RFC 3339 in UTC; "" for what is not a time."""
    return shown_time(ns) if isinstance(ns, int) and not isinstance(ns, bool) and 0 <= ns < 2**63 else ""


def _few(tags: Any, most: int = 4) -> str:
    """The first of some tags, and how many more there are: the table of events tells them all."""
    found = [str(tag) for tag in tags or ()]
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def _text(value: object) -> str:
    return "" if value is None else str(value)
