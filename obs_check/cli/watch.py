"""`obs-check watch`: verify on a schedule, with metrics for Prometheus."""

import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from random import random
from typing import TYPE_CHECKING

import click

from obs_check.cli.ending import keep_document
from obs_check.cli.interrupt import Stopped, insistent_interrupt
from obs_check.cli.option_groups import Count, Seconds, as_record
from obs_check.cli.options import Output, common, deadline, echo, pointed
from obs_check.cli.sending import EventCount, Following, event_options, following_options, through
from obs_check.errors import ObsCheckError, UsageError

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from obs_check.app.systems.injection import Sending
    from obs_check.app.systems.systems import Systems
    from obs_check.app.verify.document import Document
    from obs_check.app.verify.outcome import Outcome
    from obs_check.app.watch.account import RunAccount
    from obs_check.app.watch.watch import Note, Status
    from obs_check.report.watch_metrics import WatchMetrics

_MOST_KEPT = 100
sleep = time.sleep


@dataclass(frozen=True, slots=True)
class Watching:
    """How often, how long and for whom: a run each `every` seconds, up to `jitter` later, `runs` of them or for ever;
    `listen` is where its metrics are, `keep` how many documents stay, `annotate` whether the dashboard shows runs."""

    every: float
    jitter: float | None
    listen: str
    runs: int | None
    keep: int
    annotate: bool


@click.command()
@click.option(
    "--every",
    type=Seconds(1, 7 * 24 * 3600),
    default=300,
    show_default=True,
    metavar="S",
    help="Seconds between two beginnings.",
)
@click.option(
    "--jitter",
    type=Seconds(0),
    metavar="S",
    help="Each begins up to so many seconds later.  [default: a tenth of --every]",
)
@click.option(
    "--listen", default="127.0.0.1:9464", show_default=True, metavar="HOST:PORT", help="For /metrics and /healthz."
)
@click.option("--runs", type=Count(1), metavar="N", help="End after so many.  [default: never]")
@click.option(
    "--keep",
    type=Count(1, _MOST_KEPT),
    default=_MOST_KEPT,
    show_default=True,
    metavar="N",
    help="Of the kept runs only the newest N stay.",
)
@click.option("--annotate", is_flag=True, help="Add an annotation to the dashboard for each run (an Editor's token).")
@pointed
@event_options(10)
@through
@following_options
@deadline
@common
@as_record("watching", Watching)
def watch(
    watching: Watching,
    events: EventCount,
    sending: "Sending",
    following: Following,
    deadline: float | None,
    out: Output,
) -> None:
    """Verify again and again, never two runs at once, until a signal ends it; --deadline is that of each run.

    A line a run goes to stdout (JSON with -o json); progress is shown with -v. With --runs the exit code is that of the
    worst run.

    \b
    obs-check watch --every 300 --keep 50
    obs-check watch --runs 1 --listen 127.0.0.1:0 -o json
    """
    from obs_check.app.systems.systems import open_grafana
    from obs_check.app.watch.watch import Schedule, Watch, state_cleaner
    from obs_check.config import state_directory
    from obs_check.report.json import json_line
    from obs_check.report.watch_metrics import WatchMetrics, in_a_line
    from obs_check.serving import Server, parse_listen

    if events.allow + events.deny == 0:
        raise UsageError("watch needs events to send", "give --allow or --deny a number above 0")
    every = watching.every
    jitter = every / 10 if watching.jitter is None else watching.jitter
    if not jitter <= every:
        raise UsageError(f"--jitter {jitter:g} is not within --every {every:g}", "give it less")
    host, port = parse_listen(watching.listen)
    limit_s = out.limit_s(deadline)
    state = state_directory(out.env)
    metrics = WatchMetrics()

    def note(account: "RunAccount") -> None:
        metrics.add(account)
        echo(json_line(account.to_json()) if out.json else in_a_line(account))

    quiet = _Quiet(**{field.name: getattr(out, field.name) for field in fields(out)})
    verify = _Verify(quiet, events, sending, following, limit_s, watching.annotate)
    # What no run can do without is missed before an address is told.
    open_grafana(out.config()).close()
    tidy = state_cleaner(state, watching.keep, out.say) if state is not None else lambda: None
    watched = Watch(verify, Schedule(every, jitter, limit_s), time.monotonic_ns, _pause, random, note, tidy)
    with (
        out.store().locked("watch", str(out.config().path)),
        Server(_application(metrics, lambda: watched.status), host, port, "watch") as server,
    ):
        out.say(f"metrics: {server.url}/metrics, health: {server.url}/healthz; stop it with Ctrl-C")
        code = watched.run(watching.runs)
    raise SystemExit(code)


