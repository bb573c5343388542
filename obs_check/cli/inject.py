"""`obs-check inject`: send tagged events and keep the run for `trace`."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from obs_check.cli.ending import keep_document, write_document
from obs_check.cli.load import inject_load
from obs_check.cli.options import Output, common, deadline, echo
from obs_check.cli.sending import EventCount, event_options, loaded, through
from obs_check.errors import ObsCheckError
from obs_check.model.verdict import Verdict

if TYPE_CHECKING:
    from obs_check.app.systems.injection import Sending, Way
    from obs_check.app.systems.load import Load
    from obs_check.app.verify.document import Document
    from obs_check.config import BoundarySettings
    from obs_check.follow.run import Run
    from obs_check.model.event import Event


@click.command()
@event_options(10)
@through
@loaded
@click.option("--dry-run", is_flag=True, help="Print what would be sent and the program that would send it.")
@click.option(
    "--save", type=click.Path(path_type=Path, dir_okay=False), help="Keep the run here [default: run-<id>.json]."
)
@deadline
@common
def inject(
    events: EventCount,
    save: Path | None,
    dry_run: bool,
    deadline: float | None,
    sending: "Sending",
    load: "Load | None",
    out: Output,
) -> None:
    """Send tagged allow and deny events through the firewall.

    \b
    obs-check inject --allow 2 --deny 2 --save run.json
    obs-check inject --via kubectl --dry-run
    """
    from obs_check.app.systems.injection import open_way, would_send
    from obs_check.client.files.text_files import check_target
    from obs_check.config import ENVIRONMENT

    if load is not None and not dry_run:
        inject_load(load, sending, out, deadline, save)
    if load is None:
        events.needs_one("inject")
    config = out.config(asks=False)
    way = open_way(config, replace(sending, env=out.env), out.say)
    if load is not None:
        from obs_check.app.systems.load import would_send_load

        echo(would_send_load(config.boundary, way, load))
        return
    planned = way.plan(events.allow, events.deny)
    if dry_run:
        echo(would_send(config.boundary, way, planned))
        return
    check_target(save or Path("run.json"))
    injected, path = Injected(), None
    with keep_document(out, injected, limit_s=out.limit_s(deadline)):
        try:
            injected.send(config.boundary, way, planned, out)
        finally:
            with out.saving():
                path = injected.keep(save)
        if path is not None:
            out.say(f"run {injected.run_id} kept in {path}; follow it with: obs-check trace {path}")
        if not out.json:
            for line in injected.lines():
                echo(line)
        if config.boundary.proxy == ENVIRONMENT and way.executor is None:
            # boundary ends with its command, and v0.9.0 without the last events that it has not handed on yet.
            out.say(f"waiting {config.inject.settle_s:g} s, so that boundary hands on its last events")
            time.sleep(config.inject.settle_s)
    out.finish(injected.to_json(), injected.verdict.exit_code)


@dataclass(slots=True)
class Injected:
    """A run as it is sent. `ended` is as Outcome's."""

    run: "Run | None" = None
    ended: str = ""
    outages: list[str] = field(default_factory=list)

    def send(
        self,
        boundary: "BoundarySettings",
        way: "Way",
        events: "list[Event]",
        out: Output,
    ) -> None:
        """Send the events; raises as `send_run`."""
        from obs_check.app.systems.injection import journal_events, send_run

        def keep(run: "Run") -> None:
            self.run = run

        try:
            with journal_events(out.env, events, time.time_ns, out.say, keep) as journal:
                send_run(boundary, way, events, journal, out.say)
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt) and str(error)
            self.ended = stopped or "not all events were sent"
            raise

    def keep(self, save: Path | None) -> Path | None:
        """Write the run to `save`, or to a file named after it; None where nothing got an answer."""
        if self.run is None or all(sent.answer.verdict in ("no_answer", "not_known") for sent in self.run.sent):
            return None
        path = save or Path(f"run-{self.run.id}.json")
        write_document(self.to_json(), path)
        return path

    @property
    def begun(self) -> bool:
        """Whether an event was sent."""
        return self.run is not None

    @property
    def run_id(self) -> str:
        """The run's id, "" before it."""
        return self.run.id if self.run else ""

    @property
    def verdict(self) -> Verdict:
        """Whether all was decided as expected; unknown where not all was sent."""
        if self.ended or self.run is None:
            return Verdict.UNKNOWN
        return Verdict.OK if all(sent.as_expected for sent in self.run.sent) else Verdict.FAIL

    def stop(self, why: str) -> None:
        """As Outcome's."""
        self.ended = self.ended or why

    def failed(self, error: ObsCheckError) -> None:
        """As Outcome's."""
        self.outages.append(error.message)

    def lines(self) -> list[str]:
        """A line an event."""
        answers = [(sent.event.tag, sent.answer) for sent in self.run.sent] if self.run else []
        return [f"{tag}  {a.verdict}  {a.status or ''} {a.error}".rstrip() for tag, a in answers]

    def to_json(self) -> "Document":
        """The document that `trace` reads."""
        run = self.run.to_json() if self.run else {"window": None, "events": [], "through": None}
        kept = {
            "window": run["window"],
            "through": run["through"],
            "events": run["events"],
            "outages": self.outages,
            "ended": self.ended,
        }
        head = {"schema": "obs-check/1", "command": "inject", "verdict": str(self.verdict), "run": self.run_id or None}
        return cast("Document", {**head, **kept})
