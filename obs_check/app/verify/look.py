"""Looking at panels: each as a person sees it in its own range, and over the lines of a run alone."""

from collections.abc import Collection
from dataclasses import replace

from obs_check.app.verify.verdicts import PanelVerdict, Yardstick, broken_panel, copy_of, judge_panel
from obs_check.errors import NotAllowed, Unavailable
from obs_check.evidence.context import BrokenPanel
from obs_check.follow.run import Run
from obs_check.model.window import MS, NS, Window
from obs_check.panel.board import Board, PanelView, Progress
from obs_check.panel.elements import Dashboard
from obs_check.panel.expect import difference
from obs_check.panel.frames import SEE_DATASOURCE
from obs_check.panel.request import PanelRequest, dashboard_range
from obs_check.panel.run_lines import can_be_told_apart, of_run

READ_BACK_S = 1
"""Seconds that the clock is set ahead behind a run, so that a range that ends now holds its last line."""


def look_at_panels(
    board: Board,
    held: Yardstick,
    now_ns: int,
    only: Collection[int] | None = None,
    progress: Progress = lambda _panel: None,
    *,
    in_other_words: bool = False,
) -> list[PanelVerdict]:
    """Read the panels in their own ranges and judge them; with a run, those with an expectation over its lines too:
    `in_other_words` by questions that mean the same, which no cache has an answer to.

    What cannot be asked for the run's lines is compared with its reading before the run: it is read from the same start
    on, so that nothing falls out of it meanwhile.
    """
    run = held.run
    if run is None:
        return [judge_panel(view, None, held) for view in board.read(now_ns, None, only, progress=progress)]
    at = opened_at(board.dashboard, run, now_ns)
    # A filter for the empty text takes nothing away (Loki 3.5).
    reader = replace(board, ask=of_run(board.ask, "")) if in_other_words else board
    views = reader.answers(_since_before(board, held, at, board.requests(at, None, only)), progress)
    asked = [v.request for v in views if _asks_for_run(v, held)]
    own = {copy_of(v): v for v in _of_run(board, run, in_other_words).answers(asked)}
    return [judge_panel(view, own.get(copy_of(view)), held) for view in views]


def look_again(board: Board, held: Yardstick, broken: BrokenPanel, request: PanelRequest) -> BrokenPanel:
    """A broken panel as `board`, a change of the dashboard, has it. What was wrong over the run's lines is asked for
    these; what was wrong whatever they are has to be right, and then over them too. Unavailable with an outage."""
    run = held.run
    if run is not None and broken.run_window is not None:
        (view,) = _of_run(board, run).answers([request])
        wrong = difference(view.reading, held.expectations.get(view.panel.id), run.events, of_run=True)
        found = replace(
            broken, panel=view.panel, request=view.request, reading=view.reading, differs=wrong, probes=view.probes
        )
        failed = view if view.outage else None
    else:
        (view,) = board.answers([request])
        own = _of_run(board, run).answers([request])[0] if run is not None and _asks_for_run(view, held) else None
        found = broken_panel(judge_panel(view, own, held), held)
        failed = next((one for one in (view, own) if one is not None and one.outage), None)
    if failed is not None:
        kind = NotAllowed if failed.denied else Unavailable
        raise kind(failed.outage, SEE_DATASOURCE)
    return found


def opened_at(dashboard: Dashboard, run: Run, now_ns: int) -> int:
    """When a person opens the dashboard: now, or while a range that is shorter than the run's way still holds the run
    (ns)."""
    at = now_ns + READ_BACK_S * NS
    within = dashboard_range(dashboard, at)
    passed = max(0, within.from_ms * MS - run.window.start_ns)
    moves = dashboard_range(dashboard, at + NS).to_ms > within.to_ms
    return max(at - passed, run.window.end_ns) if moves else at


def _of_run(board: Board, run: Run, in_other_words: bool = False) -> Board:
    needle = run.needle.removesuffix("-") if in_other_words else run.needle
    return replace(board, ask=of_run(board.ask, needle))


def _asks_for_run(view: PanelView, held: Yardstick) -> bool:
    fine = not view.outage and view.reading.state not in ("error", "not_evaluated")
    return fine and view.panel.id in held.expectations and can_be_told_apart(view.request)


def _since_before(board: Board, held: Yardstick, at: int, requests: list[PanelRequest]) -> list[PanelRequest]:
    """The requests; those that cannot be asked for the run's lines from the start on that they had before the run."""
    earlier = next(iter(held.before.values()), None)
    since = {r.panel.id for r in requests if r.queries and not can_be_told_apart(r)}
    if earlier is None or not since:
        return requests
    window = Window(earlier.request.whole.from_ms * MS, requests[0].whole.to_ms * MS)
    later = board.requests(at, window, since, requests[0].relative)
    known = {(r.panel.id, r.panel.title): r for r in later}
    return [known.get((r.panel.id, r.panel.title), r) for r in requests]