def _pause(seconds: float) -> None:
    with insistent_interrupt():
        sleep(seconds)


class _Quiet(Output):
    """Progress with -v only, and no document of a run that does not come to its end: a line of each run is printed."""

    __slots__ = ()

    def say(self, text: str) -> None:
        """One line on stderr, only with -v."""
        if self.verbose:
            super().say(text)

    def warn(self, text: str) -> None:
        """One line on stderr."""
        super().say(text)

    def show(self, document: "Document") -> None:
        """Nothing."""

    def print_json(self, document: Mapping[str, object]) -> None:
        """Nothing."""


@dataclass(slots=True)
class _Verify:
    """One run a call, as `obs-check verify`; the configuration is read anew each time, so that a change of it counts.

    A wrong one ends the command only at the first run: later it is that run which is unknown.
    """

    out: "_Quiet"
    events: EventCount
    sending: "Sending"
    following: Following
    limit_s: float
    annotate: bool
    begun: bool = False

    def __call__(self, note: "Note") -> None:
        from obs_check.app.verify.outcome import Outcome
        from obs_check.app.watch.account import account_of

        outcome, start_ns = Outcome("verify"), time.time_ns()
        first, self.begun = not self.begun, True
        try:
            self._verify(outcome, start_ns)
        except UsageError as error:
            if first and not outcome.begun:
                raise
            outcome.failed(error)
        except ObsCheckError as error:
            self.out.say(f"{error.message}{f' ({error.hint})' if error.hint else ''}")
        except Stopped as stopped:
            if not stopped.out_of_time:
                note(account_of(outcome, start_ns, time.time_ns()))
                raise
        except Exception:
            # One run less must not end the watch; `keeping` has noted what kind of error it was.
            self.out.say(traceback.format_exc().rstrip())
        note(account_of(outcome, start_ns, time.time_ns()))

    def _verify(self, outcome: "Outcome", start_ns: int) -> None:
        from obs_check.app.systems.systems import open_systems
        from obs_check.app.verify.check import Check
        from obs_check.app.watch.account import account_of

        with (
            keep_document(self.out, outcome, None, self.limit_s),
            open_systems(
                self.out.config(),
                self.out.env,
                hop_s=self.following.timeout,
                detail=self.out.detail,
                pods=self.following.pods,
            ) as systems,
        ):
            check = Check(systems, outcome, self.out.say)
            check.run(self.events.allow, self.events.deny, self.sending)
            check.explain()
            if self.annotate:
                self._annotate(systems, account_of(outcome, start_ns, time.time_ns()))

    def _annotate(self, systems: "Systems", account: "RunAccount") -> None:
        """An annotation that cannot be added changes nothing of what the run found."""
        from obs_check.model.window import Window
        from obs_check.report.watch_metrics import in_a_line

        within = Window(account.start_ns, account.end_ns)
        try:
            systems.grafana.annotate(
                systems.board.dashboard.uid, within, ("obs-check", str(account.verdict)), in_a_line(account)
            )
        except ObsCheckError as error:
            self.out.warn(f"run {account.run} is not annotated: {error.message}")


def _application(metrics: "WatchMetrics", status: Callable[[], "Status"]) -> "Starlette":
    """`/metrics`, and `/healthz`, which answers 503 where the watch itself is stuck, whatever its runs find."""
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    from obs_check.report.json import dumps
    from obs_check.report.watch_metrics import CONTENT_TYPE, health

    def metrics_page(_request: "Request") -> "Response":
        return Response(metrics.text(), headers={"content-type": CONTENT_TYPE})

    def health_page(_request: "Request") -> "Response":
        found = health(status(), time.monotonic_ns(), time.time_ns())
        return Response(dumps(found) + "\n", 200 if found["alive"] else 503, media_type="application/json")

    return Starlette(routes=[Route("/metrics", metrics_page), Route("/healthz", health_page)])
