"""Decide each panel by reading it before and after a run: true zero, live, broken zero or false green."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from obs_check.app.verify.verdicts import PanelVerdict
from obs_check.evidence.control import Control, Moved
from obs_check.follow.run import Run
from obs_check.model.verdict import Verdict
from obs_check.model.window import MS, Window
from obs_check.panel.board import PanelView
from obs_check.panel.expect import Expectation
from obs_check.panel.reading import Reading


def controls(
    before: Sequence[PanelView], after: Sequence[PanelView], expectations: Mapping[int, Expectation], run: Run
) -> list[Control]:
    """One control a panel that was read both times. Copies of a repeated panel are told apart by their titles."""
    earlier = {(v.panel.id, v.panel.title): v for v in before}
    found = []
    for view in after:
        old = earlier.get((view.panel.id, view.panel.title))
        if old is None or "not_evaluated" in (old.reading.state, view.reading.state):
            continue
        moved, differs = _moved(old, view, expectations.get(view.panel.id), run)
        probes = (*old.probes, *view.probes)
        found.append(
            Control(view.panel, old.reading, view.reading, moved, differs, _window(old), _window(view), probes)
        )
    return found


def with_controls(rows: Sequence[PanelVerdict], decided: Sequence[Control]) -> list[PanelVerdict]:
    """The rows with what the control adds: a panel that did not move is not as it should be, whatever it reads."""
    known = {(c.panel.id, c.panel.title): c for c in decided}
    found = []
    for row in rows:
        control = known.get((row.view.panel.id, row.view.panel.title))
        if control is None or control.meaning not in ("broken_zero", "false_green") or not control.differs:
            found.append(row)
            continue
        view = row.view
        if control.meaning == "false_green":
            view = replace(view, reading=replace(view.reading, state="false_green"))
        verdict = row.verdict if row.verdict is Verdict.UNKNOWN else Verdict.FAIL
        found.append(replace(row, view=view, verdict=verdict, differs=row.differs or control.differs))
    return found


def _moved(old: PanelView, new: PanelView, expectation: Expectation | None, run: Run) -> tuple[Moved, str]:
    if old.outage or new.outage:
        return "unknown", old.outage or new.outage
    still = _values(old.reading) == _values(new.reading)
    if expectation is None:
        # What the events do to this panel is not known, so only a change can be told from none.
        return ("not", "") if still else ("otherwise", "")
    wrong = expectation.check(new.reading, run.events, old.reading)
    if wrong is None:
        return "exactly", ""
    return ("not", f"reads {new.reading.text} before and after") if still else ("otherwise", wrong)


def _values(reading: Reading) -> list[tuple[str, float | None]]:
    return sorted(((v.name, v.number) for v in reading.values), key=lambda pair: (pair[0], pair[1] or 0.0))


def _window(view: PanelView) -> Window:
    return Window(view.request.range.from_ms * MS, view.request.range.to_ms * MS)
