"""Decide each panel by what it read before and after a run: true zero, live, broken zero or false green."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from obs_check.app.verify.verdicts import PanelVerdict, Yardstick, copy_of
from obs_check.evidence.control import Control, Moved
from obs_check.model.verdict import Verdict
from obs_check.model.window import MS, Window
from obs_check.panel.board import PanelView
from obs_check.panel.expect import Expectation
from obs_check.panel.reading import Reading


def controls(rows: Sequence[PanelVerdict], held: Yardstick) -> list[Control]:
    """One control a panel that was read before the run too."""
    found = []
    for row in rows:
        old = held.before.get(copy_of(row.view))
        if old is None or "not_evaluated" in (old.reading.state, row.view.reading.state):
            continue
        moved, differs = _moved(old, row, held.expectations)
        probes = (*old.probes, *row.view.probes, *(row.own.probes if row.own else ()))
        found.append(
            Control(
                row.view.panel,
                old.reading,
                row.view.reading,
                moved,
                differs,
                _window(old),
                _window(row.view),
                probes,
            )
        )
    return found


def with_controls(rows: Sequence[PanelVerdict], decided: Sequence[Control]) -> list[PanelVerdict]:
    """The rows with the state of those that read a number whatever happens."""
    green = {(c.panel.id, c.panel.title) for c in decided if c.meaning == "false_green"}
    return [_false_green(row) if copy_of(row.view) in green else row for row in rows]


def _false_green(row: PanelVerdict) -> PanelVerdict:
    return replace(row, view=replace(row.view, reading=replace(row.view.reading, state="false_green")))


def _moved(old: PanelView, row: PanelVerdict, expectations: Mapping[int, Expectation]) -> tuple[Moved, str]:
    if old.outage or (row.verdict is Verdict.UNKNOWN and not row.idle):
        return "unknown", old.outage or row.differs
    new = row.view.reading
    if new.state == "error":
        return "failed", row.differs
    still = _values(old.reading) == _values(new)
    if row.view.panel.id not in expectations:
        # What the events do to this panel is not known, so only a change can be told from none.
        return ("unasked" if still else "somehow"), ""
    if not row.differs:
        return "exactly", ""
    return ("not", f"reads {new.text} before and after") if still else ("otherwise", row.differs)


def _values(reading: Reading) -> list[tuple[str, float | None]]:
    return sorted(((v.name, v.number) for v in reading.values), key=lambda pair: (pair[0], pair[1] or 0.0))


def _window(view: PanelView) -> Window:
    return Window(view.request.range.from_ms * MS, view.request.range.to_ms * MS)
