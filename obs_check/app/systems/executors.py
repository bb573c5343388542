"""The executor that a configuration names, and a run of events sent through one."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from obs_check.client.egress import EgressAnswer
from obs_check.client.executors.boundary import Boundary
from obs_check.client.executors.chat import Chat
from obs_check.client.executors.coder import Coder
from obs_check.client.executors.command import Command
from obs_check.client.executors.executor import Executor
from obs_check.client.executors.kubectl import Kubectl
from obs_check.client.executors.probe import REQUEST_S, Client, Probed, hold_for, program, run_probe
from obs_check.config import Config
from obs_check.config.executors import BoundaryRun
from obs_check.documents.nearest import did_you_mean
from obs_check.errors import ConfigError, UsageError
from obs_check.follow.run import Run, Sent, Through, whole_seconds
from obs_check.model.event import Event

LOCAL = "local"
NAMES = (LOCAL, "boundary", "kubectl", "coder", "command", "chat")
_START_S = 30.0
"""Seconds that a shell may take to be there."""


def open_executor(config: Config, via: str, env: Mapping[str, str], say: Callable[[str], None]) -> Executor:
    """The executor of a name; UsageError for an unknown one, ConfigError where the configuration does not describe
    it. What the environment says of another deployment is said and not used."""
    given = config.executors
    match via:
        case "boundary":
            return Boundary(given.boundary or BoundaryRun(config=config.boundary.config))
        case "kubectl" if given.kubectl:
            return Kubectl(given.kubectl, env)
        case "coder" if given.coder:
            coder = Coder(given.coder, env)
            if coder.ambient:
                say(coder.ambient)
            return coder
        case "command" if given.command:
            return Command(given.command)
        case "chat" if given.chat:
            return Chat(given.chat)
        case _ if via in NAMES:
            raise ConfigError(f"executors.{via} is not set", f"say under executors: {via}: where it leads to")
        case _:
            raise UsageError(f"there is no executor {via!r}", did_you_mean(via, NAMES))


def send_through(
    executor: Executor,
    events: list[Event],
    client: Client,
    now_ns: Callable[[], int],
    say: Callable[[str], None],
    so_far: Callable[[Run], None] = lambda _run: None,
) -> Run:
    """Send the events by one run of the probe. Raises what the executor raises; an event without an answer of the
    probe counts as not answered."""
    hold = hold_for(len(events), executor.reach.own_boundary)
    say(f"sending {len(events)} events through {executor.name} ({executor.place}); {hold.seconds} s more: {hold.why}")
    start = now_ns()
    run = Run(events[0].run, (), whole_seconds(start, start))
    limit_s = _START_S + hold.seconds + REQUEST_S * math.ceil(len(events) / 10) + REQUEST_S
    for probed in run_probe(executor, program(run.id, events, client, hold), limit_s):
        reach = executor.reach
        through = Through(executor.name, executor.place, reach.proves, reach.proves_not, probed.wrap(events), hold.why)
        run = Run(run.id, tuple(_sent(events, probed, start)), whole_seconds(start, now_ns()), through)
        so_far(run)
    if run.through is not None:
        wrap = run.through.wrap
        say(f"the place is {wrap.kind}: {'; '.join(wrap.evidence) or 'nothing tells'}")
    return run


def _sent(events: Sequence[Event], probed: Probed, start_ns: int) -> Iterator[Sent]:
    """Each event with what the probe said of it so far."""
    answers = {n: (at, who, answer) for (n, who), (at, answer) in probed.answers.items()}
    nothing = EgressAnswer(None, "no_answer", "the probe says nothing of it")
    for event in events:
        at, who, answer = answers.get(event.n, (start_ns, "", nothing))
        yield Sent(replace(event, sent_ns=at), answer, who)
