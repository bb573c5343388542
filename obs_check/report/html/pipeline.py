"""The pipeline of a run as a drawing: what was sent, what every hop of both paths saw, and where it breaks."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from obs_check.app.verify.document import Hop
from obs_check.model.tree import value_at
from obs_check.model.wording import count_noun
from obs_check.report.html.drawing import Drawing, element, line, link, rect, symbol, text
from obs_check.report.html.runs import ToldRun

PATHS = {"A": "path A: boundary's log files", "B": "path B: coderd's log"}
"""What the two ways of a decision record go through."""


@dataclass(frozen=True, slots=True)
class Station:
    """A box: `lanes` are the paths that it stands in, `seen` of `sent` its count, `anchor` where its evidence is."""

    lanes: tuple[int, ...]
    step: int
    name: str
    count: str
    verdict: str
    seen: int
    anchor: str


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where boxes stand. Steps go along, lanes across; `down` turns the drawing for a narrow page."""

    down: bool
    box_w: float
    box_h: float
    step: float
    lane: float
    margin: float

    def box(self, station: Station, lanes: int) -> tuple[float, float, float, float]:
        """x, y, width and height."""
        low, high = (0, lanes - 1) if len(station.lanes) > 1 else (station.lanes[0], station.lanes[0])
        along, across = self.margin + station.step * self.step, self.margin + low * self.lane
        spread = (high - low) * self.lane
        if self.down:
            return across, along, self.box_w + spread, self.box_h
        return along, across, self.box_w, self.box_h + spread

    def size(self, steps: int, lanes: int) -> tuple[float, float]:
        """Width and height of the whole."""
        along, across = (steps - 1) * self.step + 2 * self.margin, (lanes - 1) * self.lane + 2 * self.margin
        return (across + self.box_w, along + self.box_h) if self.down else (along + self.box_w, across + self.box_h)


_WIDE = _Layout(down=False, box_w=108, box_h=62, step=160, lane=96, margin=26)
_TALL = _Layout(down=True, box_w=158, box_h=54, step=92, lane=170, margin=14)


def pipeline_drawings(run: ToldRun) -> list[Drawing]:
    """One drawing for a wide page and one for a narrow; none for a document without hops."""
    stations, paths = _stations(run)
    if not stations:
        return []
    title = f"What every hop saw{run.caption}: {_in_words(stations, paths)}"
    return [
        _drawn(run.anchor("pipeline", "wide"), title, "wide", _WIDE, stations, paths),
        _drawn(run.anchor("pipeline", "narrow"), title, "narrow", _TALL, stations, paths),
    ]


def _stations(run: ToldRun) -> tuple[list[Station], list[str]]:
    hops = run.document.get("hops") or []
    paths = sorted({str(hop.get("path")) for hop in hops})
    if not hops:
        return [], []
    lanes = tuple(range(len(paths)))
    events = run.rows("events")
    allow = sum(event.get("decision") == "allow" for event in events)
    split = f"{allow} allow, {len(events) - allow} deny" if events else _rate(run)
    found = [Station(lanes, 0, "sent", split, "", run.sent, run.anchor("events"))]
    last = 0
    for lane, path in enumerate(paths):
        own = [hop for hop in hops if str(hop.get("path")) == path]
        for step, hop in enumerate(own, 1):
            found.append(_station(run, hop, (lane,), step))
            last = max(last, step)
    if panels := run.rows("panels"):
        right = sum(panel.get("verdict") == "ok" for panel in panels)
        verdict = _worst(str(panel.get("verdict")) for panel in panels)
        words = f"{right} of {len(panels)} right" if verdict != "unknown" else "not all known"
        found.append(Station(lanes, last + 1, "dashboard", words, verdict, -1, run.anchor("panels")))
    return _merged(found, lanes), paths


def _rate(run: ToldRun) -> str:
    """How fast a large run was sent."""
    per_s = value_at(run.document, "load", "sent_per_s")
    return f"{per_s:g} a second" if isinstance(per_s, int | float) else "as fast as it went"


def _station(run: ToldRun, hop: "Hop", lanes: tuple[int, ...], step: int) -> Station:
    seen, sent = int(hop.get("seen") or 0), int(hop.get("sent") or 0)
    verdict, name = str(hop.get("verdict")), str(hop.get("hop"))
    count = f"{seen} of {sent}" if verdict != "unknown" else f"at least {seen}" if seen else "not known"
    return Station(lanes, step, name, count, verdict, seen, run.anchor("hop", hop.get("path"), name))


