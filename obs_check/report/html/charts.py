"""Charts of a run, each with the rows that it is drawn from: decisions over time, and how long every hop took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from obs_check.model.window import MS, shown_time
from obs_check.report.html.drawing import Drawing, element, line, link, rect, symbol, text
from obs_check.report.html.runs import ToldRun

_DECISIONS = ("allow", "deny")
_SLICES = 12
"""Columns of the chart over time: at 390 px each is still wider than a letter."""
_LOOKS = 3
"""Ways in which a kind of decision is drawn; what is neither allowed nor denied shares the last."""
_PLOT_H, _TOP, _BELOW = 150, 18, 34
_ROW_H = 44
_STEPS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000)


@dataclass(frozen=True, slots=True)
class Slice:
    """The events sent from `start_ns` on, for the length of a slice: how many were decided which way."""

    start_ns: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OverTime:
    """`step_ms` is the length of a slice; `decisions` are the kinds that occur, in the order in which they stack."""

    drawing: Drawing
    slices: Sequence[Slice]
    decisions: Sequence[str]
    step_ms: int

    def key(self, place: int) -> Markup:
        """The sample of a decision's look in the legend."""
        look = min(place, _LOOKS - 1)
        over = [element("rect", width=14, height=14, fill=f"url(#{self.drawing.name}-{look})")] if look else []
        sample = element("rect", width=14, height=14, class_=f"decision kind-{look}")
        return element("svg", sample, *over, class_="key", width=14, height=14, aria_hidden="true")


def decisions_over_time(run: ToldRun) -> OverTime | None:
    """How the firewall decided the events, by the time at which they were sent; None without events."""
    events = [event for event in run.rows("events") if isinstance(event.get("sent_ns"), int)]
    if not events:
        return None
    kinds = [*_DECISIONS, *sorted({_decision(event) for event in events} - set(_DECISIONS))]
    kinds = [kind for kind in kinds if any(_decision(event) == kind for event in events)]
    times = [int(event["sent_ns"]) for event in events]
    step = _step_ms(min(times), max(times))
    first = min(times) // (step * MS)
    number = max(times) // (step * MS) - first + 1
    slices = [Slice((first + n) * step * MS, dict.fromkeys(kinds, 0)) for n in range(number)]
    for event in events:
        counts = dict(slices[int(event["sent_ns"]) // (step * MS) - first].counts)
        counts[_decision(event)] += 1
        at = int(event["sent_ns"]) // (step * MS) - first
        slices[at] = Slice(slices[at].start_ns, counts)
    title = f"Decisions over time{run.caption}: " + ", ".join(
        f"{kind} {sum(one.counts[kind] for one in slices)}" for kind in kinds
    )
    drawing = Drawing(run.anchor("chart", "decisions"), title, _TOP + _PLOT_H + _BELOW, class_="chart")
    drawing.add(_patterns(drawing.name), *_columns(drawing.name, slices, kinds))
    drawing.add(
        text(0, _TOP + _PLOT_H + 22, shown_time(slices[0].start_ns)[11:-1], "quiet"),
        text("100%", _TOP + _PLOT_H + 22, shown_time(slices[-1].start_ns + step * MS)[11:-1], "quiet", "end"),
    )
    return OverTime(drawing, slices, kinds, step)


def _columns(name: str, slices: Sequence[Slice], kinds: Sequence[str]) -> list[Markup]:
    most = max(sum(one.counts.values()) for one in slices)
    shapes = [line(0, _TOP + _PLOT_H, "100%", _TOP + _PLOT_H, "axis")]
    share = 100 / len(slices)
    for n, one in enumerate(slices):
        floor = float(_TOP + _PLOT_H)
        for place, kind in enumerate(kinds):
            high = one.counts[kind] / most * (_PLOT_H - 8)
            if not high:
                continue
            floor -= high
            x, width = f"{n * share + share * 0.12:.2f}%", f"{share * 0.76:.2f}%"
            tall, look = max(1.0, high - 1), min(place, _LOOKS - 1)
            shapes.append(rect(x, floor, width, tall, f"decision kind-{look}"))
            if look:
                shapes.append(element("rect", x=x, y=floor, width=width, height=tall, fill=f"url(#{name}-{look})"))
            if high >= 14:
                middle = f"{(n + 0.5) * share:.2f}%"
                shapes.append(text(middle, floor + high / 2 + 4, one.counts[kind], f"on kind-{look}", "middle"))
    return shapes


def _patterns(name: str) -> Markup:
    """What tells the kinds apart for an eye that does not see their colours: hatched, dotted."""
    hatch = line(0, 0, 0, 6, "hatch")
    dots = element("circle", cx=2, cy=2, r=1.1, class_="dots")
    of = [(1, hatch, "rotate(45)"), (2, dots, None)]
    return element(
        "defs",
        *(
            element(
                "pattern",
                shape,
                id=f"{name}-{look}",
                width=6,
                height=6,
                patternUnits="userSpaceOnUse",
                patternTransform=turn,
            )
            for look, shape, turn in of
        ),
    )


def _decision(event: Mapping[str, object]) -> str:
    """What the firewall answered: `allow`, `deny`, or why nothing is known."""
    return str(event.get("verdict") or "unknown").replace("_", " ")


def _step_ms(first_ns: int, last_ns: int) -> int:
    """A round length of which no more than so many slices are needed."""
    for step in _STEPS_MS:
        if last_ns // (step * MS) - first_ns // (step * MS) < _SLICES:
            return step
    days = 86_400_000
    return days * (1 + (last_ns - first_ns) // (days * MS * _SLICES))


def latency_by_hop(run: ToldRun) -> Drawing | None:
    """How long after its sending the median event was first seen at each hop; None where nothing was seen."""
    rows = [row for row in run.rows("hops") if row.get("hop") != "egress"]
    known = [float(row["latency_ms"]) for row in rows if isinstance(row.get("latency_ms"), int | float)]
    if not known:
        return None
    most = max(*known, 1.0)
    title = f"Latency by hop{run.caption}: the median of first seen minus sent"
    drawing = Drawing(run.anchor("chart", "latency"), title, len(rows) * _ROW_H + 4, class_="chart")
    for n, row in enumerate(rows):
        y = n * _ROW_H
        value, verdict = row.get("latency_ms"), str(row.get("verdict"))
        path, hop = row.get("path"), row.get("hop")
        words = latency_text(value)
        shapes = [text(18, y + 15, f"{hop}, path {path}", "name"), text("100%", y + 15, words, "count", "end")]
        shapes += [symbol(7, y + 11, verdict), rect(0, y + 22, "100%", 12, "track", 3)]
        if isinstance(value, int | float) and value > 0:
            shapes.append(rect(0, y + 22, f"{max(0.4, value / most * 100):.2f}%", 12, f"bar {verdict}", 3))
        drawing.add(link(run.anchor("hop", path, hop), f"{hop}, path {path}: {words}, {verdict}", *shapes))
    return drawing


def latency_text(value: object) -> str:
    """Milliseconds, or seconds where there are many."""
    if not isinstance(value, int | float):
        return "nothing seen"
    return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.2f} s"
