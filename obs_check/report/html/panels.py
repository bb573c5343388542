"""What a panel's row stands on: its query as written and as sent, each time it was read, the funnel of a broken one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from obs_check.app.verify.document import JsonReading
from obs_check.model.tree import mapping_at, value_at
from obs_check.report.html.explore import body_queries
from obs_check.report.html.funnel import FunnelTable, funnel_expressions, funnels, stored_lines
from obs_check.report.html.probes import NumberedProbe, Probes
from obs_check.report.html.runs import ToldRun

_TIMES = {
    "before": "before the events, in its own range",
    "range": "after the events, in its own range",
    "run": "over the lines of the run alone",
}
_MOST_VALUES = 40
"""Displayed values of one reading that the page lists."""


@dataclass(frozen=True, slots=True)
class ToldReading:
    """One time that a panel was read: what the eye saw, in which window, made by which events."""

    when: str
    reads: str
    state: str
    error: str
    window: Mapping[str, object]
    sent: Sequence[str]
    values: Sequence[tuple[str, str, str]]
    left_out: int
    steps: str
    probes: Sequence[NumberedProbe]


@dataclass(frozen=True, slots=True)
class ToldPanel:
    """`anchor` is that of its details, `row` that of its row in the table; `queries` are as they are written; `first`
    says that it is the first panel with its cause, whose funnel stands for those of the others."""

    anchor: str
    row: str
    id: str
    title: str
    verdict: str
    differs: str
    kind: str
    queries: Sequence[tuple[str, str]]
    readings: Sequence[ToldReading]
    funnels: Sequence[FunnelTable]
    first: bool


def told_panels(run: ToldRun, probes: Probes) -> list[ToldPanel]:
    """The panels whose document says what they stand on."""
    stored = stored_lines(run)
    found, causes = [], set()
    for n, panel in enumerate(run.rows("panels")):
        proof = panel.get("proof")
        if not isinstance(proof, Mapping):
            continue
        anchor, name = run.anchor("details", n), f"panel {panel.get('id')}"
        broken = panel.get("verdict") == "fail"
        drawn = [
            funnel
            for number, expr in enumerate(funnel_expressions(proof) if broken else ())
            for funnel in funnels(run.anchor("funnel", n, number), expr, stored)
        ]
        found.append(
            ToldPanel(
                anchor,
                run.anchor("panel", n),
                str(panel.get("id")),
                str(panel.get("title") or ""),
                str(panel.get("verdict")),
                str(panel.get("differs") or ""),
                str(proof.get("type") or ""),
                [(str(t.get("ref_id")), str(t.get("text"))) for t in proof.get("targets") or ()],
                [_reading(run, reading, (anchor, name), probes) for reading in proof.get("readings") or ()],
                drawn,
                bool(drawn) and panel.get("cause") not in causes,
            )
        )
        causes |= {panel.get("cause")} if drawn else set()
    return found


def _reading(run: ToldRun, reading: "JsonReading", cited: tuple[str, str], probes: Probes) -> ToldReading:
    values = list(reading.get("values") or ())
    shown = [
        (str(value.get("name") or ""), str(value.get("text") or ""), _made_by(value.get("events") or ()))
        for value in values[:_MOST_VALUES]
    ]
    left_out = len(values) - len(shown) + int(reading.get("values_left_out") or 0)
    steps = [f"{step.get('name')} {step.get('rows')}" for step in reading.get("steps") or ()]
    return ToldReading(
        _TIMES.get(str(reading.get("of")), str(reading.get("of"))),
        str(reading.get("reads") or ""),
        str(reading.get("state") or ""),
        str(reading.get("error") or reading.get("outage") or reading.get("why") or ""),
        mapping_at(reading, "range"),
        _sent(reading),
        shown,
        left_out,
        ", ".join(steps),
        [probes.take(run, probe, cited) for probe in reading.get("probes") or ()],
    )


def _sent(reading: "JsonReading") -> list[str]:
    """The queries that went out: in the reading over the run's lines with the filter for its tag."""
    bodies = [value_at(probe, "exchange", "body") for probe in reading.get("probes") or ()]
    if not any(bodies):
        bodies = [request.get("body") for request in reading.get("requests") or ()]
    entries = [entry for body in bodies for entry in body_queries(body)]
    return list(dict.fromkeys(str(entry.get("expr") or entry.get("rawSql") or entry.get("refId")) for entry in entries))


def _made_by(tags: Sequence[object], most: int = 3) -> str:
    more = f" and {len(tags) - most} more" if len(tags) > most else ""
    return ", ".join(str(tag) for tag in tags[:most]) + more
