"""One query asked of local files or of a Loki."""

from collections.abc import Sequence
from dataclasses import dataclass

from obs_check.client.answered import Answered
from obs_check.client.loki.client import LokiClient
from obs_check.errors import UsageError
from obs_check.logql.engine.evaluate import query_instant, query_range
from obs_check.logql.engine.logs import LineChoice
from obs_check.logql.engine.source import Source
from obs_check.logql.settings import EngineSettings
from obs_check.logql.syntax.ast import Expr
from obs_check.model.result import Result
from obs_check.model.window import MS, NS, Window

_POINTS = 250
"""Steps of a range query without --step. Loki 3.5: range / 250, at least 1 s."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What to run: `window` None means all that the files hold; `step_ns` None the default step."""

    text: str
    expr: Expr
    instant: bool
    limit: int
    step_ns: int | None
    window: Window | None

    @property
    def asked_window(self) -> Window:
        """The window of what a Loki is asked, which has to have one. Raises UsageError without."""
        if self.window is None:
            raise UsageError("a query of Loki needs a window", "give --since, or --from and --to")
        return self.window

    def step_in(self, window: Window) -> int:
        """The step in ns of a range query over a window."""
        return self.step_ns or max(NS, -(-(window.end_ns - window.start_ns) // _POINTS // NS) * NS)


def window_around(times: Sequence[int]) -> Window:
    """The window that has all the times (ns): samples are shown in whole ms and a window ends before its end."""
    return Window(min(times, default=0), (max(times, default=0) // MS + 1) * MS)


def ask_source(ask: Ask, source: Source, window: Window, settings: EngineSettings) -> Result:
    """What Loki would answer if it had the lines of the source. Raises QueryError as Loki refuses."""
    if ask.instant:
        return query_instant(ask.expr, source, window.end_ns, settings=settings)
    choice = LineChoice(ask.limit)
    return query_range(ask.expr, source, window, ask.step_in(window), settings=settings, choice=choice)


def ask_loki(ask: Ask, client: LokiClient) -> Answered[Result]:
    """The answer and its probe; `ask` has a window. Raises Unavailable, Refused or NotAllowed."""
    if ask.instant:
        return client.query(ask.text, ask.asked_window.end_ns, ask.limit)
    return client.query_range(ask.text, ask.asked_window, ask.step_ns, ask.limit)
