"""The last hop: the run's tags in the frames of the panels that show lines."""

from collections.abc import Mapping, Sequence

from obs_check.app.verify.verdicts import PanelVerdict
from obs_check.follow.hop import HopSeen, PathName, SeenLine
from obs_check.follow.run import Run
from obs_check.model.event import TAG, find_tags
from obs_check.panel.expect import ROWS, Expectation


def panel_hop(
    path: PathName, run: Run, rows: Sequence[PanelVerdict], expectations: Mapping[int, Expectation], at_ns: int
) -> HopSeen | None:
    """Tags that a path's line panels have to show (a panel with a limit: the newest) and do; None without such panels.

    `at_ns` is when the panels were read. A table that cuts the query string off shows no tag: as many rows of the run
    as it has to show stand for them.
    """
    shown = [
        (row, expectations[row.view.panel.id])
        for row in rows
        if row.view.panel.id in expectations
        and expectations[row.view.panel.id].path == path
        and expectations[row.view.panel.id].kind in ROWS
    ]
    if not shown:
        return None
    due = {tag for _, expectation in shown for tag in expectation.wanted(run.events) or {}}
    hop = HopSeen(path, "panel", tuple(tag for tag in run.tags() if tag in due))
    for row, expectation in shown:
        view = row.told
        hop.probes += view.probes
        hop.unknown = hop.unknown or view.outage or row.view.outage or row.unanswered
        hop.denied = hop.denied or view.denied or row.view.denied
        tags = [tag for value in view.reading.values for tag in find_tags(value.name, run.id)]
        if row.own is not None and not row.differs and not any(TAG.search(v.name) for v in view.reading.values):
            tags = list(expectation.wanted(run.events) or ())
        for tag in tags:
            hop.seen.setdefault(tag, at_ns)
        for value in view.reading.values:
            for tag in find_tags(value.name, run.id):
                hop.keep(tag, SeenLine(value.name))
    return hop