def _merged(stations: Sequence[Station], lanes: tuple[int, ...]) -> list[Station]:
    """What both paths share stands there once: the way through the firewall."""
    first = [s for s in stations if s.step == 1]
    same = len(first) == len(lanes) > 1 and len({(s.name, s.count, s.verdict) for s in first}) == 1
    if not same or first[0].name != "egress":
        return list(stations)
    one = first[0]
    shared = Station(lanes, 1, one.name, one.count, one.verdict, one.seen, one.anchor)
    return [s for s in stations if s.step == 0] + [shared] + [s for s in stations if s.step > 1]


def _drawn(
    name: str, title: str, class_: str, layout: _Layout, stations: Sequence[Station], paths: Sequence[str]
) -> Drawing:
    width, height = layout.size(max(s.step for s in stations) + 1, len(paths))
    drawing = Drawing(name, title, height, width, f"pipeline {class_}")
    for lane, _ in enumerate(paths):
        own = sorted((s for s in stations if lane in s.lanes), key=lambda s: s.step)
        broken = False
        for before, after in pairwise(own):
            lost = before.seen - after.seen if after.seen >= 0 else 0
            drawing.extend(_edge(layout, before, after, lane, len(paths), lost, first=not broken))
            broken = broken or lost > 0
    for station in stations:
        drawing.add(_box(layout, station, len(paths)))
    if not layout.down:
        for lane, path in enumerate(paths):
            first = next(s for s in stations if s.lanes == (lane,))
            x, y, _, _ = layout.box(first, len(paths))
            drawing.add(text(x, y - 8, PATHS.get(path, f"path {path}"), "quiet"))
    return drawing


def _edge(
    layout: _Layout, before: Station, after: Station, lane: int, lanes: int, lost: int, first: bool
) -> list[Markup]:
    """The arrow into a box; one that loses events is broken, and says how many."""
    x1, y1, w1, h1 = layout.box(before, lanes)
    x2, y2, _, _ = layout.box(after, lanes)
    across = layout.margin + lane * layout.lane
    if layout.down:
        x = across + layout.box_w / 2
        start, end = (x, y1 + h1), (x, y2)
    else:
        y = across + layout.box_h / 2
        start, end = (x1 + w1, y), (x2, y)
    unknown = after.verdict == "unknown"
    kind = "unknown" if unknown else "lossy" if lost > 0 else "whole"
    tip = _tip(end, layout.down, kind)
    parts = [line(*start, end[0] - (0 if layout.down else 7), end[1] - (7 if layout.down else 0), f"edge {kind}"), tip]
    if lost > 0 and not unknown:
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        at = (middle[0] + 10, middle[1] + 4) if layout.down else (middle[0] - 3, middle[1] - 9)
        words = f"break: \u2212{lost}" if first and layout.down else f"\u2212{lost}"
        parts.append(text(*at, words, "lost", None if layout.down else "middle"))
        if first and not layout.down:
            parts.append(text(at[0], middle[1] + 20, "break", "lost", "middle"))
        if first:
            parts.append(symbol(middle[0] - 1, middle[1], "fail"))
    return parts


def _tip(end: tuple[float, float], down: bool, kind: str) -> Markup:
    x, y = end
    shape = f"M{x - 4:g} {y - 8:g} L{x:g} {y:g} L{x + 4:g} {y - 8:g} Z"
    if not down:
        shape = f"M{x - 8:g} {y - 4:g} L{x:g} {y:g} L{x - 8:g} {y + 4:g} Z"
    return element("path", d=shape, class_=f"tip {kind}")


def _box(layout: _Layout, station: Station, lanes: int) -> Markup:
    x, y, w, h = layout.box(station, lanes)
    middle, verdict, count, below = x + w / 2, station.verdict, station.count, ""
    if not station.step and layout.down:
        count = f"{station.seen}: {station.count}"
    elif not station.step:
        count = count_noun(station.seen, "event")
        below = station.count
    parts = [
        rect(x, y, w, h, f"station {verdict or 'start'}", 9),
        text(middle, y + h / 2 - 4, station.name, "name", "middle"),
        text(middle, y + h / 2 + 16, count, "count", "middle"),
    ]
    for n, row in enumerate(below.split(", ") if below else ()):
        parts.append(text(middle, y + h / 2 + 36 + 17 * n, row, "quiet", "middle"))
    if verdict:
        parts.append(symbol(x + w - 13, y + 13, verdict))
    said = f"{count}, {below}" if below else count
    return link(station.anchor, f"{station.name}: {said} {verdict}".strip(), *parts)


def _in_words(stations: Sequence[Station], paths: Sequence[str]) -> str:
    said = []
    for lane, path in enumerate(paths):
        own = [s for s in stations if lane in s.lanes and s.step and s.seen >= 0]
        said.append(f"path {path}, " + ", ".join(f"{s.name} {s.count}" for s in own))
    return "; ".join(said)


def _worst(verdicts: Any) -> str:
    found = set(verdicts)
    return "fail" if "fail" in found else "unknown" if "unknown" in found else "ok"
