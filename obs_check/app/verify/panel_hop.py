"""The last hop: the run's tags in the frames of the panels that show lines."""

from collections.abc import Mapping, Sequence

from obs_check.follow.hop import HopSeen, PathName
from obs_check.follow.run import Run
from obs_check.model.event import find_tags
from obs_check.panel.board import PanelView
from obs_check.panel.expect import Expectation


def panel_hop(
    path: PathName, run: Run, views: Sequence[PanelView], expectations: Mapping[int, Expectation], at_ns: int
) -> HopSeen | None:
    """Tags that a path's line panels have to show (a panel with a limit: the newest) and do; None without such panels.

    `at_ns` is when the panels were read.
    """
    shown = [
        (view, expectations[view.panel.id])
        for view in views
        if view.panel.id in expectations
        and expectations[view.panel.id].path == path
        and expectations[view.panel.id].kind == "lines"
    ]
    if not shown:
        return None
    due = {tag for _, expectation in shown for tag in expectation.wanted(run.events) or {}}
    hop = HopSeen(path, "panel", tuple(tag for tag in run.tags() if tag in due))
    for view, _ in shown:
        hop.probes += view.probes
        hop.unknown = hop.unknown or view.outage
        hop.denied = hop.denied or view.denied
        for value in view.reading.values:
            for tag in find_tags(value.name, run.id):
                hop.seen.setdefault(tag, at_ns)
    return hop
