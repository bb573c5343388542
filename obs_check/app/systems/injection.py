"""Sending a run of events through the firewall: all that is needed where the tool calls run."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from obs_check.app.systems.executors import LOCAL, open_executor, send_through
from obs_check.app.systems.targets import event_urls, needed_to_send, unsaid
from obs_check.boundary.config import read_boundary_config
from obs_check.client.egress import reach, send
from obs_check.client.executors.executor import Executor
from obs_check.client.executors.probe import Client, hold_for, program
from obs_check.client.http import one_line, shown_url
from obs_check.config import BoundarySettings, Config, host_port, state_directory
from obs_check.errors import ConfigError, Unavailable, UsageError
from obs_check.follow.journal import Journal, open_journal
from obs_check.follow.run import Run, new_run_id, plan_events
from obs_check.model.event import Event
from obs_check.model.wording import count_noun


@dataclass(frozen=True, slots=True)
class Sending:
    """How a run is sent: the executor's name (None for that of the configuration, else from here), the client that the
    probe uses, and the environment that executors may look at."""

    via: str | None = None
    client: Client = "any"
    env: Mapping[str, str] | None = None

    def name(self, config: Config) -> str:
        """The executor's name."""
        return self.via or config.inject.via or LOCAL


@dataclass(frozen=True, slots=True)
class Way:
    """Where a run's events go, and what sends them there: an executor with a client of the probe, whose shell may take
    `start_s` seconds to be there, or, without one, this process."""

    allow_url: str
    deny_url: str
    executor: Executor | None
    client: Client
    start_s: float

    def plan(self, allow: int, deny: int) -> list[Event]:
        """The events of a new run; with `both` each of the two clients sends as many."""
        times = 2 if self.client == "both" else 1
        return plan_events(new_run_id(), allow * times, deny * times, self.allow_url, self.deny_url)


def open_way(config: Config, sending: Sending, say: Callable[[str], None]) -> Way:
    """The way that a run takes. Raises ConfigError or UsageError when it is not said where to send events, or how."""
    via, start_s = sending.name(config), config.timeouts.start_s
    if missing := needed_to_send(config, here=via == LOCAL and sending.client == "any"):
        raise unsaid(config, missing)
    allow_url, deny_url = event_urls(config)
    if via != LOCAL:
        executor = open_executor(config, via, sending.env or {}, say)
        return Way(allow_url, deny_url, executor, sending.client, start_s)
    if sending.client != "any":
        raise UsageError("--client is for the probe, which --via runs", "leave it out, or name an executor with --via")
    return Way(allow_url, deny_url, None, sending.client, start_s)


@contextmanager
def journal_events(
    env: Mapping[str, str],
    events: list[Event],
    now_ns: Callable[[], int],
    say: Callable[[str], None],
    keep: Callable[[Run], None],
) -> Iterator[Journal]:
    """A journal of the events in the state directory that the environment names; `keep` gets the run as far as it was
    sent, however the block ends."""
    journal = open_journal(state_directory(env), events[0].run, now_ns, say)
    try:
        yield journal
    finally:
        if journal.begun:
            keep(journal.run())
        journal.close()


def send_run(
    boundary: BoundarySettings, way: Way, events: list[Event], journal: Journal, say: Callable[[str], None]
) -> Run:
    """Send the events of a run, each noted in the journal before. Raises Unavailable when nobody listens, and what the
    executor raises."""
    say(f"run {events[0].run}: sending {count_noun(len(events), 'event')}")
    journal.note_plan(events)
    if way.executor is not None:
        return send_through(way.executor, events, way.client, way.start_s, journal, say)
    proxy, ca = boundary.proxy_url, boundary.ca
    for event in events:
        stamped = replace(event, sent_ns=journal.note_sending(event.n, event.n))
        journal.note_answer(stamped, send(stamped, proxy, ca))
    run = journal.run()
    # An allowed request to a dead origin has no answer either, so the proxy itself is asked.
    if proxy and all(s.answer.verdict == "no_answer" for s in run.sent):
        try:
            reach("boundary's proxy", proxy)
        except Unavailable as error:
            why = _why_nobody_listens(boundary, proxy)
            raise Unavailable("; ".join([error.message, *why]), error.hint) from error
    return run


def _why_nobody_listens(boundary: BoundarySettings, proxy: str) -> list[str]:
    """What boundary's own configuration and stderr say about a port that nobody listens at."""
    said: list[str] = []
    if boundary.config:
        try:
            port = read_boundary_config(boundary.config).proxy_port
        except ConfigError as error:
            said.append(error.message)
        else:
            if port != int(host_port(proxy).rpartition(":")[2]):
                said.append(f"{boundary.config} has `proxy_port: {port}`, boundary.proxy is {shown_url(proxy)}")
    if boundary.stderr and boundary.stderr.is_file():
        lines = boundary.stderr.read_text(encoding="utf-8", errors="replace").split("\n")
        # As boundary v0.9.0 (serpent) says why it ends before it has a log.
        said += [f"its stderr ends with `{one_line(line)}`" for line in lines[-2:] if line.startswith("Error: ")]
    return said


def would_send(boundary: BoundarySettings, way: Way, events: list[Event], first: str = "") -> str:
    """What would be sent, where, and the program that would do it (`first`: the one of a first batch); nothing is
    sent."""
    executor = way.executor
    listed = [f"{event.method} {event.url}  ({event.decision})" for event in events]
    if executor is None:
        through = boundary.proxy_url or "the proxy of the environment"
        return "\n".join([f"{count_noun(len(events), 'request')} from here, through {through}:", *listed])
    text = first or program(events[0].run, events, way.client, hold_for(len(events), executor.reach.own_boundary))
    head = [
        f"{count_noun(len(events), 'request')} by {executor.name} ({executor.place}):",
        *listed,
        "",
        "the program that sends the first batch:" if first else "the program that sends them:",
        "",
    ]
    return "\n".join([*head, text])
